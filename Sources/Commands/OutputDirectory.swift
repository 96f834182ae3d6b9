import Figures
import Files
import Foundation
import LinWarp

/// The directory that a command writes to.
struct OutputDirectory {
    let path: String

    /// Makes the directory where it is missing, and makes sure that it can be written to, before any work is done.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                description: "--out \(path): found no directory and cannot make one there, expected one that can be written to")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw Failure(
                description: "--out \(path): found a directory that cannot be written to (\(String(cString: strerror(errno))))")
        }
    }

    /// Keeps the directory for this process until it ends: two that go on behind the same files would undo each other's work.
    func lock() throws {
        guard lockUntilExit(path) else {
            throw Failure(description: "--out \(path): found a directory that another linwarp works in, expected one for this alone")
        }
    }

    func write(_ report: AlignmentReport, _ images: AlignmentPair) throws {
        let (height, width) = (images.target.shape[1], images.target.shape[2])
        // What the search took is of no more use.
        StoragePool.giveBackIdle()
        let rows = try report.results.map { result in
            let image = resampled(
                images.wholeSource, result.alignment.matrix, height: height, width: width,
                hasAlpha: images.wholeSource.shape[0].isMultiple(of: 2))
            try images.writing.write(image, to: "\(path)/\(result.method.file).\(images.writing.format.fileExtension)")
            return result.shown(image)
        }
        try alignmentFigure(rows, source: images.source, target: images.target)
            .writeImage(to: "\(path)/figure.png")
        let shown = report.results.last!.alignment
        try comparisonFigure(source: images.source, target: images.target, before: report.before, after: shown.matrix)
            .writeImage(to: "\(path)/comparison.png")
        let file = "\(path)/result.json"
        let json = Array((try report.json() + "\n").utf8)
        do throws(FileError) { try replaceFile(at: file, with: json) } catch {
            throw Failure(description: "\(file): cannot be written: \(error.reason)")
        }
    }
}
