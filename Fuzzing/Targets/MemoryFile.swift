import Glibc

/// A file of these bytes that is in no directory, at a path by which everything that reads files can open it.
struct MemoryFile: ~Copyable {
    let path: String
    private let descriptor: CInt

    init(_ bytes: [UInt8]) {
        descriptor = memfd_create("fuzz", 0)
        precondition(descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count)
        path = "/proc/self/fd/\(descriptor)"
    }

    deinit { close(descriptor) }
}
