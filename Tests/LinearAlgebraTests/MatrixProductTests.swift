import LinearAlgebra
import TestSupport
import Tensors
import XCTest

private let transposes = [(false, false), (true, false), (false, true), (true, true)]

final class MatrixProductTests: XCTestCase {
    func testSmallSizesAgainstATripleLoop() {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type) {
            let sizes = [0, 1, 2, 3, 5, 17]
            for m in sizes {
                for n in sizes {
                    for k in sizes {
                        for gap in [0, 3] {
                            for (alpha, beta) in [(1, 0), (0.5, 1), (-2, 0.25), (0, 0.5)] as [(Scalar, Scalar)] {
                                checkProduct(m, n, k, gap: gap, alpha: alpha, beta: beta)
                            }
                        }
                    }
                }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    /// Cut by rows, by columns, and with nothing to cut but a vector.
    func testSeveralPieces() {
        for (m, n, k) in [(301, 150, 130), (150, 301, 130), (701, 1, 5000), (1, 701, 5000)] {
            checkProduct(m, n, k, gap: 2, alpha: Float(1.5), beta: 0)
            checkProduct(m, n, k, gap: 2, alpha: 1.5, beta: 0.5)
        }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let (a, b) = (TestMatrix<Float>(301, 130, seed: 1), TestMatrix<Float>(130, 150, seed: 2))
        func run(_ threads: Int) -> [Float] {
            var c = TestMatrix<Float>(301, 150, seed: 3)
            Threads.with(count: threads) { gemm(a.scalars, a.layout, b.scalars, b.layout, into: &c.scalars, c.layout) }
            return c.scalars
        }
        let one = run(1)
        for threads in 2...4 { XCTAssertEqual(run(threads), one, "\(threads) threads") }
    }

    /// The batch's matrices have gaps between them, and A or B may be the same for all.
    func testBatches() {
        for count in [0, 1, 2, 7] {
            for (m, n, k) in [(3, 2, 5), (1, 1, 1), (8, 3, 8), (2, 3, 0)] {
                for strides in [(1, 1), (0, 1), (1, 0), (0, 0)] { checkBatch(Float.self, count, m, n, k, strides) }
            }
        }
        checkBatch(Double.self, 600, 20, 20, 20, (1, 1))  // several pieces
        checkBatch(Double.self, 600, 20, 20, 20, (1, 0))
    }

    func testOpenBLASKeepsToOneThread() { XCTAssertEqual(BLASInformation.threads, 1) }

    private func checkProduct<Scalar: FloatingScalar>(_ m: Int, _ n: Int, _ k: Int, gap: Int, alpha: Scalar, beta: Scalar) {
        for (transposeA, transposeB) in transposes {
            let a = transposeA ? TestMatrix<Scalar>(k, m, gap: gap, seed: 1) : TestMatrix(m, k, gap: gap, seed: 1)
            let b = transposeB ? TestMatrix<Scalar>(n, k, gap: gap, seed: 2) : TestMatrix(k, n, gap: gap, seed: 2)
            var c = TestMatrix<Scalar>(m, n, gap: gap, seed: 3)
            if beta == 0 { c.scalars = c.scalars.map { _ in .nan } }  // must not be read
            let expected = expectedProduct(transposeA ? a.transposed : a, transposeB ? b.transposed : b, alpha, beta, c)
            gemm(
                transposeA: transposeA, transposeB: transposeB, alpha: alpha, a.scalars, a.layout, b.scalars, b.layout, beta: beta,
                into: &c.scalars, c.layout)
            assertClose(
                c.tensor, expected.tensor, tolerance: rounding(Scalar.self, 4 + Double(k)),
                "\(Scalar.self) \(m)x\(n)x\(k), \(transposeA), \(transposeB), gap \(gap), alpha \(alpha), beta \(beta)")
        }
    }

    private func checkBatch<Scalar: FloatingScalar>(
        _ type: Scalar.Type, _ count: Int, _ m: Int, _ n: Int, _ k: Int, _ factors: (a: Int, b: Int)
    ) {
        for (transposeA, transposeB) in transposes {
            let (aLayout, bLayout) = (
                MatrixLayout(transposeA ? k : m, transposeA ? m : k), MatrixLayout(transposeB ? n : k, transposeB ? k : n)
            )
            let cLayout = MatrixLayout(m, n)
            let strides = (a: factors.a * (m * k + 5), b: factors.b * (k * n + 3), c: m * n + 2)
            let a: [Scalar] = randomTensor([m * k + count * strides.a], seed: 1).scalars
            let b: [Scalar] = randomTensor([k * n + count * strides.b], seed: 2).scalars
            var c: [Scalar] = randomTensor([count * strides.c], seed: 3).scalars
            var expected = c
            for i in 0..<count {
                var (x, y, z) = (
                    TestMatrix<Scalar>(aLayout.rows, aLayout.columns, seed: 0), TestMatrix<Scalar>(bLayout.rows, bLayout.columns, seed: 0),
                    TestMatrix<Scalar>(m, n, seed: 0)
                )
                x.scalars = Array(a[(i * strides.a)...].prefix(m * k))
                y.scalars = Array(b[(i * strides.b)...].prefix(k * n))
                z.scalars = Array(c[(i * strides.c)...].prefix(m * n))
                let product = expectedProduct(transposeA ? x.transposed : x, transposeB ? y.transposed : y, 2, 0.5, z)
                expected.replaceSubrange(i * strides.c..<i * strides.c + m * n, with: product.scalars)
            }
            batchedGemm(
                count: count, transposeA: transposeA, transposeB: transposeB, alpha: 2, a, aLayout, stride: strides.a, b, bLayout,
                stride: strides.b, beta: 0.5, into: &c, cLayout, stride: strides.c)
            assertClose(
                Tensor(c), Tensor(expected), tolerance: rounding(Scalar.self, 8 + 2 * Double(k)),
                "\(count) of \(m)x\(n)x\(k), \(transposeA), \(transposeB), strides \(strides)")
        }
    }
}

/// alpha A B + beta C by three loops; what lies between C's rows stays.
private func expectedProduct<Scalar: FloatingScalar>(
    _ a: TestMatrix<Scalar>, _ b: TestMatrix<Scalar>, _ alpha: Scalar, _ beta: Scalar, _ c: TestMatrix<Scalar>
) -> TestMatrix<Scalar> {
    var result = c
    for i in 0..<c.layout.rows {
        for j in 0..<c.layout.columns {
            var sum = 0.0
            for k in 0..<a.layout.columns { sum += Double(a[i, k]) * Double(b[k, j]) }
            result[i, j] = Scalar(Double(alpha) * sum + (beta == 0 ? 0 : Double(beta) * Double(c[i, j])))
        }
    }
    return result
}
