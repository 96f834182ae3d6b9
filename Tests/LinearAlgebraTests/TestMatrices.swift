import LinearAlgebra
import Tensors
import TestSupport
import XCTest

/// A random matrix in memory. Its rows may have gaps between them, filled with NaN: what reads them shows it, and so does what writes.
struct TestMatrix<Scalar: FloatingScalar> {
    let layout: MatrixLayout
    var scalars: [Scalar]

    init(_ rows: Int, _ columns: Int, gap: Int = 0, seed: UInt64) {
        layout = MatrixLayout(rows, columns, stride: columns + gap)
        scalars = randomTensor([rows, columns + gap], seed: seed).scalars
        for i in scalars.indices where i % (columns + gap) >= columns { scalars[i] = .nan }
    }

    subscript(row: Int, column: Int) -> Scalar {
        get { scalars[row * layout.stride + column] }
        set { scalars[row * layout.stride + column] = newValue }
    }

    var transposed: TestMatrix {
        var result = TestMatrix(layout.columns, layout.rows, seed: 0)
        for i in 0..<layout.rows { for j in 0..<layout.columns { result[j, i] = self[i, j] } }
        return result
    }

    /// Gaps included.
    var tensor: Tensor<Scalar> { Tensor(scalars, shape: [layout.rows, layout.stride]) }
}

/// A batch of square systems A X = B in memory, one after the other.
struct TestSystems<Scalar: FloatingScalar> {
    let count, n, rightHandSides: Int
    var a, b: [Scalar]

    /// Random symmetric matrices with eigenvalues of at least 1/2, or random ones of no special kind.
    init(count: Int, n: Int, rightHandSides: Int, positiveDefinite: Bool, seed: UInt64) {
        (self.count, self.n, self.rightHandSides) = (count, n, rightHandSides)
        a = randomTensor([count * n * n], seed: seed).scalars
        b = randomTensor([count * n * rightHandSides], seed: seed + 1).scalars
        guard positiveDefinite else { return }
        for i in 0..<count {
            let half = matrix(i)
            let product = naiveProduct(half, naiveTransposed(half))
            for j in 0..<n * n { a[i * n * n + j] = Scalar(product[j / n][j % n] + (j / n == j % n ? 0.5 : 0)) }
        }
    }

    func matrix(_ index: Int) -> NaiveMatrix {
        (0..<n).map { row in (0..<n).map { Double(a[(index * n + row) * n + $0]) } }
    }

    func right(_ index: Int) -> NaiveMatrix { rows(of: b, index) }

    /// Matrix `index` of a batch laid out as `b`.
    func rows(of b: [Scalar], _ index: Int) -> NaiveMatrix {
        (0..<n).map { row in (0..<rightHandSides).map { Double(b[(index * n + row) * rightHandSides + $0]) } }
    }

    /// The solutions by plain elimination, laid out as `b`.
    var naiveSolutions: [Double] {
        (0..<count).flatMap { naiveSolve(matrix($0), right($0)).flatMap { $0 } }
    }
}

/// Rounding of a scalar type as a tolerance: `factor` units in the last place of 1.
func rounding<Scalar: FloatingScalar>(_ type: Scalar.Type, _ factor: Double) -> Double { factor * Double(Scalar.ulpOfOne) }

/// Puts bad matrices into several pieces of a batch, in every order, and expects an error that names the first of them, on any number of
/// threads.
func assertFirstIsNamed(
    _ systems: TestSystems<Double>, _ bad: [[Double]], _ expected: (Int) -> LinearAlgebraError,
    _ solve: (inout [Double], inout [Double]) throws(LinearAlgebraError) -> Void, line: UInt = #line
) {
    let (size, last) = (systems.n * systems.n, systems.count - 1)
    for first in [0, 17, 2500] {
        for turn in bad.indices {
            var matrices = systems.a
            for (i, matrix) in (bad[turn...] + bad[..<turn]).enumerated() {
                for place in [first + i, last - i] { matrices.replaceSubrange(place * size..<(place + 1) * size, with: matrix) }
            }
            for threads in 1...3 {
                var (a, b) = (matrices, systems.b)
                let failure = Threads.with(count: threads) { () -> LinearAlgebraError? in
                    do throws(LinearAlgebraError) {
                        try solve(&a, &b)
                        return nil
                    } catch { return error }
                }
                XCTAssertEqual(failure, expected(first), "\(threads) threads, \(bad[turn])", line: line)
            }
        }
    }
}
