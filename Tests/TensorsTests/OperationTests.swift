import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Values against plain loops over every index.
final class OperationTests: XCTestCase {
    private typealias Doubles = Tensor<Double>

    /// A tensor made element by element.
    private func tensor(_ shape: [Int], _ element: ([Int]) -> Double) -> Doubles { Tensor(indices(of: shape).map(element), shape: shape) }

    func testBroadcasting() {
        let cases: [([Int], [Int], [Int])] = [
            ([2, 3], [2, 3], [2, 3]), ([], [], []), ([], [3], [3]), ([3], [], [3]), ([4, 3], [3], [4, 3]), ([4, 1], [3], [4, 3]),
            ([2, 1, 4], [3, 1], [2, 3, 4]), ([5, 1, 1, 2], [1, 3, 4, 1], [5, 3, 4, 2]), ([1, 1], [1], [1, 1]), ([0, 3], [1], [0, 3]),
            ([300, 1, 300], [2, 1], [300, 2, 300]), ([2, 3, 1, 1], [2, 3, 40, 30], [2, 3, 40, 30]), ([100_000], [1], [100_000]),
            ([40_000, 3], [40_000, 1], [40_000, 3]),
        ]
        let operations: [(String, (Doubles, Doubles) -> Doubles, (Double, Double) -> Double)] = [
            ("+", { $0 + $1 }, { $0 + $1 }), ("-", { $0 - $1 }, { $0 - $1 }), ("*", { $0 * $1 }, { $0 * $1 }),
            ("/", { $0 / $1 }, { $0 / $1 }), ("maximum", { maximum($0, $1) }, { max($0, $1) }),
            ("minimum", { minimum($0, $1) }, { min($0, $1) }), (".>", { $0 .> $1 }, { $0 > $1 ? 1 : 0 }),
            (".>=", { $0 .>= $1 }, { $0 >= $1 ? 1 : 0 }), (".<", { $0 .< $1 }, { $0 < $1 ? 1 : 0 }),
            (".<=", { $0 .<= $1 }, { $0 <= $1 ? 1 : 0 }), (".==", { $0 .== $1 }, { $0 == $1 ? 1 : 0 }),
            (".!=", { $0 .!= $1 }, { $0 != $1 ? 1 : 0 }), (".&", { $0 .& $1 }, { $0 != 0 && $1 != 0 ? 1 : 0 }),
            (".|", { $0 .| $1 }, { $0 != 0 || $1 != 0 ? 1 : 0 }),
        ]
        for (aShape, bShape, shape) in cases {
            // Coarse values, so that some are equal.
            let a = tensorOfHalves(aShape, seed: 1), b = tensorOfHalves(bShape, seed: 2)
            let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
            if shape.reduce(1, *) < 10_000 {
                XCTAssertEqual(x, tensor(shape) { a.element($0) })
                XCTAssertEqual(y, tensor(shape) { b.element($0) })
            }
            for (name, operation, reference) in operations {
                let expected = Tensor(zip(x.scalars, y.scalars).map(reference), shape: shape)
                assertClose(operation(a, b), expected, tolerance: 0, "\(name) \(aShape) \(bShape)")
            }
        }
    }

    func testScalarOperands() {
        let x = Tensor<Float>([1, 2, 4])
        XCTAssertEqual((x + 1).scalars, [2, 3, 5])
        XCTAssertEqual((1 + x).scalars, [2, 3, 5])
        XCTAssertEqual((x - 1).scalars, [0, 1, 3])
        XCTAssertEqual((1 - x).scalars, [0, -1, -3])
        XCTAssertEqual((x * 2).scalars, [2, 4, 8])
        XCTAssertEqual((2 * x).scalars, [2, 4, 8])
        XCTAssertEqual((x / 2).scalars, [0.5, 1, 2])
        XCTAssertEqual((2 / x).scalars, [2, 1, 0.5])
        XCTAssertEqual((-x).scalars, [-1, -2, -4])
        XCTAssertEqual((x .> 1).scalars, [0, 1, 1])
        XCTAssertEqual((x .>= 2).scalars, [0, 1, 1])
        XCTAssertEqual((x .< 2).scalars, [1, 0, 0])
        XCTAssertEqual((x .<= 2).scalars, [1, 1, 0])
        XCTAssertEqual((x .== 2).scalars, [0, 1, 0])
    }

