import CFiles
import Glibc

/// A file for numbers that memory has no room for. It has no name, and goes with whoever holds it.
package final class ScratchFile: Sendable {
    private let file: CInt

    /// - Parameter directory: On whose file system it is.
    package init(in directory: String) throws(FileError) {
        let folder = files_open_directory(directory)
        guard folder >= 0 else { throw .last }
        defer { close(folder) }
        let unnamed = files_open_unnamed(folder, 0o600)
        if unnamed >= 0 {
            file = unnamed
        } else {
            let named = try TemporaryName.newFile(in: folder, mode: 0o600)
            named.name.remove()
            file = named.file
        }
    }

    deinit { close(file) }

    /// Writes all bytes behind what there is.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try Files.write(bytes, to: file) }

    /// Fills `bytes` from the place `offset` on.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        guard try readBytes(of: file, into: bytes, at: offset) == bytes.count else {
            throw FileError(reason: "it is shorter than what was written")
        }
    }
}
