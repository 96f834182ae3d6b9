import Glibc

/// Why the system did not let a file be written, in its own words.
package struct FileError: Error {
    package let reason: String
    /// The system's number for it, where it has one.
    let code: CInt?

    init(reason: String) { (self.reason, code) = (reason, nil) }

    private init(code: CInt) { (reason, self.code) = (String(cString: strerror(code)), code) }

    /// What went wrong last.
    package static var last: FileError { FileError(code: errno) }
}

/// Replaces the file at `path` by what `body` writes; what `StagedFile` says holds.
package func replaceFile(
    at path: String, with body: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
) throws(FileError) {
    let file = try StagedFile(at: path)
    try body { (bytes) throws(FileError) in try file.write(bytes) }
    try file.commit()
}

/// Replaces the file at `path` by `bytes`.
package func replaceFile(at path: String, with bytes: [UInt8]) throws(FileError) {
    try replaceFile(at: path) { (write) throws(FileError) in
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }
}

/// Writes text behind what a file holds: all of it, or after an error nothing. Where there is no file, one is made.
package func append(_ text: String, toFile path: String) throws(FileError) {
    // Without O_NONBLOCK opening a named pipe would wait for its reader.
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw .last }
    defer { close(file) }
    var information = stat()
    guard fstat(file, &information) == 0 else { throw .last }
    guard information.st_mode & S_IFMT == S_IFREG else { throw FileError(reason: "it is not a regular file") }
    do throws(FileError) { try write(text, to: file) } catch {
        ftruncate(file, information.st_size)
        throw error
    }
}

/// Writes text to an open file or stream.
func write(_ text: String, to file: CInt) throws(FileError) {
    try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes), to: file) }
}

/// Writes all bytes to an open file or stream.
func write(_ bytes: UnsafeRawBufferPointer, to file: CInt) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno == EAGAIN {
            // Whoever shares a stream may have it return at once instead of waiting.
            var stream = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
            poll(&stream, 1, -1)
        } else if errno != EINTR {
            throw .last
        }
    }
}
