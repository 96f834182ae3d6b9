import Glibc
import LinearAlgebra

/// Two keypoints that look alike, in pixels of the two images.
struct Match: Sendable {
    var target, source: Keypoint
    /// The distance over that of the second best; the smaller, the surer.
    var ratio: Float
}

/// For each target keypoint the source's that looks most like it, where that is clearly nearer than any elsewhere and the choice is mutual;
/// surest first, at most `limit`.
func matches(_ target: Descriptors, _ source: Descriptors, limit: Int) -> [Match] {
    let (n, m) = (target.keypoints.count, source.keypoints.count)
    guard n > 0, m > 1 else { return [] }
    let products = [Float](unsafeUninitializedCapacity: n * m) { products, initialized in
        target.rows.withUnsafeBufferPointer { a in
            source.rows.withUnsafeBufferPointer { b in
                gemm(
                    transposeB: true, a.baseAddress!, MatrixLayout(n, Descriptors.length), b.baseAddress!,
                    MatrixLayout(m, Descriptors.length),
                    into: products.baseAddress!, MatrixLayout(n, m))
            }
        }
        initialized = n * m
    }
    var bestOfSource = [(product: Float, target: Int)](repeating: (-1, -1), count: m)
    var nearest = [(product: Float, source: Int)](repeating: (-1, -1), count: n)
    products.withUnsafeBufferPointer { products in
        for i in 0..<n {
            for j in 0..<m {
                let product = products[i * m + j]
                if product > nearest[i].product { nearest[i] = (product, j) }
                if product > bestOfSource[j].product { bestOfSource[j] = (product, i) }
            }
        }
    }
    var found: [Match] = []
    for i in 0..<n {
        let (product, j) = nearest[i]
        guard j >= 0 else { continue }
        // Of one place with two directions, the other direction may have been chosen from there.
        let other = target.keypoints[bestOfSource[j].target], own = target.keypoints[i]
        guard hypot(other.x - own.x, other.y - own.y) < 2 else { continue }
        let place = source.keypoints[j]
        var second: Float = 0
        for k in 0..<m where products[i * m + k] > second {
            let other = source.keypoints[k]
            if hypot(other.x - place.x, other.y - place.y) > 2 * place.sigma { second = products[i * m + k] }
        }
        let ratio = (max(0, 1 - product) / max(1e-6, 1 - second)).squareRoot()
        if ratio < mostAlike { found.append(Match(target: own, source: place, ratio: ratio)) }
    }
    let order = found.indices.sorted { (found[$0].ratio, $0) < (found[$1].ratio, $1) }
    return order.prefix(limit).map { found[$0] }
}

/// Lowe's ratio, a little above his 0.8: the consensus sorts out the rest.
private let mostAlike: Float = 0.85
