import LinearAlgebra

// Arithmetic of two tensors, element by element, with broadcasting as in NumPy: shapes are aligned at their last axes, and an axis of
// length 1, or a missing one, is repeated.

extension Tensor {
    /// Adds `other`, of the same shape, in place. A constant for gradients.
    mutating func add(_ other: Tensor) {
        precondition(shape == other.shape, "add: found the shapes \(shape) and \(other.shape), expected the same")
        withMutableScalars { sum in other.withScalars { addInPlace(sum, $0) } }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addInPlace<Scalar: FloatingScalar>(
    _ sum: UnsafeMutableBufferPointer<Scalar>, _ other: UnsafeBufferPointer<Scalar>
) {
    for i in 0..<sum.count { sum[i] += other[i] }
}