    func testFunctions() {
        let functions: [(String, (Doubles) -> Doubles, (Double) -> Double)] = [
            ("exp", { $0.exp() }, { Double.exp($0) }), ("sin", { $0.sin() }, { Double.sin($0) }), ("cos", { $0.cos() }, { Double.cos($0) }),
            ("tanh", { $0.tanh() }, { Double.tanh($0) }), ("log", { $0.log() }, { Double.log($0) }),
            ("sqrt", { $0.sqrt() }, { $0.squareRoot() }),
            ("squared", { $0.squared() }, { $0 * $0 }), ("abs", { $0.abs() }, { abs($0) }), ("relu", { $0.relu() }, { max($0, 0) }),
            ("leakyReLU", { $0.leakyReLU(negativeSlope: 0.2) }, { $0 < 0 ? 0.2 * $0 : $0 }),
            ("gelu", { $0.gelu() }, { $0 * (1 + Double.erf($0 * 0.5.squareRoot())) / 2 }),
            ("sigmoid", { $0.sigmoid() }, { 1 / (1 + Double.exp(-$0)) }), ("reciprocal", { $0.reciprocal() }, { 1 / $0 }),
            ("clamped", { $0.clamped(to: -1...2) }, { min(max($0, -1), 2) }), ("pow 3", { $0.pow(3) }, { $0 * $0 * $0 }),
            ("pow -2", { $0.pow(-2) }, { 1 / ($0 * $0) }), ("pow 0.5", { $0.pow(0.5) }, { $0 < 0 ? .nan : $0.squareRoot() }),
        ]
        let x = randomTensor([3, 15_000], in: -3..<3) as Doubles
        for (name, function, reference) in functions {
            assertClose(function(x), Tensor(x.scalars.map(reference), shape: x.shape), tolerance: 1e-14, name)
        }
        XCTAssertEqual(Tensor<Float>([-200, 200, 0]).sigmoid().scalars, [0, 1, 0.5])
        // Far below 0 the probability is all but 0: in 30 digits gelu(-10) is -7.6198…e-23.
        assertClose(Tensor<Double>([-10, 0, 40]).gelu() * Tensor([1e22, 1, 1]), Tensor([-0.7619853024160526, 0, 40]), tolerance: 1e-13)
        XCTAssertEqual(Tensor<Float>([-3, 0, 2]).pow(2).scalars, [9, 0, 4])
    }

    func testNotANumberIsPassedOn() {
        let (x, y) = (Tensor<Float>([.nan, 1, 2]), Tensor<Float>([0, .nan, 1]))
        XCTAssertEqual(maximum(x, y).scalars.map(\.isNaN), [true, true, false])
        XCTAssertEqual(minimum(x, y).scalars.map(\.isNaN), [true, true, false])
        XCTAssertTrue(y.max().scalar.isNaN && y.min().scalar.isNaN && x.max().scalar.isNaN)
        XCTAssertTrue(x.relu().scalars[0].isNaN && x.clamped(to: 0...1).scalars[0].isNaN)
    }

