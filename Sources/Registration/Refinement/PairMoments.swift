import Foundation

/// The sums over one tile and channel (`warp_pair_moments`), and what follows from them once gain and bias are projected out.
///
/// With z the derivatives of the warped source s by the nine elements of the matrix, the best gain and bias of t ≈ gain · s + bias leave a
/// residual whose Gauss-Newton system in the elements is that of gain · z, less its projections on s and on 1 (variable projection; Golub
/// and Pereyra, 1973).
struct PairMoments {
    /// Σ of weights: so many pixels count.
    let weight: Double
    let gain, bias: Double
    /// Centred sums of squares: of the target, and what is left of them.
    let total, rest: Double
    private let sums: ArraySlice<Double>
    private let meanSource, meanTarget, squares: Double

    /// - Parameter noiseFloor: A variance below which nothing is known.
    init(_ sums: ArraySlice<Double>, noiseFloor: Double) {
        self.sums = sums
        let b = sums.startIndex
        let (w, s, t) = (sums[b], sums[b + 1], sums[b + 2])
        weight = w
        guard w >= fewestPixels else {
            (gain, bias, total, rest, meanSource, meanTarget, squares) = (0, 0, 0, 0, 0, 0, 1)
            return
        }
        meanSource = s / w
        meanTarget = t / w
        let noise = w * noiseFloor
        squares = sums[b + 3] - s * s / w + noise
        let product = sums[b + 4] - s * t / w
        total = max(0, sums[b + 5] - t * t / w) + noise
        gain = product / squares
        bias = meanTarget - gain * meanSource
        rest = max(noise, total - product * gain)
    }

    /// w, ws, wt, wss and wst.
    var firstMoments: (Double, Double, Double, Double, Double) {
        let b = sums.startIndex
        return (sums[b], sums[b + 1], sums[b + 2], sums[b + 3], sums[b + 4])
    }

    /// Whether it says anything.
    var counts: Bool { weight >= fewestPixels }

    /// The variance of what is left, never below that of rounding to 8 bits.
    var variance: Double { counts ? rest / weight : .infinity }

    /// The squared correlation.
    var correlation: Double { counts ? 1 - rest / total : 0 }

    /// The logarithm of how much likelier the target is with the source than without it, for each tile's own noise.
    var evidence: Double { counts ? -0.5 * weight * log(rest / total) : 0 }

    /// Adds the Gauss-Newton system of this tile and channel in the nine elements, divided by the variance.
    func add(to system: inout PairSystem) {
        guard counts else { return }
        let scale = gain / variance
        var gradient = [Double](repeating: 0, count: 9)
        var zs = gradient
        var z1 = gradient
        let base = sums.startIndex
        for i in 0..<3 {
            let start = base + Self.starts[i]
            for j in 0..<3 {
                let (one, bySource, byTarget) = (sums[start + j], sums[start + 3 + j], sums[start + 6 + j])
                let k = 3 * i + j
                z1[k] = one
                zs[k] = bySource - one * meanSource
                gradient[k] = scale * (byTarget - one * meanTarget - gain * zs[k])
            }
        }
        let curvatureScale = scale * gain
        for i in 0..<3 {
            for j in i..<3 {
                let start = base + Self.starts[i] + 9 + 6 * (j - i)
                let (xx, xy, x, yy, y, one) = (
                    sums[start], sums[start + 1], sums[start + 2], sums[start + 3], sums[start + 4], sums[start + 5]
                )
                let block = [xx, xy, x, xy, yy, y, x, y, one]
                for p in 0..<3 {
                    for q in 0..<3 {
                        let (r, c) = (3 * i + p, 3 * j + q)
                        let value = curvatureScale * (block[3 * p + q] - z1[r] * z1[c] / weight - zs[r] * zs[c] / squares)
                        system.curvature[9 * r + c] += value
                        if i != j { system.curvature[9 * c + r] += value }
                    }
                }
            }
        }
        for k in 0..<9 { system.gradient[k] += gradient[k] }
    }

    /// Where the sums of a, b and c begin.
    private static let starts = [6, 33, 54]
}

/// Normal equations in the nine elements of a normalized matrix: curvature · change = gradient.
struct PairSystem {
    var curvature = [Double](repeating: 0, count: 81)
    var gradient = [Double](repeating: 0, count: 9)
}

/// Fewer pixels of a tile than this say nothing.
private let fewestPixels = 12.0

extension PairMoments {
    /// How far the tile would move in a step of its own, in pixels of the source's level; infinity where that is not determined.
    func ownMove(_ source: ComparedImage) -> Double {
        var system = PairSystem()
        add(to: &system)
        let (a, b, c) = (system.curvature[9 * 2 + 2], system.curvature[9 * 2 + 5], system.curvature[9 * 5 + 5])
        let determinant = a * c - b * b
        guard determinant > 1e-9 * a * c, determinant > 0 else { return .infinity }
        let (g, h) = (system.gradient[2], system.gradient[5])
        let (u, v) = ((c * g - b * h) / determinant, (a * h - b * g) / determinant)
        return hypot(u * Double(source.width) / 2, v * Double(source.height) / 2)
    }
}
