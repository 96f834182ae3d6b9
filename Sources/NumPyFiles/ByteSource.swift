import Files
import LinearAlgebra

/// Bytes to read from: a part of a file, or what was unpacked from it.
struct ByteSource {
    private enum Place {
        case file(InputFile, offset: Int)
        case memory([UInt8])
    }

    /// Of the file, for errors.
    let path: String
    let count: Int
    private let place: Place

    /// A whole file.
    init(contentsOf path: String) throws(NumPyFileError) {
        let file: InputFile
        do throws(InputFileError) {
            file = try InputFile(path)
        } catch {
            guard let reason = error.reason else { throw .missing(path: path) }
            throw .unreadable(path: path, reason: reason)
        }
        (self.path, count, place) = (path, file.size, .file(file, offset: 0))
    }

    private init(_ path: String, count: Int, _ place: Place) { (self.path, self.count, self.place) = (path, count, place) }

    /// What was unpacked from a file.
    init(_ bytes: [UInt8], from path: String) { self.init(path, count: bytes.count, .memory(bytes)) }

    /// The bytes in `range`, which lies within.
    func part(_ range: Range<Int>) -> ByteSource {
        switch place {
        case .file(let file, let offset): ByteSource(path, count: range.count, .file(file, offset: offset + range.lowerBound))
        case .memory(let bytes): ByteSource(Array(bytes[range]), from: path)
        }
    }

    /// `count` bytes from `offset` on; throws where they are not there.
    func bytes(_ count: Int, at offset: Int) throws(NumPyFileError) -> [UInt8] {
        guard offset >= 0, count >= 0, count <= self.count, offset <= self.count - count else {
            throw .damaged(path: path, found: "\(self.count) bytes", expected: "\(count) more from byte \(offset) on")
        }
        var failure: NumPyFileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(NumPyFileError) {
                try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                filled = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` from `offset` on; it lies within.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(NumPyFileError) {
        switch place {
        case .memory(let bytes): bytes[offset..<offset + buffer.count].withUnsafeBytes { buffer.copyMemory(from: $0) }
        case .file(let file, let start):
            let got: Int
            do throws(FileError) {
                got = try file.read(into: buffer, at: start + offset)
            } catch {
                throw .unreadable(path: path, reason: error.reason)
            }
            guard got == buffer.count else {
                throw .damaged(path: path, found: "\(offset + got) bytes", expected: "at least \(offset + buffer.count)")
            }
        }
    }

    /// Throws where there is no memory for so many bytes.
    func requireMemory(_ bytes: Int) throws(NumPyFileError) {
        do { try Memory.require(bytes) } catch { throw .unreadable(path: path, reason: "\(error)") }
    }
}

extension Collection<UInt8> {
    /// A whole number, its lowest byte first.
    func littleEndian() -> UInt64 { reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
