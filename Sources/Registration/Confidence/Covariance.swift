import Glibc
import LinearAlgebra
import Sampling

/// The covariance of an alignment's parameters: H⁻¹ B H⁻¹ with H the sum of the tiles' curvatures and B that of the squares of what each tile
/// pulls (the sandwich of Huber, 1967, and White, 1980, by clusters). It asks of the noise only that tiles are independent of each other, which
/// smoothed pixels are not.
///
/// - Parameters:
///   - moments: Of each tile, all its channels together.
///   - derivatives: Of the matrix's elements by each parameter.
/// - Returns: Row-major; nil where the parameters are not determined.
func covariance(_ moments: [[PairMoments]], _ derivatives: [[Double]]) -> [Double]? {
    let count = derivatives.count
    var whole = PairSystem()
    var squares = [Double](repeating: 0, count: count * count)
    var tiles = 0
    for tile in moments where tile.contains(where: \.counts) {
        let system = tile.system
        let pull = system.projected(derivatives).gradient
        for j in 0..<count { for k in 0..<count { squares[j * count + k] += pull[j] * pull[k] } }
        for i in 0..<81 { whole.curvature[i] += system.curvature[i] }
        tiles += 1
    }
    guard let inverse = inverted(whole.projected(derivatives).curvature, count) else { return nil }
    // Few tiles pull less than they would if they had not been fitted.
    let correction = Double(tiles) / Double(max(1, tiles - count))
    let half = product(inverse, squares, count)
    let sandwich = product(half, inverse, count).map { $0 * correction }
    guard tiles < 2 * count else { return sandwich }
    // Too few to show a spread: that of the pixels, of which smoothing leaves one in so many independent, joins it. A sum of covariances is one.
    return zip(sandwich, inverse).map { $0 + $1 * dependentPixels }
}

/// The standard deviations of where the target's corners lie in the source, in its pixels.
func cornerDeviations(_ covariance: [Double], _ derivatives: [[Double]], _ matrix: Matrix3, height: Int, width: Int) -> [Double] {
    let count = derivatives.count
    return [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { x, y in
        let m = matrix.elements
        let d = m[6] * x + m[7] * y + m[8]
        let (u, v) = matrix.apply(x, y)
        var variance = 0.0
        for (axis, size) in [(0, width), (1, height)] {
            let place = axis == 0 ? u : v
            let slope = derivatives.map { e in
                let moved = e[3 * axis] * x + e[3 * axis + 1] * y + e[3 * axis + 2]
                return (moved - place * (e[6] * x + e[7] * y + e[8])) / d * Double(size) / 2
            }
            for j in 0..<count { for k in 0..<count { variance += slope[j] * covariance[j * count + k] * slope[k] } }
        }
        return max(0, variance).squareRoot()
    }
}

private func inverted(_ matrix: [Double], _ count: Int) -> [Double]? {
    var a = matrix
    var b = (0..<count * count).map { $0 / count == $0 % count ? 1.0 : 0 }
    let solved: Void? = try? a.withUnsafeMutableBufferPointer { a throws(LinearAlgebraError) in
        try b.withUnsafeMutableBufferPointer { b throws(LinearAlgebraError) in
            try solvePositiveDefinite(count: 1, n: count, rightHandSides: count, a.baseAddress!, b.baseAddress!)
        }
    }
    return solved != nil && b.allSatisfy(\.isFinite) ? b : nil
}

private func product(_ a: [Double], _ b: [Double], _ count: Int) -> [Double] {
    var c = [Double](repeating: 0, count: count * count)
    for i in 0..<count { for k in 0..<count { for j in 0..<count { c[i * count + j] += a[i * count + k] * b[k * count + j] } } }
    return c
}

/// About 4π σ², the pixels over which a smoothing of one pixel makes noise alike.
private let dependentPixels = 12.0
