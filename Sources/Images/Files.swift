import Glibc

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
    guard memoryIsFree(bytes: size) else { throw .tooLittleMemory(path: path) }
    return (try read(file, offset: 0, count: size, path: path), format)
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

/// Puts `bytes` into the file at `path`, replacing one that is there.
///
/// They are written under another name in the same directory and then renamed: at no time is there a partial file under `path`.
func replaceFile(at path: String, with bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) {
    // A name of its own, as `path` with something added could be too long.
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let temporary = "\(directory).image-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .cannotWrite(path: path, reason: systemReason()) }
    do throws(ImageError) {
        do throws(ImageError) {
            try write(bytes, to: file, path: path)
        } catch {
            close(file)
            throw error
        }
        // Some file systems report a full disk only here.
        guard close(file) == 0, rename(temporary, path) == 0 else { throw .cannotWrite(path: path, reason: systemReason()) }
    } catch {
        unlink(temporary)
        throw error
    }
}

private func write(_ bytes: UnsafeBufferPointer<UInt8>, to file: CInt, path: String) throws(ImageError) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = Glibc.write(file, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno != EINTR {
            throw .cannotWrite(path: path, reason: systemReason())
        }
    }
}

private func systemReason() -> String { String(cString: strerror(errno)) }
