import Glibc

/// Why a file was not opened for reading.
package enum InputFileError: Error, Equatable {
    /// There is nothing at the path.
    case missing
    /// The path is a directory.
    case isDirectory
    /// For the reason given.
    case unreadable(reason: String)

    /// Why what is there was not opened; nil where nothing is.
    package var reason: String? {
        switch self {
        case .missing: nil
        case .isDirectory: "it is a directory"
        case .unreadable(let reason): reason
        }
    }
}

/// A regular file that is open for reading: the one way in which files are opened to be read.
///
/// A link is followed. A named pipe, a socket or a device is an error at once: nothing waits for who would write there.
package final class InputFile {
    /// In bytes, when it was opened.
    package let size: Int
    private let descriptor: CInt

    package init(_ path: String) throws(InputFileError) {
        // Without O_NONBLOCK opening a named pipe would wait for its writer; without O_NOCTTY a terminal could become the program's.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .missing
            // What sockets, and devices that are not there, answer.
            case ENXIO: throw .unreadable(reason: notRegular)
            default: throw .unreadable(reason: FileError.last.reason)
            }
        }
        var information = stat()
        let reason = fstat(descriptor, &information) == 0 ? nil : FileError.last.reason
        // Complete from here on, so that `deinit` closes the file where it is refused.
        (self.descriptor, size) = (descriptor, Int(information.st_size))
        if let reason { throw .unreadable(reason: reason) }
        switch information.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .isDirectory
        default: throw .unreadable(reason: notRegular)
        }
    }

    deinit { close(descriptor) }

    /// Fills `bytes` from the place `offset` of the file on. Returns how many there were: fewer where the file has become shorter.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try readBytes(of: descriptor, into: bytes, at: offset)
    }

    /// `count` bytes from the place `offset` on, or fewer where the file has become shorter.
    package func bytes(count: Int, at offset: Int = 0) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) { filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Calls `body` with the open file's number, which it does not close.
    package func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result { withExtendedLifetime(self) { body(descriptor) } }

    /// The open file under another number, which the caller closes.
    package func duplicate() throws(FileError) -> CInt {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last }
        return copy
    }
}

/// Fills `bytes` from the place `offset` of an open file on. Returns how many there were.
func readBytes(of file: CInt, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    var filled = 0
    while filled < bytes.count {
        let got = pread(file, bytes.baseAddress! + filled, bytes.count - filled, off_t(offset + filled))
        if got == 0 { break }
        if got > 0 { filled += got } else if errno != EINTR { throw .last }
    }
    return filled
}

/// The text of a file of at most `limit` bytes; what is not UTF-8 is replaced.
package func textOfFile(at path: String, limit: Int) throws(InputFileError) -> String {
    let file = try InputFile(path)
    guard file.size <= limit else { throw .unreadable(reason: "found \(file.size) bytes, expected at most \(limit)") }
    do throws(FileError) {
        return String(decoding: try file.bytes(count: file.size), as: UTF8.self)
    } catch {
        throw .unreadable(reason: error.reason)
    }
}

private let notRegular = "it is not a regular file"
