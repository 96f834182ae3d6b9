import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// Both images at all sizes, and the levels at which their pixels are about equally large under a transformation.
struct PyramidPair: Sendable {
    let source, target: ComparedPyramid
    /// The source before smoothing, of which views are made.
    private let image: CountedImage
    let clips: Bool
    let noiseFloor: Double

    /// - Parameters:
    ///   - mostLevels: So many are made at most; 1 for the full size alone.
    ///   - clips: Whether values of 0 and 1 may stand for whatever lies beyond them. They do not where an image has others beyond.
    init(_ source: CountedImage, _ target: CountedImage, mostLevels: Int = .max, clips: Bool = true) {
        self.source = ComparedPyramid(source, mostLevels: mostLevels)
        self.target = ComparedPyramid(target, mostLevels: mostLevels)
        image = source
        self.clips = clips && self.source.values.isWithinUnit && self.target.values.isWithinUnit
        noiseFloor = 1e-5 * self.target.values.range * self.target.values.range
    }

    /// The full sizes compared at a level of the target.
    func level(_ level: Int, under matrix: Matrix3) -> TiledPair {
        let target = target.levels[level]
        // So many pixels of the full source lie along one of the target, in the middle.
        let pixels = Placement(matrix, source: source.levels[0].size, target: target.size).linear.scale
        let sourceLevel = pixels.isFinite && pixels > 0 ? Int(log2(pixels).rounded()) : 0
        let fitting = source.levels[min(max(sourceLevel, 0), source.levels.count - 1)]
        return TiledPair(source: fitting, target: target, clips: clips, noiseFloor: noiseFloor)
    }

    /// A level of the target and what a camera with its pixels would have seen of the source; a level of that where its pixels are as large.
    func view(_ level: Int, from matrix: Matrix3) -> TiledPair {
        let target = target.levels[level]
        let footprint = Footprint(matrix, source: source.levels[0].size, target: target.size)
        let octave = footprint.longer.isFinite ? max(0, Int(log2(footprint.longer).rounded())) : 0
        let size = exp2(Double(octave))
        let fits = octave < source.levels.count && footprint.longer < 1.1 * size && footprint.shorter > size / 1.1
        guard footprint.longer > 1.1, !fits, let back = matrix.inverse else { return self.level(level, under: matrix) }
        return TiledPair(
            source: image.view(from: matrix, height: target.height, width: target.width), at: back, target: target, clips: clips,
            noiseFloor: noiseFloor)
    }
}
