/// A system of equations that has no solution of the kind asked for.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
    /// A matrix of the batch (counted from 0) is not positive definite, or holds a NaN.
    case notPositiveDefinite(matrix: Int)
    /// A matrix of the batch (counted from 0) is singular.
    case singular(matrix: Int)
    /// The singular value decomposition behind a least-squares solution did not converge.
    case notConverged(matrix: Int)

    public var description: String {
        switch self {
        case .notPositiveDefinite(let matrix): "matrix \(matrix) of the batch is not positive definite"
        case .singular(let matrix): "matrix \(matrix) of the batch is singular"
        case .notConverged(let matrix): "the singular value decomposition of matrix \(matrix) of the batch did not converge"
        }
    }
}
