import ArgumentParser
import Foundation
import Glibc
import LinWarp

/// The files that frames are read from, in order.
struct FrameFiles: Sendable {
    /// An image file, or a page of one.
    private struct Frame {
        var path: String
        /// From 1 on; nil where there is just one.
        var page: Int?
    }

    private let frames: [Frame]

    var count: Int { frames.count }

    /// By which frames are named.
    var names: [String] { frames.map { frame in frame.page.map { "\(frame.path), page \($0)" } ?? frame.path } }

    /// - Parameter arguments: Paths, and patterns as a shell knows them.
    init(_ arguments: [String]) throws {
        var found: [Frame] = []
        for argument in arguments {
            for path in try paths(argument) {
                // A file that can't be read is named when it is.
                let pages = (try? ImageFile.pageCount(at: path)) ?? 1
                found += pages == 1 ? [Frame(path: path)] : (1...pages).map { Frame(path: path, page: $0) }
            }
        }
        guard found.count > 1 else { throw ValidationError("FRAMES: found one, expected several") }
        frames = found
    }

    /// With all that the file says.
    func file(_ index: Int) throws -> ImageFile { try ImageFile(at: frames[index].path, page: (frames[index].page ?? 1) - 1) }

    func frame(_ index: Int) throws -> Tensor<Float> { try file(index).pixels }

    /// Of an aligned frame's file: in order, and never the same for two.
    func alignedName(_ index: Int, _ format: WritableFormat) -> String {
        let frame = frames[index]
        let stem = URL(fileURLWithPath: frame.path).deletingPathExtension().lastPathComponent
        return String(format: "%04d-", index + 1) + stem + (frame.page.map { "-\($0)" } ?? "") + ".\(format.fileExtension)"
    }

    /// By which it is seen that files are still the same.
    var stamps: [Stamp] {
        zip(frames, names).map { frame, name in
            var information = stat()
            guard stat(frame.path, &information) == 0 else { return Stamp(name: name, bytes: 0, modified: 0) }
            return Stamp(
                name: name, bytes: Int(information.st_size),
                modified: information.st_mtim.tv_sec * 1_000_000_000 + information.st_mtim.tv_nsec)
        }
    }

    struct Stamp: Codable, Equatable {
        var name: String
        var bytes: Int
        /// In nanoseconds.
        var modified: Int
    }
}

/// What an argument stands for: of a pattern, in the order of the names.
private func paths(_ argument: String) throws -> [String] {
    // A file may have a name that looks like a pattern.
    if !argument.contains(where: { "*?[".contains($0) }) || FileManager.default.fileExists(atPath: argument) { return [argument] }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(argument, 0, nil, &found) == 0, found.gl_pathc > 0 else {
        throw Failure(description: "\(argument): found no file of such a name, expected some")
    }
    return (0..<Int(found.gl_pathc)).map { String(cString: found.gl_pathv[$0]!) }
}
