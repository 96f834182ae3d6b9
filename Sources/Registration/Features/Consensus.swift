import Glibc
import LinearAlgebra
import Sampling

/// A transformation that many matches agree on, from target to source pixels.
struct Consensus: Sendable {
    var matrix: Matrix3
    /// How many agree.
    var support: Int
}

/// The transformations that the most matches agree on, best first.
///
/// Each match, by the places, sizes and directions of its two keypoints, is a similarity of its own, so none has to be drawn by chance. Those
/// with the most support are fitted to the matches that support them, as similarities, then as affine maps and homographies, while the
/// distance at which a match still agrees becomes smaller (a local optimization as in Chum et al., "Locally optimized RANSAC", 2003).
///
/// - Parameters:
///   - matches: In pixels.
///   - family: No larger one is fitted.
///   - size: The source's larger side in pixels.
func consensuses(_ matches: [Match], family: TransformationFamily, size: Double, limit: Int) -> [Consensus] {
    let count = matches.count
    guard count >= 3 else { return [] }
    let places = matches.map { (x: $0.target.x, y: $0.target.y, u: $0.source.x, v: $0.source.y) }
    let turns = matches.map { $0.source.angle - $0.target.angle }
    let scales = matches.map { log2($0.source.sigma / $0.target.sigma) }
    let supports = [Int](unsafeUninitializedCapacity: count) { supports, initialized in
        let base = supports.baseAddress!
        Threads.forEachPiece(of: count, size: 16) { piece in
            for i in piece {
                let own = places[i]
                let scale = exp2(scales[i])
                let (c, s) = (scale * cos(turns[i]), scale * sin(turns[i]))
                var support = 0
                for j in 0..<count {
                    let (dx, dy) = (places[j].x - own.x, places[j].y - own.y)
                    let (u, v) = (own.u + c * dx - s * dy - places[j].u, own.v + s * dx + c * dy - places[j].v)
                    let reach = 0.015 * size + 0.12 * scale * (dx * dx + dy * dy).squareRoot()
                    guard u * u + v * v < reach * reach, abs(scales[j] - scales[i]) < 0.7, cos(turns[j] - turns[i]) > 0.8 else { continue }
                    support += 1
                }
                (base + i).initialize(to: support)
            }
        }
        initialized = count
    }
    let order = (0..<count).sorted { (supports[$1], $0) < (supports[$0], $1) }
    var found: [Consensus] = []
    for i in order.prefix(12) where supports[i] >= 3 {
        let scale = exp2(scales[i])
        let (c, s) = (scale * cos(turns[i]), scale * sin(turns[i]))
        let own = places[i]
        let start = Matrix3([c, -s, own.u - c * own.x + s * own.y, s, c, own.v - s * own.x - c * own.y, 0, 0, 1])
        guard let fitted = fitted(start, places, family, size) else { continue }
        // The same place again.
        if found.contains(where: { distance($0.matrix, fitted.matrix, places) < 0.02 * size }) { continue }
        found.append(fitted)
        if found.count == limit { break }
    }
    return found.enumerated().sorted { ($1.element.support, $0.offset) < ($0.element.support, $1.offset) }.map(\.element)
}

private typealias Place = (x: Double, y: Double, u: Double, v: Double)

private func fitted(_ start: Matrix3, _ places: [Place], _ family: TransformationFamily, _ size: Double) -> Consensus? {
    var matrix = start
    var support = 0
    let rounds: [(TransformationFamily, Double)] = [
        (.similarity, 0.06), (.similarity, 0.04), (.affine, 0.03), (.affine, 0.02), (.homography, 0.015), (.homography, 0.01),
        (.homography, 0.0075), (.homography, 0.0075),
    ]
    for (kind, share) in rounds {
        let kind = family.includes(kind) ? kind : family.includes(.affine) ? .affine : .similarity
        let reach = max(share * size, 3)
        let inside = places.filter { residual(matrix, $0) < reach }
        guard inside.count >= 3 else { return nil }
        // Few matches don't bear many parameters.
        let borne: TransformationFamily = inside.count >= 10 ? kind : inside.count >= 6 && kind != .similarity ? .affine : .similarity
        guard let next = leastSquares(inside, borne, from: matrix, reach: reach) else { return nil }
        matrix = next
        support = inside.count
    }
    return Consensus(matrix: matrix, support: support)
}

