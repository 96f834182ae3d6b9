import CFiles
import Glibc

/// A file that is written in the directory where it belongs, and takes its place there only when it is complete.
///
/// At no time is there a partial file under the path, not even after a power failure. Where the file system allows it, the file has no name
/// until then; else it has a hidden one, which goes when the file does not take its place, on a signal (`removeFilesOnSignals`), and if the
/// process is killed when the next one writes there. A link is followed. A file that is replaced leaves its permissions, and where the system
/// lets it its owner, to the new one.
package final class StagedFile {
    private let directory: CInt
    private let name: String
    private let replacesFile: Bool
    private var file: CInt = -1
    private var temporary: TemporaryName?

    /// - Parameters:
    ///   - path: Where it will be.
    ///   - usesName: Whether it has a name from the beginning even where it needs none.
    package init(at path: String, usesName: Bool = false) throws(FileError) {
        let path = try followingLinks(path)
        name = String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
        directory = files_open_directory(parent(of: path) ?? ".")
        guard directory >= 0 else { throw .last }
        var old = stat()
        replacesFile = fstatat(directory, name, &old, AT_SYMLINK_NOFOLLOW) == 0
        if replacesFile, old.st_mode & S_IFMT != S_IFREG {
            throw FileError(reason: old.st_mode & S_IFMT == S_IFDIR ? "it is a directory" : "it is not a regular file")
        }
        removeLeftovers(in: directory)
        // What others may not read they may not read while it is being written.
        let mode: mode_t = replacesFile ? 0o600 : 0o666
        if !usesName { file = files_open_unnamed(directory, mode) }
        if file < 0 {
            let made = try TemporaryName.newFile(in: directory, mode: mode)
            (file, temporary) = (made.file, made.name)
        }
        if replacesFile {
            if old.st_uid != geteuid() || old.st_gid != getegid() { _ = fchown(file, old.st_uid, old.st_gid) }
            fchmod(file, old.st_mode & 0o777)
        }
    }

    deinit {
        temporary?.remove()
        if file >= 0 { close(file) }
        if directory >= 0 { close(directory) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try Files.write(bytes, to: file) }

    /// Brings the file to the disk and to its place. Where that fails, what was there before stays.
    package func commit() throws(FileError) {
        // Some file systems report a full disk only here.
        guard fsync(file) == 0 else { throw .last }
        if temporary == nil, replacesFile || files_name(file, directory, name) != 0 {
            guard replacesFile || errno == EEXIST else { throw .last }
            // A name that is taken can't be given to another file, but a file that has a name can be renamed to it.
            temporary = try TemporaryName(of: file, in: directory)
        }
        if let temporary {
            guard renameat(directory, temporary.name, directory, name) == 0 else { throw .last }
            temporary.isGone()
            self.temporary = nil
        }
        // The new name reaches the disk with the directory. Where a file system can't do that, the file is complete all the same.
        let folder = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}

/// Removes the file at a path, where there is one. Of a link, the file that it leads to: the next one is written there.
package func removeFile(at path: String) throws(FileError) {
    guard unlink(try followingLinks(path)) == 0 || errno == ENOENT else { throw .last }
}

/// The directory part of a path, with its slash; nil where there is none.
private func parent(of path: String) -> String? { path.lastIndex(of: "/").map { String(path[...$0]) } }

/// Where a file is that is asked for at a path: where links lead, also to a file that is not there yet.
private func followingLinks(_ path: String) throws(FileError) -> String {
    var path = path
    for _ in 0..<40 {
        let link = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            count = max(0, readlink(path, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), buffer.count))
        }
        if link.isEmpty { return path }
        let target = String(decoding: link, as: UTF8.self)
        path = target.hasPrefix("/") ? target : (parent(of: path) ?? "") + target
    }
    errno = ELOOP
    throw .last
}
