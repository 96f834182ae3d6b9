import Glibc

/// Keeps a directory for this process until it ends, however it ends; nothing is left in the directory. False where another process has it.
///
/// Where the file system has no locks, or the directory can't be read, it is nobody's: then all go on.
package func lockUntilExit(_ directory: String) -> Bool {
    // Programs that this one starts don't get the descriptor, and with it the lock.
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return true }
    let isTaken = errno == EWOULDBLOCK
    close(descriptor)
    return !isTaken
}
