import Glibc

/// Why the system did not let a file be written, in its own words.
package struct FileError: Error {
    package let reason: String

    /// The system's description of what went wrong last.
    package static var last: FileError { FileError(reason: String(cString: strerror(errno))) }
}

/// Replaces the file at `path` by what `body` writes.
///
/// It is written under another name in the same directory, brought to the disk and then renamed: at no time is there a partial file under
/// `path`, not even after a power failure. After an error there is neither the new file nor the temporary one.
package func replaceFile(
    at path: String, with body: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
) throws(FileError) {
    // A name of its own, as `path` with something added could be too long.
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let temporary = "\(directory).linwarp-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .last }
    do throws(FileError) {
        do throws(FileError) {
            try body { (bytes) throws(FileError) in try write(bytes, to: file) }
            // Some file systems report a full disk only here.
            guard fsync(file) == 0 else { throw .last }
        } catch {
            close(file)
            throw error
        }
        guard close(file) == 0, rename(temporary, path) == 0 else { throw .last }
    } catch {
        unlink(temporary)
        throw error
    }
    // The new name reaches the disk with the directory. Where a file system can't do that, the file is complete all the same.
    let folder = open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
        fsync(folder)
        close(folder)
    }
}

/// Replaces the file at `path` by `bytes`.
package func replaceFile(at path: String, with bytes: [UInt8]) throws(FileError) {
    try replaceFile(at: path) { (write) throws(FileError) in
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }
}

private func write(_ bytes: UnsafeRawBufferPointer, to file: CInt) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno != EINTR {
            throw .last
        }
    }
}
