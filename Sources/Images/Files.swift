import Files
import Glibc
import LinearAlgebra

/// Larger files hold no image within the limit of pixels, even in the wordiest format.
private let fileSizeLimit = 1 << 32

/// All bytes of the image file at `path` and the format that they begin with.
///
/// The first bytes are looked at before the rest is read, so that a large file of another kind costs nothing.
func readImageFile(_ path: String) throws(ImageError) -> (bytes: [UInt8], format: ImageFormat) {
    // Without O_NONBLOCK opening a named pipe would wait for its writer.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
        throw errno == ENOENT || errno == ENOTDIR ? .missing(path: path) : .unreadable(path: path, reason: systemReason())
    }
    defer { close(file) }
    var information = stat()
    guard fstat(file, &information) == 0 else { throw .unreadable(path: path, reason: systemReason()) }
    switch information.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .isDirectory(path: path)
    default: throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let size = Int(information.st_size)
    guard size > 0 else { throw .empty(path: path) }

    let start = try read(file, offset: 0, count: min(size, ImageFormat.prefixLength), path: path)
    guard let format = ImageFormat(start) else { throw .notAnImage(path: path, found: ImageFormat.describe(start)) }
    guard size <= fileSizeLimit else { throw .unreadable(path: path, reason: "it has \(size) bytes, more than \(fileSizeLimit)") }
    try requireMemory(size, for: path)
    return (try read(file, offset: 0, count: size, path: path), format)
}

/// Throws where the system has not so many bytes for the image at `path`.
func requireMemory(_ bytes: Int, for path: String) throws(ImageError) {
    do { try Memory.require(bytes) } catch { throw .unreadable(path: path, reason: "\(error)") }
}

/// `count` bytes from `offset`, or fewer if the file has become shorter.
private func read(_ file: CInt, offset: Int, count: Int, path: String) throws(ImageError) -> [UInt8] {
    var failure: ImageError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
            let got = pread(file, buffer.baseAddress! + filled, count - filled, offset + filled)
            if got > 0 {
                filled += got
            } else if got == 0 {
                break
            } else if errno != EINTR {
                failure = .unreadable(path: path, reason: systemReason())
                break
            }
        }
    }
    if let failure { throw failure }
    return bytes
}

private func systemReason() -> String { FileError.last.reason }
