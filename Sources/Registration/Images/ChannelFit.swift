import LinearAlgebra
import Tensors

/// The weights under which the channels of an image are most like another image of one channel on the same pixels: of grey, however it was
/// made, or of one band.
///
/// Least squares of what differs within blocks of 16 pixels a side, so that light which changes slowly has no say.
///
/// - Returns: As many weights as there are channels, the sum of their magnitudes 1; nil where nothing differs.
package func channelWeights(of colors: ComparedImage, like grey: ComparedImage) -> [Float]? {
    let (count, height, width) = (colors.channels, colors.height, colors.width)
    let block = 16
    var products = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count)
    colors.planes.withScalars { y in
        grey.planes.withScalars { x in
            for top in stride(from: 0, to: height, by: block) {
                for left in stride(from: 0, to: width, by: block) {
                    // Σ 1; of the channels and of the grey Σ v; Σ v w.
                    var pixels = 0.0
                    var sums = [Double](repeating: 0, count: count + 1)
                    var squares = [Double](repeating: 0, count: (count + 1) * (count + 1))
                    var v = sums
                    for row in top..<min(height, top + block) {
                        for i in row * width + left..<row * width + min(width, left + block) {
                            guard colors.counts.map({ $0[i] != 0 }) ?? true, grey.counts.map({ $0[i] != 0 }) ?? true else { continue }
                            for c in 0..<count { v[c] = Double(y[c * height * width + i]) }
                            v[count] = Double(x[i])
                            pixels += 1
                            for c in 0...count {
                                sums[c] += v[c]
                                for d in 0...c { squares[c * (count + 1) + d] += v[c] * v[d] }
                            }
                        }
                    }
                    guard pixels > 0 else { continue }
                    func centred(_ c: Int, _ d: Int) -> Double { squares[c * (count + 1) + d] - sums[c] * sums[d] / pixels }
                    for c in 0..<count {
                        right[c] += centred(count, c)
                        for d in 0...c {
                            products[c * count + d] += centred(c, d)
                            if d < c { products[d * count + c] += centred(c, d) }
                        }
                    }
                }
            }
        }
    }
    let trace = (0..<count).reduce(0) { $0 + products[$1 * count + $1] }
    guard trace > 0, trace.isFinite else { return nil }
    // Channels that are all the same share the weight.
    for c in 0..<count { products[c * count + c] += 1e-5 * trace }
    let solved: Void? = try? products.withUnsafeMutableBufferPointer { a throws(LinearAlgebraError) in
        try right.withUnsafeMutableBufferPointer { b throws(LinearAlgebraError) in
            try solvePositiveDefinite(count: 1, n: count, rightHandSides: 1, a.baseAddress!, b.baseAddress!)
        }
    }
    let magnitude = right.reduce(0) { $0 + abs($1) }
    guard solved != nil, magnitude > 0, magnitude.isFinite else { return nil }
    let sign: Double = right.reduce(0, +) < 0 ? -1 : 1
    return right.map { Float(sign * $0 / magnitude) }
}
