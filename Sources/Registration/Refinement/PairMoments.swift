import Glibc

/// The sums over one tile and channel (`warp_pair_moments`), and what follows from them once gain and bias are projected out.
///
/// With z the derivatives of the warped source s by the nine elements of the matrix, the best gain and bias of t ≈ gain · s + bias leave a
/// residual whose Gauss-Newton system in the elements is that of gain · z, less its projections on s and on 1 (variable projection; Golub
/// and Pereyra, 1973).
package struct PairMoments {
    /// Σ of weights: so many pixels count.
    let weight: Double
    package let gain, bias: Double
    /// Centred sums of squares: of the target, and what is left of them.
    package let total, rest: Double
    private let sums: ArraySlice<Double>
    private let meanSource, meanTarget, squares: Double

    /// - Parameter noiseFloor: A variance below which nothing is known.
    package init(_ sums: ArraySlice<Double>, noiseFloor: Double) {
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
    package var variance: Double { counts ? rest / weight : .infinity }

    /// The squared correlation.
    var correlation: Double { counts ? 1 - rest / total : 0 }

    /// The logarithm of how much likelier the target is with the source than without it, for each tile's own noise.
    var evidence: Double { counts ? -0.5 * weight * log(rest / total) : 0 }

    /// Adds the Gauss-Newton system of this tile and channel in the nine elements, divided by the variance.
    package func add(to system: inout PairSystem) {
        guard counts else { return }
        let scale = gain / variance
        let all = InlineArray<9, Projected> { projected($0) }
        for k in 0..<9 { system.gradient[k] += scale * all[k].residual }
        for i in 0..<3 {
            for j in i..<3 {
                for p in 0..<3 {
                    for q in 0..<3 {
                        let (r, c) = (3 * i + p, 3 * j + q)
                        let value =
                            scale * gain * (product(r, c) - all[r].one * all[c].one / weight - all[r].source * all[c].source / squares)
                        system.curvature[9 * r + c] += value
                        if i != j { system.curvature[9 * c + r] += value }
                    }
                }
            }
        }
    }

    /// Σ of a derivative, by 1; by the centred source; by what is left of the target.
    private struct Projected { var one, source, residual: Double }

    private func projected(_ element: Int) -> Projected {
        let start = sums.startIndex + Self.starts[element / 3] + element % 3
        let (one, bySource, byTarget) = (sums[start], sums[start + 3], sums[start + 6])
        let source = bySource - one * meanSource
        return Projected(one: one, source: source, residual: byTarget - one * meanTarget - gain * source)
    }

    /// Σ of the product of the derivatives by two elements, the first in no later row of the matrix.
    private func product(_ r: Int, _ c: Int) -> Double {
        let (i, j) = (r / 3, c / 3)
        return sums[sums.startIndex + Self.starts[i] + 9 + 6 * (j - i) + Self.places[r % 3 * 3 + c % 3]]
    }

    /// Among xx, xy, x, yy, y, 1.
    private static let places: InlineArray<9, Int> = [0, 1, 2, 1, 3, 4, 2, 4, 5]
    /// Where the sums of a, b and c begin.
    private static let starts: InlineArray<3, Int> = [6, 33, 54]
}

/// Normal equations in the nine elements of a normalized matrix: curvature · change = gradient.
package struct PairSystem {
    package var curvature = [Double](repeating: 0, count: 81)
    package var gradient = [Double](repeating: 0, count: 9)

    package init() {}
}

/// Fewer pixels of a tile than this say nothing.
private let fewestPixels = 12.0

extension PairMoments {
    /// How far the tile would move in a step of its own, in pixels of the source's level; infinity where that is not determined.
    func ownMove(_ source: ComparedImage) -> Double {
        guard counts else { return .infinity }
        // By the elements that move it: the third and the sixth.
        let (x, y) = (projected(2), projected(5))
        func curvature(_ p: Projected, _ q: Projected, _ r: Int, _ c: Int) -> Double {
            gain * (product(r, c) - p.one * q.one / weight - p.source * q.source / squares)
        }
        let (a, b, c) = (curvature(x, x, 2, 2), curvature(x, y, 2, 5), curvature(y, y, 5, 5))
        let determinant = a * c - b * b
        guard determinant > 1e-9 * a * c, determinant > 0 else { return .infinity }
        let (u, v) = ((c * x.residual - b * y.residual) / determinant, (a * y.residual - b * x.residual) / determinant)
        return hypot(u * Double(source.width) / 2, v * Double(source.height) / 2)
    }
}
