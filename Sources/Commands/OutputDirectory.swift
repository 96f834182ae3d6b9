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

    func write(_ report: AlignmentReport, _ images: AlignmentPair) throws {
        for result in report.results {
            let (channels, height, width) = (images.source.shape[0], images.target.shape[1], images.target.shape[2])
            let aligned = result.aligned(images.source, height: height, width: width)
            try aligned.reshaped([channels, height, width]).writeImage(to: "\(path)/aligned-\(result.sampler.rawValue).png")
        }
        try alignmentFigure(report, images).writeImage(to: "\(path)/figure.png")
        let file = "\(path)/result.json"
        do {
            try Data((try report.json() + "\n").utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        } catch {
            throw Failure(description: "\(file): cannot be written")
        }
    }
}

extension AlignmentReport.Result {
    /// The source as its sampler shows it at the target's place. A target that shrinks the source is averaged over its pixels: sampled
    /// once a pixel, the picture would be aliased.
    func aligned(_ source: Tensor<Float>, height: Int, width: Int) -> Tensor<Float> {
        let (h, w) = (source.shape[1], source.shape[2])
        let finer = max(1, min(h / height, w / width))
        let grid = SamplingGrid<Float>(alignment.matrix, height: height * finer, width: width * finer)
        let sampled = BilinearSampler().sample(source.reshaped([1, source.shape[0], h, w]), at: grid)
        return areaAveraged(sampled, height: height, width: width).reshaped([source.shape[0], height, width])
    }
}
