import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// LAPACK's solve of positive definite matrices of any size.
final class SolvePositiveDefiniteTests: XCTestCase {
    func testByReconstructionAndAgainstPlainElimination() throws {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type, _ tolerance: Double) throws {
            for (count, n, rightHandSides) in [(0, 3, 1), (1, 0, 1), (3, 1, 2), (5, 2, 1), (4, 3, 0), (7, 8, 3), (5000, 3, 2), (2, 40, 5)] {
                let systems = TestSystems<Scalar>(count: count, n: n, rightHandSides: rightHandSides, positiveDefinite: true, seed: 1)
                var (a, x) = (systems.a, systems.b)
                // The upper triangle is not read.
                for i in a.indices where i % n > i / n % n { a[i] = .nan }
                try solvePositiveDefinite(count: count, n: n, rightHandSides: rightHandSides, &a, &x)
                let message = "\(type): \(count) of \(n)x\(n), \(rightHandSides) right-hand sides"
                assertClose(Tensor(x).cast(to: Double.self), Tensor(systems.naiveSolutions), tolerance: tolerance, message)
                let reconstructed = (0..<count).flatMap { naiveProduct(systems.matrix($0), systems.rows(of: x, $0)).flatMap { $0 } }
                assertClose(Tensor(reconstructed), Tensor(systems.b).cast(to: Double.self), tolerance: tolerance, message)
            }
        }
        try check(Float.self, 1e-4)
        try check(Double.self, 1e-12)
    }

    func testFirstBadMatrixIsNamed() {
        let bad: [[Double]] = [[1, 0, 0, 0, -1, 0, 0, 0, 1], [1, 1, 0, 1, 1, 0, 0, 0, 1], [.nan, 0, 0, 0, 1, 0, 0, 0, 1]]
        let systems = TestSystems<Double>(count: 6000, n: 3, rightHandSides: 1, positiveDefinite: true, seed: 2)
        assertFirstIsNamed(systems, bad, { .notPositiveDefinite(matrix: $0) }) { (a, b) throws(LinearAlgebraError) in
            try solvePositiveDefinite(count: 6000, n: 3, rightHandSides: 1, &a, &b)
        }
    }
}

