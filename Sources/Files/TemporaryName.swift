import CFiles
import Glibc
import Synchronization

/// A hidden name that a file has in its directory until it takes its place. Whoever has it holds a lock on the file: of a name without one
/// the process was killed.
struct TemporaryName {
    let name: String
    private let directory: CInt
    /// In the list of what a signal removes.
    private let place: CInt

    /// A name of its own, as the file's with something added could be too long.
    private init(in directory: CInt) {
        name = "\(Self.start)\(String(UInt64.random(in: 0 ... .max), radix: 36))\(Self.end)"
        self.directory = directory
        // First, so that a signal finds it in the list from the very moment it is there.
        place = files_list(directory, name)
    }

    /// Names a file that has no name.
    init(of file: CInt, in directory: CInt) throws(FileError) {
        flock(file, LOCK_EX | LOCK_NB)
        self.init(in: directory)
        guard files_name(file, directory, name) == 0 else {
            isGone()
            throw .last
        }
    }

    /// A new file with such a name, open for writing and reading.
    static func newFile(in directory: CInt, mode: mode_t) throws(FileError) -> (file: CInt, name: TemporaryName) {
        while true {
            let name = TemporaryName(in: directory)
            let file = openat(directory, name.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            guard file >= 0 else {
                name.isGone()
                throw .last
            }
            flock(file, LOCK_EX)
            // Before it was locked, another process may have taken it for one that was left.
            var information = stat()
            if fstat(file, &information) != 0 || information.st_nlink > 0 { return (file, name) }
            name.isGone()
            close(file)
        }
    }

    func remove() {
        unlinkat(directory, name, 0)
        isGone()
    }

    /// Takes it off the list.
    func isGone() {
        let reason = errno
        files_unlist(place)
        errno = reason
    }

    fileprivate static let start = ".linwarp-"
    fileprivate static let end = ".tmp"

    /// Whether a file's name is such a one.
    fileprivate static func isOne(_ name: String) -> Bool {
        guard name.hasPrefix(start), name.hasSuffix(end) else { return false }
        let middle = name.dropFirst(start.count).dropLast(end.count)
        return (1...13).contains(middle.count) && middle.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
    }
}

/// Where leftovers have been looked for.
private let searched = Mutex(Set<[UInt64]>())

/// Removes the files that killed processes have left in a directory. A process looks once in each.
func removeLeftovers(in directory: CInt) {
    var information = stat()
    guard fstat(directory, &information) == 0 else { return }
    let place = [UInt64(information.st_dev), UInt64(information.st_ino)]
    guard searched.withLock({ $0.insert(place).inserted }) else { return }
    let listing = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0 else { return }
    guard let entries = fdopendir(listing) else {
        close(listing)
        return
    }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if TemporaryName.isOne(name) { removeUnlocked(name, in: directory) }
    }
}

/// Removes a file if no process holds its lock. Where there are no locks it stays.
private func removeUnlocked(_ name: String, in directory: CInt) {
    let file = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    var information = stat()
    guard fstat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG, flock(file, LOCK_EX | LOCK_NB) == 0 else { return }
    unlinkat(directory, name, 0)
}
