import LinearAlgebra

extension Tensor {
    /// The sums along `axis` up to and with each element.
    ///
    /// - Parameters:
    ///   - axis: Negative ones count from the end.
    ///   - reversed: From the end: each element and what comes after it.
    public func cumulativeSum(axis: Int, reversed: Bool = false) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "cumulativeSum")
        let inner = shape[(axis + 1)...].reduce(1, *)
        let result = Tensor(uninitialized: shape)
        if count > 0 { accumulate(base, length: shape[axis], inner: inner, count: count, reversed, into: result.base) }
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { $0.cumulativeSum(axis: axis, reversed: !reversed) }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func accumulate<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, length: Int, inner: Int, count: Int, _ reversed: Bool, into out: UnsafeMutablePointer<Scalar>
) {
    // Neighbouring columns side by side, for the sake of whole cache lines. Sums in Double: they may be long.
    let part = min(inner, 64)
    let parts = (inner + part - 1) / part
    Threads.forEachPiece(of: count / (length * inner) * parts, size: max(1, pieceSize / (length * part))) { piece in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: part) { sums in
            for item in piece {
                let (start, width) = (item / parts * length * inner + item % parts * part, min(part, inner - item % parts * part))
                sums.update(repeating: 0)
                for step in 0..<length {
                    let row = start + (reversed ? length - 1 - step : step) * inner
                    for i in 0..<width {
                        sums[i] += Double(x[row + i])
                        out[row + i] = Scalar(sums[i])
                    }
                }
            }
        }
    }
}