/// The closed-form solve of many 3x3 matrices.
final class SolvePositiveDefinite3Tests: XCTestCase {
    /// Batches around a tile of 64 and a piece of 4096.
    func testAgainstPlainEliminationAndLAPACK() throws {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type, _ tolerance: Double) throws {
            for count in [0, 1, 2, 63, 64, 65, 130, 4095, 4096, 4097, 9001] {
                for rightHandSides in [0, 1, 3, 5] {
                    for epsilon in [0, 0.25] as [Scalar] where count < 200 || rightHandSides == 3 {
                        var systems = TestSystems<Scalar>(
                            count: count, n: 3, rightHandSides: rightHandSides, positiveDefinite: true, seed: 3)
                        let (a, planes) = (systems.matrixPlanes, systems.rightPlanes)
                        var b = planes
                        try solvePositiveDefinite3(count: count, rightHandSides: rightHandSides, epsilon: epsilon, a, &b)
                        for i in systems.a.indices where [0, 4, 8].contains(i % 9) { systems.a[i] += epsilon }
                        let found = Tensor(systems.interleaved(b)).cast(to: Double.self)
                        let message = "\(type): \(count), \(rightHandSides) right-hand sides, epsilon \(epsilon)"
                        assertClose(found, Tensor(systems.naiveSolutions), tolerance: tolerance, message)
                        try solvePositiveDefinite(count: count, n: 3, rightHandSides: rightHandSides, &systems.a, &systems.b)
                        assertClose(found, Tensor(systems.b).cast(to: Double.self), tolerance: tolerance, message + ", LAPACK")
                    }
                }
            }
        }
        try check(Float.self, 1e-4)
        try check(Double.self, 1e-12)
    }

    /// Each pivot in turn zero, negative, too small for a reciprocal, or not a number.
    func testEveryBadPivotIsFound() {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type) {
            for pivot in [0, 3, 5] {
                for value in [0, -0.0, -1, .nan, .infinity, .leastNonzeroMagnitude] as [Scalar] {
                    for coupling in [0, 0.5] as [Scalar] {
                        var a: [Scalar] = [1, 0, 0, 1, 0, 1]
                        a[pivot] = value
                        if coupling != 0 && value > 0 { continue }
                        for i in [1, 2, 4] { a[i] = coupling }
                        assertFails([a], at: 0, "\(type): \(a)")
                    }
                }
            }
            for place in 0..<6 {
                var a: [Scalar] = [1, 0, 0, 1, 0, 1]
                a[place] = .nan
                assertFails([a], at: 0, "\(type): \(a)")
            }
            assertFails([[1, 1, 0, 1, 0, 1]], at: 0, "\(type): the second pivot is zero")
            assertFails([[1, 0, 1, 1, 0, 1]], at: 0, "\(type): the third pivot is zero")
        }
        check(Float.self)
        check(Double.self)
    }

    func testEpsilonMendsSemidefiniteMatrices() throws {
        let a: [Double] = [1, 1, 0, 1, 0, 0]
        var b: [Double] = [1, 1, 0.5]
        try solvePositiveDefinite3(count: 1, rightHandSides: 1, epsilon: 0.5, a, &b)
        assertClose(Tensor(b), Tensor([0.4, 0.4, 1]), tolerance: 1e-14)
    }

    func testFirstBadMatrixIsNamed() {
        for threads in 1...3 {
            for bad in [[0, 1], [63, 64], [64, 70], [4095, 4096], [4097, 8191, 9000], [8999, 9000]] {
                var matrices = [[Float]](repeating: [2, 0.5, 0, 2, 0.5, 2], count: 9001)
                for (i, place) in bad.reversed().enumerated() {
                    matrices[place] = i % 2 == 0 ? [1, 2, 0, 1, 0, 1] : [1, 0, 0, .nan, 0, 1]
                }
                Threads.with(count: threads) { assertFails(matrices, at: bad[0], "\(threads) threads, \(bad)") }
            }
        }
    }

    func testSameBitsOnAnyNumberOfThreads() throws {
        let systems = TestSystems<Float>(count: 9001, n: 3, rightHandSides: 3, positiveDefinite: true, seed: 4)
        let planes = systems.matrixPlanes
        func run(_ threads: Int) throws -> [[Float]] {
            try Threads.with(count: threads) {
                var (a, b, c) = (systems.a, systems.b, systems.rightPlanes)
                try solvePositiveDefinite3(count: 9001, rightHandSides: 3, planes, &c)
                try solvePositiveDefinite(count: 9001, n: 3, rightHandSides: 3, &a, &b)
                return [b, c]
            }
        }
        let one = try run(1)
        for threads in 2...3 { XCTAssertEqual(try run(threads), one, "\(threads) threads") }
    }

    /// - Parameter matrices: xx, xy, xz, yy, yz, zz of each.
    private func assertFails<Scalar: FloatingScalar>(_ matrices: [[Scalar]], at index: Int, _ message: String, line: UInt = #line) {
        let a = (0..<6).flatMap { plane in matrices.map { $0[plane] } }
        var b = [Scalar](repeating: 1, count: 3 * matrices.count)
        XCTAssertThrowsError(try solvePositiveDefinite3(count: matrices.count, rightHandSides: 1, a, &b), message, line: line) {
            XCTAssertEqual($0 as? LinearAlgebraError, .notPositiveDefinite(matrix: index), message, line: line)
        }
    }
}

extension TestSystems {
    /// xx, xy, xz, yy, yz, zz of all matrices, which are 3x3.
    fileprivate var matrixPlanes: [Scalar] { [0, 1, 2, 4, 5, 8].flatMap { place in (0..<count).map { a[9 * $0 + place] } } }

    /// `b` with the batch as the fastest dimension.
    fileprivate var rightPlanes: [Scalar] {
        let size = n * rightHandSides
        return (0..<size).flatMap { place in (0..<count).map { b[size * $0 + place] } }
    }

    /// Such planes laid out as `b`.
    fileprivate func interleaved(_ planes: [Scalar]) -> [Scalar] {
        (0..<count).flatMap { i in (0..<n * rightHandSides).map { planes[$0 * count + i] } }
    }
}
