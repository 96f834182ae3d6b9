import Foundation
import LinearAlgebra
import Sampling
import Tensors

/// Both images at all sizes, and the levels at which their pixels are about equally large under a transformation.
struct PyramidPair: Sendable {
    let source, target: ComparedPyramid
    let clips: Bool
    let noiseFloor: Double

    init(source: ComparedPyramid, target: ComparedPyramid, clips: Bool) {
        self.source = source
        self.target = target
        self.clips = clips
        noiseFloor = 1e-5 * target.range * target.range
    }

    /// The full sizes compared at a level of the target.
    func level(_ level: Int, under matrix: Matrix3) -> TiledPair {
        let target = target.levels[level]
        let pixels = pixelScale(matrix, target)
        let sourceLevel = pixels.isFinite && pixels > 0 ? Int(log2(pixels).rounded()) : 0
        let fitting = source.levels[min(max(sourceLevel, 0), source.levels.count - 1)]
        return TiledPair(source: fitting, target: target, clips: clips, noiseFloor: noiseFloor)
    }

    /// How many pixels of the full source lie along a pixel of `target`, at the middle of it.
    private func pixelScale(_ matrix: Matrix3, _ target: ComparedImage) -> Double {
        let full = source.levels[0]
        let m = matrix.elements
        let (u, v) = matrix.apply(0, 0)
        let d = m[8]
        let (a, b, c, e) = ((m[0] - u * m[6]) / d, (m[1] - u * m[7]) / d, (m[3] - v * m[6]) / d, (m[4] - v * m[7]) / d)
        let area = abs(a * e - b * c) * Double(full.width * full.height) / Double(target.width * target.height)
        return area.squareRoot()
    }
}
