import Files
import Foundation
import LinWarp
import Plots

/// What a stack came to: a table, a picture of the drift, text and JSON.
struct StackReport {
    let names: [String]
    let frames: [StackedFrame]
    let size: PixelSize
    let window: StackWindow
    let conventions: ConventionOptions
    let out: String
    /// The file of what frames were combined to; nil where each was written.
    let combined: String?

    /// Those that belong to the stack.
    var used: [StackedFrame] { frames.filter { $0.place != nil } }

    /// The table and the picture.
    func write() throws {
        let file = "\(out)/frames.csv"
        let text = try ([header] + frames.map(row)).map { $0 + "\n" }.joined()
        do throws(FileError) { try replaceFile(at: file, with: Array(text.utf8)) } catch {
            throw Failure(description: "\(file): cannot be written: \(error.reason)")
        }
        let picture = "\(out)/drift.png"
        do throws(PlotError) { try DriftPlot(frames, size: size).plot.draw(to: picture) } catch {
            notice("\(picture) was not drawn: \(error)")
        }
    }

    /// Matrices are those from the reference to the frame, as the convention has them.
    private var header: String {
        "frame,file,used,verdict," + (0..<9).map { "m\($0 / 3)\($0 % 3)" }.joined(separator: ",")
            + ",deviation_upper_left,deviation_upper_right,deviation_lower_right,deviation_lower_left,reason"
    }

    private func row(_ frame: StackedFrame) throws -> String {
        let matrix =
            try frame.matrix.map { try conventions.rows($0, source: size, target: size).joined().map { "\($0)" } }
            ?? [String](repeating: "", count: 9)
        let deviations = frame.cornerDeviations?.map { fixed($0, 4) } ?? [String](repeating: "", count: 4)
        let fields = ["\(frame.index + 1)", quoted(names[frame.index]), frame.place == nil ? "no" : "yes", frame.verdict?.rawValue ?? ""]
        return (fields + matrix + deviations + [quoted(frame.reason ?? "")]).joined(separator: ",")
    }

    /// For people to read.
    var lines: [String] {
        let worst = used.compactMap { $0.cornerDeviations?.max() }.max() ?? 0
        return [
            "\(used.count) of \(frames.count) frames, corners within \(fixed(worst, 3)) pixels (standard deviation), "
                + "cut to \(window.width)x\(window.height) at \(window.x),\(window.y)",
            "\(out)/\(combined ?? "aligned")", "\(out)/frames.csv", "\(out)/drift.png",
        ]
    }

    func json() throws -> String {
        struct Frame: Encodable {
            var file: String
            var used: Bool
            var verdict: String?
            var matrix: [[Double]]?
            var cornerDeviations: [Double]?
            var reason: String?
        }
        struct Whole: Encodable {
            var convention: MatrixConvention
            var sourceSize, targetSize: PixelSize
            var window: StackWindow
            var frames: [Frame]
        }
        return try encodedJSON(
            Whole(
                convention: conventions.convention, sourceSize: size, targetSize: size, window: window,
                frames: frames.map { frame in
                    Frame(
                        file: names[frame.index], used: frame.place != nil, verdict: frame.verdict?.rawValue,
                        matrix: try frame.matrix.map { try conventions.rows($0, source: size, target: size) },
                        cornerDeviations: frame.cornerDeviations, reason: frame.reason)
                }))
    }
}

/// A field of a CSV file: in quotes where it needs some.
private func quoted(_ field: String) -> String {
    let special: Set<Character> = [",", "\"", "\n", "\r", "\r\n"]
    guard field.contains(where: special.contains) else { return field }
    return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}