    func testReductions() {
        let cases: [([Int], [Int])] = [
            ([6], [0]), ([3, 4], [0]), ([3, 4], [1]), ([2, 3, 4, 2], [0, 2]), ([2, 3, 4, 2], [1, 2]), ([2, 3, 4, 2], [-1, 0]),
            ([3, 2], []),
            ([2, 3000], [1]), ([3000, 3], [0]), ([2, 300, 3], [1]), ([5, 1, 3], [1]),
        ]
        for (shape, axes) in cases {
            let x = tensorOfHalves(shape, seed: 8)
            let isReduced = shape.indices.map { axes.contains($0) || axes.contains($0 - shape.count) }
            var groups: [[Int]: [Double]] = [:]
            for (index, element) in zip(indices(of: shape), x.scalars) {
                groups[zip(index, isReduced).map { $1 ? 0 : $0 }, default: []].append(element)
            }
            let kept = zip(shape, isReduced).map { $1 ? 1 : $0 }, dropped = zip(shape, isReduced).filter { !$1 }.map(\.0)
            let operations: [(String, (Doubles, [Int], Bool) -> Doubles, ([Double]) -> Double)] = [
                ("sum", { $0.sum(axes: $1, keepingAxes: $2) }, { $0.reduce(0, +) }),
                ("mean", { $0.mean(axes: $1, keepingAxes: $2) }, { $0.reduce(0, +) / Double($0.count) }),
                ("max", { $0.max(axes: $1, keepingAxes: $2) }, { $0.max()! }),
                ("min", { $0.min(axes: $1, keepingAxes: $2) }, { $0.min()! }),
                (
                    "variance", { $0.variance(axes: $1, keepingAxes: $2) },
                    { group in
                        let mean = group.reduce(0, +) / Double(group.count)
                        return group.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(group.count)
                    }
                ),
            ]
            for (name, operation, reference) in operations {
                let expected = tensor(kept) { reference(groups[$0]!) }
                assertClose(operation(x, axes, true), expected, tolerance: 1e-12, "\(name) \(shape) \(axes)")
                assertClose(operation(x, axes, false), expected.reshaped(dropped), tolerance: 1e-12, "\(name) \(shape) \(axes)")
            }
            assertClose(x.summed(to: kept), x.sum(axes: axes, keepingAxes: true), tolerance: 0)
        }
        let x = Tensor<Float>([3, 1, 5, 7, 7, 2], shape: [2, 3])
        XCTAssertEqual(x.argmax(axis: 1), [2, 0])
        XCTAssertEqual(x.argmax(axis: -2), [1, 1, 0])
    }

    func testSumsAreAccurateAndRepeatable() {
        let x = randomTensor([1 << 20], in: 0..<1, seed: 4) as Tensor<Float>
        let exact = x.scalars.reduce(0.0) { $0 + Double($1) }
        for shape in [[1 << 20], [1 << 18, 4], [1024, 1024], [3, 5, 1 << 16]] where shape.reduce(1, *) == 1 << 20 {
            let sum = x.reshaped(shape).sum().scalar
            XCTAssertLessThan(abs(Double(sum) / exact - 1), 3e-7)
        }
        let columns = x.reshaped([1 << 18, 4]).sum(axes: [0])
        XCTAssertLessThan(abs(Double(columns.sum().scalar) / exact - 1), 3e-7)
        func results() -> [Tensor<Float>] {
            [
                x.sum(), columns, x.reshaped([64, 128, 128]).sum(axes: [1]), (x + x * 2).exp(), x.reshaped([1024, 1024]).transposed(),
                matmul(x.reshaped([1024, 1024]), x.reshaped([1024, 1024])), x.reshaped([1024, 1024]).softmax(axis: 0),
            ]
        }
        XCTAssertEqual(Threads.with(count: 1, results), Threads.with(count: 3, results))
    }

    func testSoftmax() {
        let x = Tensor<Float>([1000, 1001, -1000, 0, -.infinity, 0], shape: [3, 2])
        let e = Float.exp(1)
        assertClose(x.softmax(axis: 1), Tensor([1 / (1 + e), e / (1 + e), 0, 1, 0, 1], shape: [3, 2]), tolerance: 1e-6)
        assertClose(x.logSumExp(axis: 1), Tensor([1001 + Float.log(1 + 1 / e), 0, 0]), tolerance: 1e-6)
        assertClose(x.softmax(axis: 0).sum(axes: [0]), .ones([2]), tolerance: 1e-6)
        XCTAssertEqual(Tensor<Float>([-.infinity, -.infinity]).logSumExp(axis: 0).scalar, -.infinity)
    }

