import ArgumentParser
import Foundation
import Glibc
import LinWarp

/// The files that frames are read from, in order.
struct FrameFiles: Sendable {
    let names: [String]

    var count: Int { names.count }

    /// - Parameter arguments: Paths, and patterns as a shell knows them.
    init(_ arguments: [String]) throws {
        var names: [String] = []
        for argument in arguments {
            // A file may have a name that looks like a pattern.
            if !argument.contains(where: { "*?[".contains($0) }) || FileManager.default.fileExists(atPath: argument) {
                names.append(argument)
                continue
            }
            let found = paths(matching: argument)
            guard !found.isEmpty else { throw Failure(description: "\(argument): found no file of such a name, expected some") }
            names += found
        }
        guard names.count > 1 else { throw ValidationError("FRAMES: found one, expected several") }
        self.names = names
    }

    func frame(_ index: Int) throws -> Tensor<Float> { try Tensor<Float>(imageAt: names[index]) }

    /// Of an aligned frame's file: in order, and never the same for two.
    func alignedName(_ index: Int) -> String {
        let stem = URL(fileURLWithPath: names[index]).deletingPathExtension().lastPathComponent
        return String(format: "%04d-", index + 1) + stem + ".png"
    }

    /// The size of those that were aligned.
    func size(of frames: [StackedFrame]) throws -> PixelSize {
        PixelSize(of: try frame(frames.first { $0.place != nil }!.index))
    }

    /// By which it is seen that files are still the same.
    var stamps: [Stamp] {
        names.map { name in
            var information = stat()
            guard stat(name, &information) == 0 else { return Stamp(name: name, bytes: 0, modified: 0) }
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

/// In the order of their names.
private func paths(matching pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).map { String(cString: found.gl_pathv[$0]!) }
}
