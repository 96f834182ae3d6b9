import CZlib
import Files
import LinearAlgebra
import Tensors

/// Arrays by name in a `.npz` file: what `numpy.savez` and `numpy.savez_compressed` write and `numpy.load` reads.
///
/// Such a file is a zip archive of `.npy` files.
public struct NumPyArchive<Scalar: FloatingScalar>: Sendable, Equatable {
    /// By name, without `.npy`.
    public var tensors: [String: Tensor<Scalar>]

    /// - Parameter tensors: By name, of less than 32,768 bytes.
    public init(_ tensors: [String: Tensor<Scalar>] = [:]) { self.tensors = tensors }

    /// Reads a whole file; elements as `Tensor.init(npyAt:)` does. Whatever its bytes are, the result is its arrays or an error, and memory is taken
    /// only for what can be there.
    public init(contentsOf path: String) throws(NumPyFileError) {
        let source = try ByteSource(contentsOf: path)
        tensors = [:]
        for entry in try ZipEntry.entries(of: source) {
            guard let name = entry.arrayName else {
                throw .damaged(path: path, found: "the member \(entry.name.debugDescription)", expected: "members called NAME.npy")
            }
            let contents = try entry.contents(of: source)
            guard tensors.updateValue(try .array(in: contents), forKey: name) == nil else {
                throw .damaged(path: path, found: "two members called \(entry.name.debugDescription)", expected: "one")
            }
        }
    }

    /// Writes the file, its arrays in the order of their names and not compressed. It takes its place when it is complete: after a failure the one
    /// from before is as it was.
    public func write(to path: String) throws(NumPyFileError) {
        var entries: [ZipEntry] = []
        do throws(FileError) {
            try replaceFile(at: path) { (write) throws(FileError) in
                func writeBytes(_ bytes: [UInt8]) throws(FileError) {
                    try bytes.withUnsafeBufferPointer { (x) throws(FileError) in try write(UnsafeRawBufferPointer(x)) }
                }
                var offset = 0
                for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
                    let header = tensor.arrayHeader
                    let size = header.count + tensor.count * MemoryLayout<Scalar>.size
                    let sum = tensor.withScalars { checksum(UnsafeRawBufferPointer($0), after: checksum(header)) }
                    let entry = ZipEntry(name: name + ".npy", size: size, checksum: sum, offset: offset)
                    try writeBytes(entry.localHeader)
                    try writeBytes(header)
                    try tensor.withScalars { (x) throws(FileError) in try write(UnsafeRawBufferPointer(x)) }
                    offset += entry.localHeader.count + size
                    entries.append(entry)
                }
                try writeBytes(ZipEntry.directory(of: entries, at: offset))
            }
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// The checksum of a zip archive.
func checksum(_ bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
    guard let start = bytes.baseAddress else { return sum }
    return UInt32(crc32_z(UInt(sum), start.assumingMemoryBound(to: UInt8.self), bytes.count))
}

func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }
