import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Every public operation, at inputs without elements. One with a gradient that is not in this list fails `testListIsComplete`.
private let samples: [EmptySample] = {
    var samples: [EmptySample] = []
    let shapes = [[0]] + emptied([2, 3, 4])
    func unary(_ name: String, _ function: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>) {
        for shape in shapes { samples.append(EmptySample(name, [shape], gives: shape) { function($0[0]) }) }
    }
    func binary(_ name: String, _ function: @escaping @Sendable (Tensor<Double>, Tensor<Double>) -> Tensor<Double>) {
        // Equal shapes; 0 with 1, which gives 0, along every axis and on either side; missing axes.
        for shape in shapes {
            samples.append(EmptySample(name, [shape, shape], gives: shape) { function($0[0], $0[1]) })
            let ones = [Int](repeating: 1, count: shape.count)
            for other in [ones, shape.map { min($0, 1) }, shape.map { $0 == 0 ? 1 : $0 }, []] {
                samples.append(EmptySample(name, [shape, other], gives: shape) { function($0[0], $0[1]) })
                samples.append(EmptySample(name, [other, shape], gives: shape) { function($0[0], $0[1]) })
            }
        }
        samples.append(EmptySample(name, [[0, 1], [1, 3]], gives: [0, 3]) { function($0[0], $0[1]) })
        samples.append(EmptySample(name, [[2, 1, 0], [3, 1]], gives: [2, 3, 0]) { function($0[0], $0[1]) })
        samples.append(EmptySample(name, [[2, 0, 1, 4], [3, 1]], gives: [2, 0, 3, 4]) { function($0[0], $0[1]) })
    }
    binary("+") { $0 + $1 }
    binary("-") { $0 - $1 }
    binary("*") { $0 * $1 }
    binary("/") { $0 / $1 }
    binary("maximum") { maximum($0, $1) }
    binary("minimum") { minimum($0, $1) }
    binary("select") { select(Tensor(1), $0, $1) }
    binary(".>") { $0 .> $1 }
    binary(".>=") { $0 .>= $1 }
    binary(".<") { $0 .< $1 }
    binary(".<=") { $0 .<= $1 }
    binary(".==") { $0 .== $1 }
    binary(".!=") { $0 .!= $1 }
    binary(".&") { $0 .& $1 }
    binary(".|") { $0 .| $1 }
    unary(".!") { .!$0 }
    unary("isFinite") { $0.isFinite() }
    unary("scalar operands") { (1 - ($0 + 1) * 2) / 3 .> 0 }
    unary("compound assignment") {
        var x = $0
        x += $0
        x -= 1
        x *= Tensor(2)
        x /= 3
        return x
    }
    unary("prefix -") { -$0 }
    unary("exp") { $0.exp() }
    unary("log") { $0.log() }
    unary("sqrt") { $0.sqrt() }
    unary("squared") { $0.squared() }
    unary("abs") { $0.abs() }
    unary("sin") { $0.sin() }
    unary("cos") { $0.cos() }
    unary("tanh") { $0.tanh() }
    unary("relu") { $0.relu() }
    unary("leakyReLU") { $0.leakyReLU() }
    unary("gelu") { $0.gelu() }
    unary("sigmoid") { $0.sigmoid() }
    unary("reciprocal") { $0.reciprocal() }
    unary("clamped") { $0.clamped(to: 0...1) }
    unary("pow") { $0.pow(2) }
    unary("cast") { $0.cast(to: Float.self).cast(to: Double.self) }

    func reduction(
        _ name: String, of value: Double, _ function: @escaping @Sendable (Tensor<Double>, [Int], Bool) -> Tensor<Double>
    ) {
        for shape in emptied([2, 3, 4]) {
            for axes in [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2], []] {
                let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
                samples.append(EmptySample(name, [shape], gives: kept, of: value) { function($0[0], axes, true) })
                let left = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
                samples.append(EmptySample(name, [shape], gives: left, of: value) { function($0[0], axes, false) })
            }
        }
    }
    reduction("sum", of: 0) { $0.sum(axes: $1, keepingAxes: $2) }
    reduction("mean", of: .nan) { $0.mean(axes: $1, keepingAxes: $2) }
    reduction("variance", of: .nan) { $0.variance(axes: $1, keepingAxes: $2) }
    // Extremes of nothing do not exist, but there may be none to take.
    for (shape, axes, result) in [
        ([0, 3, 4], [1], [0, 4]), ([0, 3, 4], [1, 2], [0]), ([2, 0, 4], [0], [0, 4]), ([2, 3, 0], [0], [3, 0]),
    ] {
        samples.append(EmptySample("max", [shape], gives: result) { $0[0].max(axes: axes) })
        samples.append(EmptySample("min", [shape], gives: result) { $0[0].min(axes: axes) })
    }
    for shape in [[0, 3, 4], [2, 3, 0]] {
        samples.append(EmptySample("softmax", [shape], gives: shape) { $0[0].softmax(axis: 1) })
        samples.append(EmptySample("logSumExp", [shape], gives: [shape[0], shape[2]]) { $0[0].logSumExp(axis: 1) })
        samples.append(
            EmptySample("logSumExp", [shape], gives: [shape[0], 1, shape[2]]) { $0[0].logSumExp(axis: 1, keepingAxes: true) })
    }

    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        for lengths in emptied([2, 3, 4]) {
            let (m, n, k) = (lengths[0], lengths[1], lengths[2])
            for (a, b, batch) in [([], [], []), ([5], [5], [5]), ([5], [], [5]), ([], [5], [5]), ([1], [0], [0])] as [([Int], [Int], [Int])]
            {
                let shapes = [a + (transposeA ? [k, m] : [m, k]), b + (transposeB ? [n, k] : [k, n])]
                samples.append(
                    EmptySample("matmul", shapes, gives: batch + [m, n]) {
                        matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB)
                    })
            }
        }
        for (a, b, batch) in [
            ([0], [0], [0]), ([0], [], [0]), ([], [0], [0]), ([0], [1], [0]), ([1], [0], [0]), ([2, 0], [1], [2, 0]),
            ([0, 1], [2], [0, 2]),
        ] as [([Int], [Int], [Int])] {
            let shapes = [a + (transposeA ? [4, 2] : [2, 4]), b + (transposeB ? [3, 4] : [4, 3])]
            samples.append(
                EmptySample("matmul", shapes, gives: batch + [2, 3]) {
                    matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB)
                })
        }
    }

    for shape in emptied([2, 3, 4]) {
        samples.append(EmptySample("broadcast", [shape], gives: [5] + shape) { $0[0].broadcast(to: [5] + shape) })
        samples.append(EmptySample("summed", [[5] + shape], gives: shape) { $0[0].summed(to: shape) })
        samples.append(EmptySample("summed", [shape], gives: [1, 1, 1]) { $0[0].summed(to: [1, 1, 1]) })
        samples.append(EmptySample("summed", [shape], gives: []) { $0[0].summed(to: []) })
        samples.append(EmptySample("reshaped", [shape], gives: [7, 0]) { $0[0].reshaped([7, 0]) })
        samples.append(EmptySample("reshaped", [shape], gives: [0]) { $0[0].reshaped([-1]) })
        for axis in 0..<4 {
            var longer = shape
            longer.insert(1, at: axis)
            samples.append(EmptySample("expanded", [shape], gives: longer) { $0[0].expanded(axis: axis) })
            samples.append(EmptySample("squeezed", [longer], gives: shape) { $0[0].squeezed(axis: axis) })
        }
        for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            samples.append(EmptySample("permuted", [shape], gives: axes.map { shape[$0] }) { $0[0].permuted(axes) })
        }
        samples.append(EmptySample("transposed", [shape], gives: [shape[0], shape[2], shape[1]]) { $0[0].transposed() })
        for axis in 0..<3 {
            func with(_ length: Int) -> [Int] {
                var result = shape
                result[axis] = length
                return result
            }
            let length = shape[axis]
            samples.append(EmptySample("sliced", [shape], gives: shape) { $0[0].sliced(axis: axis, 0..<length) })
            samples.append(EmptySample("sliced", [shape], gives: with(0)) { $0[0].sliced(axis: axis, length..<length) })
            samples.append(EmptySample("padded", [shape], gives: with(length + 3)) { $0[0].padded(axis: axis, before: 1, after: 2) })
            samples.append(EmptySample("gathered", [shape], gives: with(0)) { $0[0].gathered(axis: axis, []) })
            if length > 0 { samples.append(EmptySample("gathered", [shape], gives: with(3)) { $0[0].gathered(axis: axis, [1, 0, 1]) }) }
            samples.append(EmptySample("scattered", [with(0)], gives: with(3)) { $0[0].scattered(axis: axis, [], length: 3) })
            samples.append(EmptySample("taken", [shape], gives: with(0)) { $0[0].taken(axis: axis, []) })
            samples.append(EmptySample("sorted", [shape], gives: shape) { $0[0].sorted(axis: axis) })
            samples.append(EmptySample("topK", [shape], gives: with(0)) { $0[0].topK(0, axis: axis).values })
            samples.append(EmptySample("cumulativeSum", [shape], gives: shape) { $0[0].cumulativeSum(axis: axis) })
            samples.append(EmptySample("repeated", [shape], gives: with(2 * length)) { $0[0].repeated(axis: axis, 2) })
            samples.append(EmptySample("split", [shape], gives: with(0)) { $0[0].split(axis: axis, [0, length])[0] })
            samples.append(EmptySample("concatenate", [shape, shape], gives: with(2 * length)) { concatenate($0, axis: axis) })
            var stacked = shape
            stacked.insert(2, at: axis)
            samples.append(EmptySample("stack", [shape, shape], gives: stacked) { stack($0, axis: axis) })
        }
        samples.append(EmptySample("subscript", [shape], gives: [0, shape[1], shape[2]]) { $0[0][0..<0] })
        if shape[0] > 0 { samples.append(EmptySample("subscript", [shape], gives: [shape[1], shape[2]]) { $0[0][1, .ellipsis] }) }
        samples.append(EmptySample("subscript", [shape], gives: [1] + shape) { $0[0][.newAxis, .every(-1), .ellipsis] })
        samples.append(
            EmptySample("subscript", [shape], gives: shape) { x in
                var result = x[0]
                result[0..., 0..., 0...] = x[0] * 2
                return result
            })
    }
    samples.append(EmptySample("einsum", [[2, 0], [0, 3]], gives: [2, 3]) { einsum("ij,jk->ik", $0[0], $0[1]) })
    samples.append(EmptySample("einsum", [[0, 0], [0, 3]], gives: [3]) { einsum("ii,ik->k", $0[0], $0[1]) })
    samples.append(EmptySample("elements", [[2, 0]], gives: [0]) { $0[0].elements(where: $0[0]) })
    samples.append(EmptySample("broadcast", [[2, 1, 3]], gives: [2, 0, 3]) { $0[0].broadcast(to: [2, 0, 3]) })
    samples.append(EmptySample("broadcast", [[]], gives: [4, 0]) { $0[0].broadcast(to: [4, 0]) })
    return samples
}()

final class EmptyListTests: XCTestCase {
    func testShapesAndGradients() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let expected = try operationsWithGradient(inSourcesOf: "Tensors", excluding: ["Gradient.swift"])
        XCTAssertGreaterThan(expected.count, 25)
        XCTAssertEqual(expected.subtracting(samples.map(\.name)), [], "operations with a gradient that are not tried without elements")
    }

    /// An empty part beside others, and operations without a gradient.
    func testWhatHasNoGradient() {
        let x = Tensor<Float>.ones([2, 3])
        XCTAssertEqual(concatenate([x, .zeros([0, 3]), x], axis: 0), .ones([4, 3]))
        XCTAssertEqual(concatenate([.zeros([2, 0]), x], axis: 1), x)
        XCTAssertEqual(Tensor<Float>.zeros([0, 3]).argmax(axis: 1), [])
        XCTAssertEqual(Tensor<Float>.zeros([2, 0]).argmax(axis: 0), [])
        var source = RandomSource(seed: 1)
        for shape in emptied([2, 3]) {
            XCTAssertEqual(Tensor<Float>.normal(shape, from: &source).shape, shape)
            XCTAssertEqual(Tensor<Double>.uniform(shape, from: &source).shape, shape)
            XCTAssertEqual(Tensor<Float>([], shape: shape).scalars, [])
            XCTAssertEqual(Tensor<Float>.zeros(shape), .ones(shape))
        }
        XCTAssertEqual(source.position, 0)
    }

    func testPreconditions() {
        func x(_ shape: [Int]) -> Tensor<Float> { .zeros(shape) }
        assertTraps("0 with 3") { _ = x([0]) + x([3]) }
        assertTraps("0 with 2, inner axes") { _ = x([2, 0, 4]) * x([2, 4]) }
        assertTraps("select") { _ = select(x([2]), x([0]), x([1])) }
        assertTraps("broadcast") { _ = x([0]).broadcast(to: [1]) }
        assertTraps("summed") { _ = x([3]).summed(to: [0]) }
        assertTraps("max over nothing") { _ = x([0]).max() }
        assertTraps("min over nothing") { _ = x([3, 0]).min(axes: [1]) }
        assertTraps("argmax over nothing") { _ = x([2, 0]).argmax(axis: 1) }
        assertTraps("softmax over nothing") { _ = x([2, 0]).softmax(axis: 1) }
        assertTraps("logSumExp over nothing") { _ = x([0, 2]).logSumExp(axis: 0) }
        assertTraps("matmul of 0 with 2 matrices") { _ = matmul(x([0, 2, 2]), x([2, 2, 2])) }
        assertTraps("matmul of 0 with 2 rows") { _ = matmul(x([2, 0]), x([2, 2])) }
        assertTraps("item of none") { _ = x([0, 2])[0, .ellipsis] }
        assertTraps("gathered from none") { _ = x([0, 2]).gathered(axis: 0, [0]) }
        assertTraps("concatenate of none") { _ = concatenate([Tensor<Float>](), axis: 0) }
    }
}
