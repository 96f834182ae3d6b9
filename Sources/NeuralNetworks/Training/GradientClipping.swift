import LinearAlgebra
import Tensors

/// The root of the sum of the squares of all elements of all gradients. Summed in `Double`, where no square of a `Float` overflows; the
/// same bits whatever the number of threads.
public func globalNorm<Scalar: FloatingScalar>(_ gradients: [Tensor<Scalar>]) -> Double {
    let squares = gradients.flatMap { gradient in
        gradient.withScalars { scalars in
            let pieceSize = 1 << 14
            return Tensor<Double>(shape: [(scalars.count + pieceSize - 1) / pieceSize]) { sums in
                let (sums, start) = (sums.baseAddress!, scalars.baseAddress!)
                Threads.forEachPiece(of: scalars.count, size: pieceSize) { piece in
                    sums[piece.lowerBound / pieceSize] = sumOfSquares(start + piece.lowerBound, count: piece.count)
                }
            }.scalars
        }
    }
    return squares.reduce(0, +).squareRoot()
}

/// Scales all gradients by the same number so that their global norm is at most `maximum`.
///
/// Where the norm is not finite, which no scaling mends, the gradients stay as they are.
/// - Returns: The norm before.
@discardableResult
public func clipByGlobalNorm<Scalar: FloatingScalar>(_ gradients: inout [Tensor<Scalar>], maximum: Double) -> Double {
    precondition(maximum > 0, "clipByGlobalNorm: found a maximum of \(maximum), expected more than 0")
    let norm = globalNorm(gradients)
    guard norm.isFinite && norm > maximum else { return norm }
    let factor = Scalar(maximum / norm)
    for i in gradients.indices { gradients[i] *= factor }
    return norm
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func sumOfSquares<Scalar: FloatingScalar>(_ x: UnsafePointer<Scalar>, count: Int) -> Double {
    // Sums side by side, as one addition need not wait for the one before.
    var sums = SIMD8<Double>()
    let whole = count & ~7
    for i in stride(from: 0, to: whole, by: 8) {
        for lane in 0..<8 {
            let element = Double(x[i + lane])
            sums[lane] += element * element
        }
    }
    var sum = sums.sum()
    for i in whole..<count { sum += Double(x[i]) * Double(x[i]) }
    return sum
}
