import Glibc

/// Replaces the file at `path` by what `body` writes.
///
/// It is written under another name in the same directory, brought to the disk and then renamed: at no time is there a partial file under
/// `path`, not even after a power failure. After an error there is neither the new file nor the temporary one.
func replaceFile(
    at path: String,
    with body: (_ write: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) -> Void
) throws(CheckpointError) {
    // A name of its own, as `path` with something added could be too long.
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let temporary = "\(directory).checkpoint-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .cannotWrite(path: path, reason: systemReason()) }
    do throws(CheckpointError) {
        do throws(CheckpointError) {
            try body { (bytes) throws(CheckpointError) in try write(bytes, to: file, path: path) }
            // Some file systems report a full disk only here.
            guard fsync(file) == 0 else { throw .cannotWrite(path: path, reason: systemReason()) }
        } catch {
            close(file)
            throw error
        }
        guard close(file) == 0, rename(temporary, path) == 0 else { throw .cannotWrite(path: path, reason: systemReason()) }
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

/// The system's description of what went wrong last.
func systemReason() -> String { String(cString: strerror(errno)) }

private func write(_ bytes: UnsafeRawBufferPointer, to file: CInt, path: String) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno != EINTR {
            throw .cannotWrite(path: path, reason: systemReason())
        }
    }
}