private func residual(_ matrix: Matrix3, _ place: Place) -> Double {
    let (u, v) = matrix.apply(place.x, place.y)
    let distance = hypot(u - place.u, v - place.v)
    return distance.isFinite ? distance : .infinity
}

private func distance(_ a: Matrix3, _ b: Matrix3, _ places: [Place]) -> Double {
    places.reduce(0) { sum, place in
        let (p, q) = (a.apply(place.x, place.y), b.apply(place.x, place.y))
        return sum + min(1e6, hypot(p.x - q.x, p.y - q.y))
    } / Double(places.count)
}

/// The matrix of a kind that brings target places nearest to the source's, far ones weighing less (Cauchy); homographies by a linear
/// system whose rows are divided by the last denominators.
private func leastSquares(_ places: [Place], _ family: TransformationFamily, from start: Matrix3, reach: Double) -> Matrix3? {
    // Centred and scaled for the sake of the system's condition.
    let count = Double(places.count)
    let (mx, my) = (places.reduce(0) { $0 + $1.x } / count, places.reduce(0) { $0 + $1.y } / count)
    let (mu, mv) = (places.reduce(0) { $0 + $1.u } / count, places.reduce(0) { $0 + $1.v } / count)
    let spread = max(1e-9, places.reduce(0) { $0 + hypot($1.x - mx, $1.y - my) } / count)
    let sourceSpread = max(1e-9, places.reduce(0) { $0 + hypot($1.u - mu, $1.v - mv) } / count)
    let unknowns = family == .similarity ? 4 : family == .affine ? 6 : 8
    var matrix = [Double](repeating: 0, count: unknowns * unknowns)
    var right = [Double](repeating: 0, count: unknowns)
    func add(_ row: [Double], _ value: Double, _ weight: Double) {
        for i in 0..<unknowns {
            right[i] += weight * row[i] * value
            for j in 0..<unknowns { matrix[i * unknowns + j] += weight * row[i] * row[j] }
        }
    }
    for place in places {
        let (x, y) = ((place.x - mx) / spread, (place.y - my) / spread)
        let (u, v) = ((place.u - mu) / sourceSpread, (place.v - mv) / sourceSpread)
        let q = 3 * residual(start, place) / reach
        var weight = 1 / (1 + q * q)
        switch family {
        case .similarity:
            add([x, -y, 1, 0], u, weight)
            add([y, x, 0, 1], v, weight)
        case .affine:
            add([x, y, 1, 0, 0, 0], u, weight)
            add([0, 0, 0, x, y, 1], v, weight)
        default:
            let d = start[2, 0] * place.x + start[2, 1] * place.y + start[2, 2]
            let middle = start[2, 0] * mx + start[2, 1] * my + start[2, 2]
            weight *= pow(middle / d, 2)
            guard weight.isFinite else { return nil }
            add([x, y, 1, 0, 0, 0, -u * x, -u * y], u, weight)
            add([0, 0, 0, x, y, 1, -v * x, -v * y], v, weight)
        }
    }
    let trace = (0..<unknowns).reduce(0) { $0 + matrix[$1 * unknowns + $1] }
    for i in 0..<unknowns { matrix[i * unknowns + i] += 1e-10 * trace }
    let solved: Void? = try? matrix.withUnsafeMutableBufferPointer { matrix throws(LinearAlgebraError) in
        try right.withUnsafeMutableBufferPointer { right throws(LinearAlgebraError) in
            try solvePositiveDefinite(count: 1, n: unknowns, rightHandSides: 1, matrix.baseAddress!, right.baseAddress!)
        }
    }
    guard solved != nil, right.allSatisfy(\.isFinite) else { return nil }
    let p = right
    let fit: Matrix3
    switch family {
    case .similarity: fit = Matrix3([p[0], -p[1], p[2], p[1], p[0], p[3], 0, 0, 1])
    case .affine: fit = Matrix3([p[0], p[1], p[2], p[3], p[4], p[5], 0, 0, 1])
    default: fit = Matrix3([p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], 1])
    }
    let whole =
        .translation(mu, mv) * .scaling(sourceSpread, sourceSpread) * fit * .scaling(1 / spread, 1 / spread) * .translation(-mx, -my)
    return whole.inverse == nil ? nil : whole
}
