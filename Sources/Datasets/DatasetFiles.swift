import CZlib
import Files
import Foundation
import LinearAlgebra

/// Where a data set lies: `directory` itself or the directory in it that is called like the set, whichever holds one of `parts`.
func datasetRoot(_ dataset: String, in directory: String, parts: [String]) throws(DatasetError) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
        throw .missingDirectory(path: directory, dataset: dataset)
    }
    for root in ["\(directory)/\(dataset)", directory] where parts.contains(where: { exists("\(root)/\($0)") }) { return root }
    throw .notTheDataset(path: directory, dataset: dataset, expected: parts[0])
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// A file that is read from its start to its end, unpacked where it is gzipped: the content decides that, not the name.
struct UnpackedFile: ~Copyable {
    private let path: String
    private let file: gzFile
    /// What zlib calls the file in its messages.
    private let name: String

    init(_ path: String, of dataset: String) throws(DatasetError) {
        let descriptor: CInt
        do throws(InputFileError) {
            descriptor = try Self.open(path)
        } catch {
            guard let reason = error.reason else { throw .missingFile(path: path, dataset: dataset) }
            throw .unreadable(path: path, reason: reason)
        }
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw .unreadable(path: path, reason: "not enough memory")
        }
        self.path = path
        self.file = file
        name = "<fd:\(descriptor)>"
        gzbuffer(file, 1 << 18)
    }

    private static func open(_ path: String) throws(InputFileError) -> CInt {
        let file = try InputFile(path)
        do throws(FileError) { return try file.duplicate() } catch { throw .unreadable(reason: error.reason) }
    }

    deinit { gzclose(file) }

    /// The next `count` bytes, or fewer where the file ends.
    ///
    /// Memory grows with what the file really holds: what a damaged header claims is not to be trusted.
    mutating func read(_ count: Int) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, 1 << 20)
            // The array moves to a place of twice the size.
            if bytes.count + wanted > bytes.capacity { try requireMemory(2 * bytes.count + wanted) }
            var got: CInt = 0
            bytes += [UInt8](unsafeUninitializedCapacity: wanted) { chunk, initialized in
                got = gzread(file, chunk.baseAddress!, UInt32(wanted))
                initialized = max(0, Int(got))
            }
            if got < wanted {
                try check()
                break
            }
        }
        return bytes
    }

    /// Throws where the end of what was read is not the end of the file. A gzipped file's checksum is compared here.
    mutating func isAtEnd() throws(DatasetError) -> Bool { try read(1).isEmpty }

    private func requireMemory(_ bytes: Int) throws(DatasetError) {
        do { try Memory.require(bytes) } catch { throw .unreadable(path: path, reason: "\(error)") }
    }

    private func check() throws(DatasetError) {
        var status: CInt = Z_OK
        guard let message = gzerror(file, &status), status != Z_OK && status != Z_STREAM_END else { return }
        // The message starts with the name.
        let reason = String(cString: message).replacingOccurrences(of: "\(name): ", with: "")
        throw status == Z_ERRNO ? .unreadable(path: path, reason: reason) : .damagedGzip(path: path, reason: reason)
    }
}
