import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class GeneralSolveTests: XCTestCase {
    func testAgainstPlainElimination() throws {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type, _ tolerance: Double) throws {
            for (count, n, rightHandSides) in [(0, 3, 1), (1, 0, 1), (3, 1, 2), (5, 2, 1), (4, 3, 0), (7, 8, 3), (3000, 3, 2), (2, 40, 5)] {
                let systems = TestSystems<Scalar>(count: count, n: n, rightHandSides: rightHandSides, positiveDefinite: false, seed: 3)
                var (a, x) = (systems.a, systems.b)
                try solve(count: count, n: n, rightHandSides: rightHandSides, &a, &x)
                let message = "\(type): \(count) of \(n)x\(n), \(rightHandSides) right-hand sides"
                for i in 0..<count {
                    // By reconstruction, relative to the solution: some of many random matrices are close to singular.
                    let solution = systems.rows(of: x, i)
                    let size = solution.joined().map(abs).max() ?? 0
                    let residual = zip(naiveProduct(systems.matrix(i), solution).joined(), systems.right(i).joined()).map { abs($0 - $1) }
                    XCTAssertLessThanOrEqual(residual.max() ?? 0, tolerance * max(1, size), message)
                }
                guard count < 100, type == Double.self else { continue }
                assertClose(Tensor(x).cast(to: Double.self), Tensor(systems.naiveSolutions), tolerance: 1e-9, message)
            }
        }
        try check(Float.self, 1e-5)
        try check(Double.self, 1e-13)
    }

    func testPivots() throws {
        var (a, b): ([Double], [Double]) = ([0, 1, 2, 0], [3, 8])
        try solve(count: 1, n: 2, rightHandSides: 1, &a, &b)
        XCTAssertEqual(b, [4, 3])
    }

    func testFirstSingularMatrixIsNamed() {
        let bad: [[Double]] = [[1, 2, 3, 2, 4, 6, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, .nan, 0, 0, 0, 1]]
        let systems = TestSystems<Double>(count: 6000, n: 3, rightHandSides: 1, positiveDefinite: false, seed: 4)
        assertFirstIsNamed(systems, bad, { .singular(matrix: $0) }) { (a, b) throws(LinearAlgebraError) in
            try solve(count: 6000, n: 3, rightHandSides: 1, &a, &b)
        }
    }

    /// A right-hand side that is not a number is no fault of the matrix: it spoils its own solution alone.
    func testNaNInARightHandSide() throws {
        var (a, b): ([Double], [Double]) = ([2, 0, 0, 2, 4, 0, 0, 4], [1, .nan, 1, 2])
        var (c, d) = (a, b)
        try solve(count: 2, n: 2, rightHandSides: 1, &a, &b)
        XCTAssertEqual(Array(b[2...]), [0.25, 0.5])
        XCTAssert(b[1].isNaN)
        try solvePositiveDefinite(count: 2, n: 2, rightHandSides: 1, &c, &d)
        XCTAssertEqual(Array(d[2...]), [0.25, 0.5])
        XCTAssert(d[1].isNaN)
    }
}

final class LeastSquaresTests: XCTestCase {
    /// A = U V of a given rank: the residual is orthogonal to A's columns, and the solution is a combination of A's rows.
    func testEveryShapeAndRank() throws {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type, _ tolerance: Double) throws {
            for (rows, columns, rank) in [
                (9, 4, 4), (3, 7, 3), (5, 5, 5), (9, 6, 2), (4, 8, 2), (6, 6, 3), (1, 1, 1), (1, 5, 1), (5, 1, 1),
            ] {
                for rightHandSides in [1, 3] {
                    let (u, v) = (TestMatrix<Scalar>(rows, rank, seed: 5).naive, TestMatrix<Scalar>(rank, columns, seed: 6).naive)
                    let a = naiveProduct(u, v).map { $0.map { Double(Scalar($0)) } }
                    let b = TestMatrix<Scalar>(rows, rightHandSides, seed: 7).naive
                    var stored = a.joined().map { Scalar($0) }
                    // What lies behind B's rows is not read.
                    let unread = [Scalar](repeating: .nan, count: max(0, columns - rows) * rightHandSides)
                    var solution = b.joined().map { Scalar($0) } + unread
                    let found = try solveLeastSquares(rows: rows, columns: columns, rightHandSides: rightHandSides, &stored, &solution)
                    let message = "\(type): \(rows)x\(columns) of rank \(rank)"
                    XCTAssertEqual(found, rank, message)
                    let x = (0..<columns).map { i in (0..<rightHandSides).map { Double(solution[i * rightHandSides + $0]) } }
                    let product = naiveProduct(a, x)
                    let residual = (0..<rows).map { i in zip(product[i], b[i]).map { $0 - $1 } }
                    let orthogonal = naiveProduct(naiveTransposed(a), residual).joined()
                    XCTAssertLessThanOrEqual(orthogonal.map(abs).max()!, tolerance, message)
                    let byRows = naiveSolve(naiveProduct(v, naiveTransposed(v)), naiveProduct(v, x))
                    let projected = naiveProduct(naiveTransposed(v), byRows)
                    assertClose(Tensor(Array(x.joined())), Tensor(Array(projected.joined())), tolerance: tolerance, message)
                }
            }
        }
        try check(Float.self, 5e-5)
        try check(Double.self, 1e-12)
    }

    func testZeroMatrix() throws {
        var (a, b): ([Double], [Double]) = ([Double](repeating: 0, count: 6), [1, 2, 3])
        XCTAssertEqual(try solveLeastSquares(rows: 3, columns: 2, rightHandSides: 1, &a, &b), 0)
        XCTAssertEqual(Array(b[..<2]), [0, 0])
    }

    func testNaNDoesNotConverge() {
        for (matrix, right) in [([1, .nan, 0, 1], [1, 1]), ([1, 0, 0, 1], [1, .nan])] as [([Double], [Double])] {
            var (a, b) = (matrix, right)
            XCTAssertThrowsError(try solveLeastSquares(rows: 2, columns: 2, rightHandSides: 1, &a, &b)) {
                XCTAssertEqual($0 as? LinearAlgebraError, .notConverged(matrix: 0))
            }
        }
    }
}

extension TestMatrix {
    fileprivate var naive: NaiveMatrix {
        (0..<layout.rows).map { row in (0..<layout.columns).map { Double(self[row, $0]) } }
    }
}
