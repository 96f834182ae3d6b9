import COpenBLAS
import Synchronization

/// Solves A_i X_i = B_i in place for `count` symmetric positive definite matrices through LAPACK's Cholesky (`posv`).
///
/// - Parameters:
///   - count: The number of systems.
///   - n: The number of unknowns of each.
///   - rightHandSides: The number of columns of each B_i.
///   - a: `count` matrices of n x n, row-major, one after the other; the lower triangle is read and overwritten by the factor.
///   - b: `count` matrices of n x `rightHandSides`, row-major; overwritten by the solutions.
/// - Throws: `LinearAlgebraError.notPositiveDefinite` with the first matrix that is not, or holds a NaN; `a` and `b` then hold no result.
public func solvePositiveDefinite<Scalar: FloatingScalar>(
    count: Int, n: Int, rightHandSides: Int, _ a: UnsafeMutablePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>
) throws(LinearAlgebraError) {
    let failure = firstFailure(of: count, operations: n * n * (n + rightHandSides)) { i in
        holdsNaN(a + i * n * n, n, lowerTriangle: true)
            || Scalar._posv(
                Int32(n), Int32(rightHandSides), a + i * n * n, b + i * n * rightHandSides, Int32(max(1, rightHandSides))) != 0
    }
    if let failure { throw .notPositiveDefinite(matrix: failure) }
}

/// Solves (A_i + epsilon E) X_i = B_i in place for `count` symmetric positive definite 3x3 matrices: Eq. 7's solve, many at once.
///
/// The batch is the fastest dimension, so that the closed-form Cholesky runs on whole vectors of matrices.
/// - Parameters:
///   - count: The number of systems.
///   - rightHandSides: The number of columns of each B_i.
///   - epsilon: Added to the diagonal of every matrix.
///   - a: six planes of `count`: xx, xy, xz, yy, yz, zz.
///   - b: 3 · `rightHandSides` planes of `count`: component r of right-hand side c is plane r · rightHandSides + c.
/// - Throws: `LinearAlgebraError.notPositiveDefinite` with the first matrix that is not; `b` then holds no result.
public func solvePositiveDefinite3<Scalar: FloatingScalar>(
    count: Int, rightHandSides: Int, epsilon: Scalar = 0, _ a: UnsafePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>
) throws(LinearAlgebraError) {
    let first = Atomic<Int>(Int.max)
    Threads.forEachPiece(of: count, size: 4096) { piece in
        let failed = Scalar.kernels.solve3(
            piece.count, count, Int32(rightHandSides), Double(epsilon), a + piece.lowerBound, b + piece.lowerBound)
        if failed >= 0 { first.min(piece.lowerBound + failed, ordering: .relaxed) }
    }
    let failure = first.load(ordering: .relaxed)
    if failure != Int.max { throw .notPositiveDefinite(matrix: failure) }
}

/// Solves A_i X_i = B_i in place for `count` general square matrices through LAPACK's LU (`gesv`).
///
/// - Parameters:
///   - count: The number of systems.
///   - n: The number of unknowns of each.
///   - rightHandSides: The number of columns of each B_i.
///   - a: `count` matrices of n x n, row-major; overwritten by the factors.
///   - b: `count` matrices of n x `rightHandSides`, row-major; overwritten by the solutions.
/// - Throws: `LinearAlgebraError.singular` with the first matrix that is singular or holds a NaN.
public func solve<Scalar: FloatingScalar>(
    count: Int, n: Int, rightHandSides: Int, _ a: UnsafeMutablePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>
) throws(LinearAlgebraError) {
    let failure = firstFailure(of: count, operations: n * n * (n + rightHandSides)) { i in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, n)) { pivots in
            holdsNaN(a + i * n * n, n, lowerTriangle: false)
                || Scalar._gesv(
                    Int32(n), Int32(rightHandSides), a + i * n * n, pivots.baseAddress!, b + i * n * rightHandSides,
                    Int32(max(1, rightHandSides))) != 0
        }
    }
    if let failure { throw .singular(matrix: failure) }
}

/// The shortest least-squares solution of A X = B, also where A has not full rank, through LAPACK's `gelsd`.
///
/// - Parameters:
///   - rows: The number of equations.
///   - columns: The number of unknowns.
///   - rightHandSides: The number of columns of B.
///   - a: rows x columns, row-major; overwritten.
///   - b: max(rows, columns) x `rightHandSides`, row-major, B in its first `rows` rows; overwritten by X in its first `columns` rows.
/// - Returns: The rank of A to working precision.
/// - Throws: `LinearAlgebraError.notConverged`, also where A or B holds a NaN.
@discardableResult
public func solveLeastSquares<Scalar: FloatingScalar>(
    rows: Int, columns: Int, rightHandSides: Int, _ a: UnsafeMutablePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>
) throws(LinearAlgebraError) -> Int {
    OpenBLAS.prepare()
    // LAPACKE looks for NaNs in all of B, also where there is none yet.
    if columns > rows { (b + rows * rightHandSides).update(repeating: 0, count: (columns - rows) * rightHandSides) }
    var rank: Int32 = 0
    let info = withUnsafeTemporaryAllocation(of: Scalar.self, capacity: max(1, min(rows, columns))) { values in
        Scalar._gelsd(
            Int32(rows), Int32(columns), Int32(rightHandSides), a, b, Int32(max(1, rightHandSides)), values.baseAddress!, &rank)
    }
    if info != 0 { throw .notConverged(matrix: 0) }
    return Int(rank)
}

/// LAPACK itself does not see NaNs, and LAPACKE's check blames the matrix for those of a right-hand side too.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func holdsNaN<Scalar: FloatingScalar>(_ a: UnsafePointer<Scalar>, _ n: Int, lowerTriangle: Bool) -> Bool {
    for row in 0..<n {
        for column in 0..<(lowerTriangle ? row + 1 : n) where a[row * n + column].isNaN { return true }
    }
    return false
}

/// The lowest index whose solve fails, whatever order the threads come in.
private func firstFailure(of count: Int, operations: Int, _ fails: (Int) -> Bool) -> Int? {
    OpenBLAS.prepare()
    let first = Atomic<Int>(Int.max)
    Threads.forEachPiece(of: count, size: max(1, 100_000 / max(1, operations))) { piece in
        for i in piece where fails(i) {
            first.min(i, ordering: .relaxed)
            break
        }
    }
    let failure = first.load(ordering: .relaxed)
    return failure == Int.max ? nil : failure
}
