import COpenBLAS

/// A row-major matrix in memory: `rows` x `columns`, each row contiguous, the next one `stride` elements on.
public struct MatrixLayout: Equatable, Sendable {
    /// The number of rows, and of elements in each.
    public var rows, columns: Int
    /// Elements from the start of one row to that of the next: `columns`, or more where rows are a part of longer ones.
    public var stride: Int

    /// - Parameters:
    ///   - rows: The number of rows; may be 0.
    ///   - columns: The number of elements in each; may be 0.
    ///   - stride: Elements from the start of one row to that of the next, at least `columns`; nil for rows without gaps.
    public init(_ rows: Int, _ columns: Int, stride: Int? = nil) {
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        precondition(
            rows >= 0 && columns >= 0 && self.stride >= columns && self.stride <= Int(Int32.max) && rows <= Int(Int32.max),
            "MatrixLayout: found \(rows)x\(columns) with stride \(self.stride), expected a stride of at least \(columns)")
    }
}

/// C = alpha op(A) op(B) + beta C, where op transposes or not.
///
/// `aLayout` and `bLayout` are A and B as they lie in memory, before `op`; `beta` 0 overwrites C without reading it.
/// - Complexity: 2·m·n·k operations, spread over `Threads.count` threads by pieces of C.
public func gemm<Scalar: FloatingScalar>(
    transposeA: Bool = false, transposeB: Bool = false, alpha: Scalar = 1,
    _ a: UnsafePointer<Scalar>, _ aLayout: MatrixLayout, _ b: UnsafePointer<Scalar>, _ bLayout: MatrixLayout,
    beta: Scalar = 0, into c: UnsafeMutablePointer<Scalar>, _ cLayout: MatrixLayout
) {
    let k = checkedDepth(transposeA, transposeB, aLayout, bLayout, cLayout)
    let (m, n) = (cLayout.rows, cLayout.columns)
    // Pieces of C's longer side, of a size that depends on the shapes alone.
    let byRows = m >= n
    let pieceSize = max(64, roundUp(piecework / max(1, 2 * k * min(m, n)), to: 16))
    Threads.forEachPiece(of: byRows ? m : n, size: pieceSize) { piece in
        let (row, column) = byRows ? (piece.lowerBound, 0) : (0, piece.lowerBound)
        gemmOnThisThread(
            transposeA, transposeB, byRows ? piece.count : m, byRows ? n : piece.count, k, alpha,
            a + (transposeA ? row : row * aLayout.stride), aLayout.stride,
            b + (transposeB ? column * bLayout.stride : column), bLayout.stride,
            beta, c + row * cLayout.stride + column, cLayout.stride)
    }
}

/// The same product on the calling thread alone: for code that spreads its own work, of which the product is a part.
package func gemmOnOneThread<Scalar: FloatingScalar>(
    transposeA: Bool = false, transposeB: Bool = false, alpha: Scalar = 1,
    _ a: UnsafePointer<Scalar>, _ aLayout: MatrixLayout, _ b: UnsafePointer<Scalar>, _ bLayout: MatrixLayout,
    beta: Scalar = 0, into c: UnsafeMutablePointer<Scalar>, _ cLayout: MatrixLayout
) {
    let k = checkedDepth(transposeA, transposeB, aLayout, bLayout, cLayout)
    gemmOnThisThread(
        transposeA, transposeB, cLayout.rows, cLayout.columns, k, alpha, a, aLayout.stride, b, bLayout.stride, beta, c, cLayout.stride)
}

/// `count` independent products: C_i = alpha op(A_i) op(B_i) + beta C_i, matrix i of each operand `stride` · i elements on.
///
/// A stride of 0 for A or B uses the same matrix for all.
public func batchedGemm<Scalar: FloatingScalar>(
    count: Int, transposeA: Bool = false, transposeB: Bool = false, alpha: Scalar = 1,
    _ a: UnsafePointer<Scalar>, _ aLayout: MatrixLayout, stride aStride: Int,
    _ b: UnsafePointer<Scalar>, _ bLayout: MatrixLayout, stride bStride: Int,
    beta: Scalar = 0, into c: UnsafeMutablePointer<Scalar>, _ cLayout: MatrixLayout, stride cStride: Int
) {
    if count == 1 {
        return gemm(
            transposeA: transposeA, transposeB: transposeB, alpha: alpha, a, aLayout, b, bLayout, beta: beta, into: c, cLayout)
    }
    let k = checkedDepth(transposeA, transposeB, aLayout, bLayout, cLayout)
    let pieceSize = max(1, piecework / max(1, 2 * cLayout.rows * cLayout.columns * k))
    Threads.forEachPiece(of: count, size: pieceSize) { piece in
        for i in piece {
            gemmOnThisThread(
                transposeA, transposeB, cLayout.rows, cLayout.columns, k, alpha, a + i * aStride, aLayout.stride,
                b + i * bStride, bLayout.stride, beta, c + i * cStride, cLayout.stride)
        }
    }
}

/// Operations in a piece: enough that handing it to a thread costs nothing beside it.
private let piecework = 4_000_000

private func roundUp(_ x: Int, to step: Int) -> Int { (x + step - 1) / step * step }

private func checkedDepth(
    _ transposeA: Bool, _ transposeB: Bool, _ a: MatrixLayout, _ b: MatrixLayout, _ c: MatrixLayout
) -> Int {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (k2, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(
        k == k2 && m == c.rows && n == c.columns,
        "gemm: found \(m)x\(k) times \(k2)x\(n) into \(c.rows)x\(c.columns), expected agreeing shapes")
    return k
}

private func gemmOnThisThread<Scalar: FloatingScalar>(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Scalar,
    _ a: UnsafePointer<Scalar>, _ lda: Int, _ b: UnsafePointer<Scalar>, _ ldb: Int, _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>, _ ldc: Int
) {
    guard m > 0, n > 0 else { return }
    // A sum of nothing, which not every BLAS takes for 0.
    guard k > 0 else { return scale(c, ldc, m, n, by: beta) }
    OpenBLAS.prepare()
    Scalar._gemm(
        transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), alpha,
        a, Int32(max(1, lda)), b, Int32(max(1, ldb)), beta, c, Int32(max(1, ldc)))
}

/// Multiplies the elements of a matrix by `factor`; 0 overwrites them without reading them.
private func scale<Scalar: FloatingScalar>(_ c: UnsafeMutablePointer<Scalar>, _ stride: Int, _ rows: Int, _ columns: Int, by factor: Scalar)
{
    for row in 0..<rows {
        for column in 0..<columns { c[row * stride + column] = factor == 0 ? 0 : factor * c[row * stride + column] }
    }
}
