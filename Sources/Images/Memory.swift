import Glibc

/// Whether the system has memory for so many more bytes in one piece.
///
/// A tensor or an array that cannot have its memory ends the program; so whoever makes one of a size that a file or a user has chosen
/// asks first.
public func memoryIsFree(bytes: Int) -> Bool {
    // A quarter more, as much as the tensors' pool may round up. Not by malloc and free: the compiler leaves out such a pair.
    let enough = bytes + bytes / 4
    guard let memory = mmap(nil, enough, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
        return false
    }
    munmap(memory, enough)
    return true
}