    func testMatrixProducts() {
        let batches: [([Int], [Int])] = [
            ([], []), ([3], [3]), ([2, 3], [3]), ([3], [2, 1]), ([4], []), ([], [4]), ([2, 1, 3], [1, 4, 1]),
        ]
        for (aBatch, bBatch) in batches {
            for (m, n, k) in [(1, 1, 1), (3, 5, 4), (70, 2, 33)] {
                for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
                    let a = randomTensor(aBatch + (transposeA ? [k, m] : [m, k]), seed: 1) as Doubles
                    let b = randomTensor(bBatch + (transposeB ? [n, k] : [k, n]), seed: 2) as Doubles
                    let found = matmul(a, b, transposeA: transposeA, transposeB: transposeB)
                    // In the plain loops batches are broadcast, and transposes taken, beforehand.
                    let batch = found.shape.dropLast(2), count = batch.reduce(1, *)
                    let x = (transposeA ? a.transposed() : a).broadcast(to: batch + [m, k]).scalars
                    let y = (transposeB ? b.transposed() : b).broadcast(to: batch + [k, n]).scalars
                    var expected: [Double] = []
                    for i in 0..<count {
                        for row in 0..<m {
                            for column in 0..<n {
                                expected.append((0..<k).reduce(0) { $0 + x[(i * m + row) * k + $1] * y[(i * k + $1) * n + column] })
                            }
                        }
                    }
                    assertClose(found, Tensor(expected, shape: batch + [m, n]), tolerance: 1e-12, "\(a.shape) \(b.shape)")
                }
            }
        }
    }

    func testPermutations() {
        let shapes = [[2, 3, 4, 5], [1, 3, 1, 4], [33, 2, 65, 1], [3, 1, 70, 40]]
        let orders = [
            [0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [1, 0, 3, 2], [2, 3, 0, 1], [0, 1, 3, 2], [3, 0, 1, 2], [2, 0, 3, 1],
        ]
        for shape in shapes {
            let x = randomTensor(shape) as Doubles
            for order in orders {
                let permutedShape = order.map { shape[$0] }
                var elements = [Double](repeating: 0, count: x.count)
                for (index, element) in zip(indices(of: shape), x.scalars) {
                    elements[zip(order, permutedShape).reduce(0) { $0 * $1.1 + index[$1.0] }] = element
                }
                assertClose(x.permuted(order), Tensor(elements, shape: permutedShape), tolerance: 0, "\(shape) \(order)")
            }
        }
        let x = randomTensor([200, 300]) as Doubles
        let y = x.transposed()
        for index in [[0, 0], [199, 299], [31, 32], [150, 7]] { XCTAssertEqual(x[index[0], index[1]], y[index[1], index[0]]) }
    }

    func testParts() {
        let shape = [3, 4, 2]
        let x = randomTensor(shape) as Doubles
        for axis in 0..<3 {
            func moved(_ index: [Int], to place: (Int) -> Int) -> [Int] {
                var index = index
                index[axis] = place(index[axis])
                return index
            }
            func resized(_ length: Int) -> [Int] { moved(shape) { _ in length } }
            XCTAssertEqual(x.sliced(axis: axis, 1..<2), tensor(resized(1)) { x.element(moved($0) { $0 + 1 }) })
            XCTAssertEqual(x.sliced(axis: axis - 3, 0..<0), .zeros(resized(0)))
            let length = shape[axis]
            XCTAssertEqual(
                x.padded(axis: axis, before: 1, after: 2, with: 5),
                tensor(resized(length + 3)) { $0[axis] < 1 || $0[axis] > length ? 5 : x.element(moved($0) { $0 - 1 }) })
            XCTAssertEqual(x.gathered(axis: axis, [1, 0, 1]), tensor(resized(3)) { x.element(moved($0) { [1, 0, 1][$0] }) })
            XCTAssertEqual(
                concatenate([x, x.sliced(axis: axis, 0..<1)], axis: axis),
                tensor(resized(length + 1)) { x.element(moved($0) { $0 % length }) })
            let pair = stack([x, x * 2], axis: axis)
            XCTAssertEqual(pair.sliced(axis: axis, 1..<2).squeezed(axis: axis), x * 2)
        }
        XCTAssertEqual(x[1..<3][1, .ellipsis], x[2, .ellipsis])
        XCTAssertEqual(stack([Tensor<Double>(1), Tensor(2)]), Tensor([1, 2]))
    }

    func testSelect() {
        let mask = Tensor<Double>([1, 0], shape: [2, 1])
        XCTAssertEqual(select(mask, Tensor([1, 2, 3]), Tensor(0)), Tensor([1, 2, 3, 0, 0, 0], shape: [2, 3]))
    }
}

/// Random numbers among the multiples of a half, so that some are equal.
func tensorOfHalves(_ shape: [Int], seed: UInt64) -> Tensor<Double> {
    let random = randomTensor(shape, in: -4..<4, seed: seed) as Tensor<Double>
    return Tensor(random.scalars.map { ($0 * 2).rounded() / 2 }, shape: shape)
}
