import LinearAlgebra
import TestSupport
import XCTest

/// Products and solves without rows, columns, depth, matrices or right-hand sides.
final class EmptyTests: XCTestCase {
    func testProducts() {
        check(Float.self)
        check(Double.self)
    }

    private func check<Scalar: FloatingScalar>(_ type: Scalar.Type) {
        for lengths in emptied([3, 5, 4]) {
            let (m, n, k) = (lengths[0], lengths[1], lengths[2])
            for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
                let a = transposeA ? MatrixLayout(k, m) : MatrixLayout(m, k)
                let b = transposeB ? MatrixLayout(n, k) : MatrixLayout(k, n)
                let some = [Scalar](repeating: 7, count: 64)
                for beta in [0, 1, 2] as [Scalar] {
                    // A row of C has one element more, which is not C's.
                    let c = MatrixLayout(m, n, stride: n + 1)
                    let start = [Scalar](repeating: beta == 0 ? .nan : 3, count: 2 * 3 * 6)
                    func expected(_ count: Int) -> [Scalar] {
                        var result = start
                        for i in 0..<count {
                            for row in 0..<m { for column in 0..<n { result[i * 18 + row * (n + 1) + column] = 3 * beta } }
                        }
                        return result
                    }
                    func assertSame(_ found: [Scalar], _ count: Int, _ name: String) {
                        let same = zip(found, expected(count)).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
                        XCTAssert(same, "\(name) \(type) \(lengths) \(transposeA) \(transposeB) beta \(beta): found \(found)")
                    }
                    var one = start
                    gemm(transposeA: transposeA, transposeB: transposeB, some, a, some, b, beta: beta, into: &one, c)
                    assertSame(one, 1, "gemm")
                    one = start
                    gemmOnOneThread(transposeA: transposeA, transposeB: transposeB, some, a, some, b, beta: beta, into: &one, c)
                    assertSame(one, 1, "gemmOnOneThread")
                    for count in [0, 1, 2] {
                        var many = start
                        batchedGemm(
                            count: count, transposeA: transposeA, transposeB: transposeB, some, a, stride: 20, some, b, stride: 0,
                            beta: beta,
                            into: &many, c, stride: 18)
                        assertSame(many, count, "batchedGemm of \(count)")
                    }
                }
            }
        }
    }

    func testSolves() throws {
        for (count, n, columns) in [(0, 3, 2), (2, 0, 2), (2, 3, 0), (0, 0, 0)] {
            // Two identities, and right-hand sides that stay as they are.
            var a = [Double]([1, 0, 0, 0, 1, 0, 0, 0, 1] + [1, 0, 0, 0, 1, 0, 0, 0, 1])
            var b = [Double](repeating: 5, count: 12)
            try solvePositiveDefinite(count: count, n: n, rightHandSides: columns, &a, &b)
            XCTAssertEqual(b, [Double](repeating: 5, count: 12))
            try solve(count: count, n: n, rightHandSides: columns, &a, &b)
            XCTAssertEqual(b, [Double](repeating: 5, count: 12))
        }
        let planes: [Float] = [1, 0, 0, 1, 0, 1]
        var b: [Float] = [5, 5, 5]
        try solvePositiveDefinite3(count: 0, rightHandSides: 1, planes, &b)
        try solvePositiveDefinite3(count: 1, rightHandSides: 0, planes, &b)
        XCTAssertEqual(b, [5, 5, 5])
    }

    /// The shortest solution of no equations is zero.
    func testLeastSquares() throws {
        var a = [Double](repeating: 1, count: 6)
        var b = [Double](repeating: 5, count: 6)
        XCTAssertEqual(try solveLeastSquares(rows: 0, columns: 3, rightHandSides: 2, &a, &b), 0)
        XCTAssertEqual(b, [Double](repeating: 0, count: 6))
        b = [Double](repeating: 5, count: 6)
        XCTAssertEqual(try solveLeastSquares(rows: 3, columns: 0, rightHandSides: 2, &a, &b), 0)
    }
}
