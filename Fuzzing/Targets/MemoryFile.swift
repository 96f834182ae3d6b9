import Glibc

/// A file of these bytes that is in no directory, at a path by which everything that reads files can open it.
final class MemoryFile {
    let path: String
    private let descriptor: CInt

    init(_ bytes: [UInt8]) {
        var name = Array("/dev/shm/linwarp-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        precondition(descriptor >= 0 && unlink(name) == 0 && write(descriptor, bytes, bytes.count) == bytes.count)
        path = "/proc/self/fd/\(descriptor)"
    }

    deinit { close(descriptor) }
}
