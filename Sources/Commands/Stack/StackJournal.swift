import Files
import Foundation
import LinWarp

/// What a stack has come to, line by line, so that it can go on after an interruption.
///
/// The first line says what stack it is; each of the others is a step of the alignment, or a file that was written.
final class StackJournal: Sendable {
    /// What decides the result.
    struct Setup: Codable, Equatable {
        var reference: Stack.Reference
        var family: TransformationFamily
        var mask: String?
        var frames: [FrameFiles.Stamp]
    }

    /// A file of an aligned frame, and what decides what is in it.
    struct Written: Codable, Equatable {
        var name: String
        var crop: StackWindow.Crop
        var depth: String
        var quality: Int?
    }

    private struct Line: Codable {
        var setup: Setup?
        var step: Stack.Step?
        var written: Written?
    }

    /// What an earlier run has found, and the files of it that are there.
    let steps: [Stack.Step]
    let written: [Written]
    private let path: String

    /// Goes on with what is in a directory, or begins anew there.
    init(in directory: String, of setup: Setup, resumes: Bool, overwrites: Bool) throws {
        path = "\(directory)/stack.jsonl"
        let lines = try StackJournal.lines(path)
        if lines != nil, !resumes, !overwrites {
            throw Failure(
                description: "--out \(directory): found the results of a stack (stack.jsonl), expected none; --resume goes on with it, "
                    + "--overwrite begins anew, and another --out keeps both")
        }
        if resumes, let lines, let first = lines.first {
            guard let old = first.setup, old == setup else {
                throw Failure(
                    description: "--resume: found that \(path) is of \(difference(first.setup, setup)), expected the same stack")
            }
            steps = lines.compactMap(\.step)
            // A file that was written again is what it was written as last, as long as it is there.
            written = Dictionary(lines.compactMap(\.written).map { ($0.name, $0) }) { $1 }.values.filter {
                FileManager.default.fileExists(atPath: "\(directory)/aligned/\($0.name)")
            }
            // Without what the interruption has damaged.
            try replace(with: lines)
            return
        }
        for file in (lines ?? []).compactMap(\.written) { try? removeFile(at: "\(directory)/aligned/\(file.name)") }
        (steps, written) = ([], [])
        try replace(with: [Line(setup: setup)])
    }

    func append(_ step: Stack.Step) throws { try append(Line(step: step)) }

    func append(written: Written) throws { try append(Line(written: written)) }

    private func append(_ line: Line) throws {
        let text = try encodedJSON(line) + "\n"
        do throws(FileError) { try Files.append(text, toFile: path) } catch { throw failure(error) }
    }

    private func replace(with lines: [Line]) throws {
        let text = try lines.map { try encodedJSON($0) + "\n" }.joined()
        do throws(FileError) { try replaceFile(at: path, with: Array(text.utf8)) } catch { throw failure(error) }
    }

    private func failure(_ error: FileError) -> Failure { Failure(description: "\(path): cannot be written: \(error.reason)") }

    /// Those of the file up to the first that is damaged; nil where there is no file.
    private static func lines(_ path: String) throws -> [Line]? {
        let text: String
        do throws(InputFileError) { text = try textOfFile(at: path, limit: 1 << 30) } catch {
            switch error {
            case .missing: return nil
            case .isDirectory: throw Failure(description: "\(path): found a directory, expected a file")
            case .unreadable(let reason): throw Failure(description: "\(path): cannot be read: \(reason)")
            }
        }
        var lines: [Line] = []
        for line in text.split(separator: "\n") {
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else { break }
            lines.append(line)
        }
        return lines
    }
}

/// What another stack has different.
private func difference(_ old: StackJournal.Setup?, _ new: StackJournal.Setup) -> String {
    guard let old else { return "something else" }
    if old.reference != new.reference { return "a stack with another --reference" }
    if old.family != new.family { return "a stack with --family \(old.family.rawValue)" }
    if old.mask != new.mask { return "a stack with \(old.mask.map { "--mask \($0)" } ?? "no --mask")" }
    guard old.frames.count == new.frames.count else { return "a stack of \(old.frames.count) frames, not \(new.frames.count)" }
    let other = zip(old.frames, new.frames).first { $0 != $1 }
    return other.map { $0.name == $1.name ? "a stack where \($0.name) was another file" : "a stack with \($0.name) where \($1.name) is" }
        ?? "something else"
}
