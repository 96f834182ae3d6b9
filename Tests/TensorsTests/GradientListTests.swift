import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Every differentiable operation is in this list, or `testListIsComplete` fails.
private let samples: [GradientSample] = {
    let broadcastings: [[[Int]]] = [
        [[2, 3], [2, 3]], [[4, 3, 5], [5]], [[], [2, 3]], [[2, 3], []], [[2, 3, 1], [1, 4]], [[2, 1, 4], [2, 3, 1]], [[1], [1]],
        [[3, 1, 1], [2, 3, 4, 5]],
    ]
    let shapes: [[Int]] = [[], [1], [7], [2, 3, 4]]
    func binary(_ name: String, in range: Range<Double> = -2..<2, _ function: @escaping GradientSample.Function) -> [GradientSample] {
        broadcastings.map { GradientSample(name, $0, in: range, function) }
    }
    func unary(_ name: String, in range: Range<Double> = -2..<2, _ function: @escaping GradientSample.Function) -> [GradientSample] {
        shapes.map { GradientSample(name, [$0], in: range, function) }
    }
    func reduction(_ name: String, _ function: @escaping @Sendable (Tensor<Double>, [Int], Bool) -> Tensor<Double>) -> [GradientSample] {
        let cases: [([Int], [Int])] = [
            ([5], [0]), ([3, 4], [1]), ([3, 4], [0]), ([2, 3, 4], [-2]), ([2, 3, 4], [0, 2]), ([2, 1, 3, 2], [1, 2]), ([2, 3], [0, 1]),
            ([4, 1], [1]), ([2, 2, 3], []),
        ]
        return cases.flatMap { shape, axes in
            [false, true].map { keeping in GradientSample(name, [shape]) { function($0[0], axes, keeping) } }
        }
    }
    var samples: [GradientSample] = []
    samples += binary("+") { $0[0] + $0[1] }
    samples += binary("-") { $0[0] - $0[1] }
    samples += binary("*") { $0[0] * $0[1] }
    samples += binary("/", in: 0.5..<2) { $0[0] / $0[1] }
    samples += binary("maximum") { maximum($0[0], $0[1]) }
    samples += binary("minimum") { minimum($0[0], $0[1]) }
    samples += binary("select") { select($0[0].stopGradient() .> 0, $0[0].squared(), $0[1]) }
    samples.append(GradientSample("select", [[3, 1], [4]]) { select(Tensor([1, 0, 1], shape: [3, 1, 1]), $0[0], $0[1]) })
    samples += unary("scalar operands") { inputs in
        let x: Tensor<Double> = (inputs[0] * 0.25 + 1) / 8
        let y: Tensor<Double> = 3 + 2 * (1 - x)
        return 2 / y - 1
    }
    samples += unary("compound assignment") { inputs in
        var x = inputs[0] + 3
        x += inputs[0]
        x *= x
        x -= Tensor(0.5)
        x /= inputs[0] + 4
        x += 1
        x *= 2
        x -= 1
        x /= 3
        return x
    }
    samples += unary("prefix -") { -$0[0] }
    samples += unary("exp") { $0[0].exp() }
    samples += unary("log", in: 0.5..<2) { $0[0].log() }
    samples += unary("sqrt", in: 0.5..<2) { $0[0].sqrt() }
    samples += unary("squared") { $0[0].squared() }
    samples += unary("abs") { $0[0].abs() }
    samples += unary("sin") { $0[0].sin() }
    samples += unary("cos") { $0[0].cos() }
    samples += unary("tanh") { $0[0].tanh() }
    samples += unary("relu") { $0[0].relu() }
    samples += unary("leakyReLU") { $0[0].leakyReLU(negativeSlope: 0.2) }
    samples += unary("gelu") { $0[0].gelu() }
    samples += unary("sigmoid") { $0[0].sigmoid() }
    samples += unary("reciprocal", in: 0.5..<2) { $0[0].reciprocal() }
    samples += unary("clamped") { $0[0].clamped(to: -0.8...1.1) }
    for exponent in [3, 2, 1, 0, -1] as [Double] { samples += unary("pow", in: -2 ..< -0.5) { $0[0].pow(exponent) } }
    samples += unary("pow", in: 0.5..<2) { $0[0].pow(1.7) }

    samples += reduction("sum") { $0.sum(axes: $1, keepingAxes: $2) }
    samples += reduction("mean") { $0.mean(axes: $1, keepingAxes: $2) }
    samples += reduction("variance") { $0.variance(axes: $1, keepingAxes: $2) }
    samples += reduction("max") { $0.max(axes: $1, keepingAxes: $2) }
    samples += reduction("min") { $0.min(axes: $1, keepingAxes: $2) }
    samples += unary("whole reductions") { $0[0].sum() * $0[0].mean() + $0[0].max() - $0[0].min() }
    for axis in [0, 1, -1] {
        samples.append(GradientSample("softmax", [[3, 4, 2]]) { $0[0].softmax(axis: axis) })
        samples.append(GradientSample("logSumExp", [[3, 4, 2]]) { $0[0].logSumExp(axis: axis) })
        samples.append(GradientSample("logSumExp", [[3, 1, 2]]) { $0[0].logSumExp(axis: axis, keepingAxes: true) })
    }

    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        let batches: [([Int], [Int])] = [([], []), ([3], [3]), ([3], []), ([], [3]), ([2, 1], [3]), ([1], [4]), ([2, 3], [2, 3])]
        for (aBatch, bBatch) in batches {
            for (m, n, k) in [(2, 3, 4), (1, 3, 1), (3, 1, 2)] {
                let shapes = [aBatch + (transposeA ? [k, m] : [m, k]), bBatch + (transposeB ? [n, k] : [k, n])]
                samples.append(GradientSample("matmul", shapes) { matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB) })
            }
        }
    }

    samples.append(GradientSample("broadcast", [[3, 1]]) { $0[0].broadcast(to: [2, 3, 4]) })
    samples.append(GradientSample("broadcast", [[]]) { $0[0].broadcast(to: [2, 2]) })
    samples.append(GradientSample("summed", [[2, 3, 4]]) { $0[0].summed(to: [3, 1]) })
    samples.append(GradientSample("summed", [[2, 3]]) { $0[0].summed(to: []) })
    samples.append(GradientSample("reshaped", [[2, 6]]) { $0[0].reshaped([3, -1]).squared() })
    samples.append(GradientSample("expanded", [[2, 3]]) { $0[0].expanded(axis: -1) * $0[0].expanded(axis: 1) })
    samples.append(GradientSample("squeezed", [[2, 1, 3]]) { $0[0].squeezed(axis: -2).squared() })
    for axes in [[0, 1, 2], [2, 0, 1], [1, 0, 2], [-1, -2, -3]] {
        samples.append(GradientSample("permuted", [[2, 3, 4]]) { $0[0].permuted(axes) })
    }
    samples.append(GradientSample("transposed", [[2, 3, 4]]) { $0[0].transposed() })
    for axis in [0, 1, -1] {
        samples.append(GradientSample("sliced", [[4, 3, 5]]) { $0[0].sliced(axis: axis, 1..<3) })
        samples.append(GradientSample("padded", [[2, 1, 3]]) { $0[0].padded(axis: axis, before: 2, after: 1, with: 7) })
        samples.append(GradientSample("gathered", [[3, 4, 3]]) { $0[0].gathered(axis: axis, [2, 0, 2, 1]) })
        samples.append(GradientSample("stack", [[2, 3], [2, 3]]) { stack($0, axis: axis) })
    }
    samples.append(GradientSample("gathered", [[1, 2]]) { $0[0].gathered(axis: 0, [0, 0, 0]) })
    samples.append(GradientSample("concatenate", [[2, 3], [1, 3], [4, 3]]) { concatenate($0, axis: 0) })
    samples.append(GradientSample("concatenate", [[2, 3, 2], [2, 1, 2]]) { concatenate($0, axis: -2) })
    samples.append(GradientSample("subscript", [[4, 3]]) { $0[0][1..<3].squared() })
    samples.append(GradientSample("subscript", [[4, 3]]) { $0[0][2, .ellipsis] * $0[0][-4, 0...] })
    samples.append(GradientSample("subscript", [[4, 3, 5]]) { $0[0][1..., 0, .every(-2)].squared() })
    samples.append(
        GradientSample("subscript", [[4, 3], [3]], case: "set") { inputs in
            var x = inputs[0].squared()
            x[-1, 0...] = inputs[1]
            x[.ellipsis, 1] = inputs[0][0..., 0] * x[0..., 1]
            x[2, 2] = 5
            return x.squared()
        })
    samples.append(
        GradientSample("subscript", [[2]], case: "set in a constant") { inputs in
            var x = Tensor<Double>.ones([3, 2])
            x[1..., 0...] = inputs[0]
            return x.squared()
        })
    for axis in [0, 1, -1] {
        samples.append(GradientSample("scattered", [[3, 3, 3]]) { $0[0].scattered(axis: axis, [3, 0, 3], length: 4) })
        samples.append(
            GradientSample("taken", [[3, 2, 3]]) { x in
                x[0].taken(axis: axis, (0..<[12, 18, 12][axis + (axis < 0 ? 3 : 0)]).map { $0 % 2 })
            })
        samples.append(GradientSample("sorted", [[3, 4, 2]]) { $0[0].sorted(axis: axis, descending: axis == 1) })
        samples.append(GradientSample("topK", [[3, 4, 2]]) { $0[0].topK(2, axis: axis).values })
        samples.append(GradientSample("cumulativeSum", [[3, 4, 2]]) { $0[0].cumulativeSum(axis: axis) })
        samples.append(GradientSample("cumulativeSum", [[3, 4, 2]]) { $0[0].cumulativeSum(axis: axis, reversed: true) })
        samples.append(GradientSample("repeated", [[3, 2, 2]]) { $0[0].repeated(axis: axis, 3).squared() })
        samples.append(
            GradientSample("split", [[4, 4, 4]]) { x in
                let parts = x[0].split(axis: axis, [1, 0, 3])
                return parts[0] * parts[2].squared()
            })
    }
    samples.append(GradientSample("elements", [[3, 4]]) { $0[0].elements(where: $0[0].stopGradient() .> 0).squared() })
    samples.append(GradientSample("standardDeviation", [[3, 4]]) { $0[0].standardDeviation(axes: [1]) })
    for (subscripts, shapes) in [
        ("ij,jk->ik", [[2, 3], [3, 4]]), ("bij,bjk->bik", [[2, 2, 3], [2, 3, 2]]), ("ij->ji", [[2, 3]]), ("ii->i", [[3, 3]]),
        ("ii->", [[3, 3]]), ("i,j->ij", [[2], [3]]), ("ij,j,ik->jk", [[2, 3], [3], [2, 4]]), ("iij,jjk->ik", [[2, 2, 3], [3, 3, 2]]),
        (",i->i", [[], [3]]),
    ] {
        samples.append(
            GradientSample("einsum", shapes, case: subscripts) { x in
                x.count == 1
                    ? einsum(subscripts, x[0]) : x.count == 2 ? einsum(subscripts, x[0], x[1]) : einsum(subscripts, x[0], x[1], x[2])
            })
    }
    return samples
}()

final class GradientListTests: XCTestCase {
    func testEveryOperationAgreesWithCentralDifferences() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let expected = try operationsWithGradient(inSourcesOf: "Tensors", excluding: ["Gradient.swift"])
        XCTAssertGreaterThan(expected.count, 25)
        XCTAssertEqual(expected.subtracting(samples.map(\.name)), [], "public operations with a gradient that no sample tests")
    }

    func testTiesGoToTheFirst() {
        let same = Tensor<Double>([1, 2, 2, 0])
        XCTAssertEqual(valueWithGradient(at: [same, same]) { maximum($0[0], $0[1]).sum() }.gradients, [.ones([4]), .zeros([4])])
        XCTAssertEqual(valueWithGradient(at: [same, same]) { minimum($0[0], $0[1]).sum() }.gradients, [.ones([4]), .zeros([4])])
        XCTAssertEqual(valueWithGradient(at: same) { $0.max() }.gradient, Tensor([0, 1, 0, 0]))
        XCTAssertEqual(valueWithGradient(at: Tensor<Double>([3, 1, 1])) { $0.min() }.gradient, Tensor([0, 1, 0]))
        XCTAssertEqual(valueWithGradient(at: Tensor<Double>([0, 1])) { ($0.relu() + $0.abs()).sum() }.gradient, Tensor([0, 2]))
    }

    func testSelectIgnoresWhatIsNotFinite() {
        let x = Tensor<Double>([0, 4])
        let gradient = valueWithGradient(at: x) { select($0 .> 0, $0.sqrt(), Tensor(0)).sum() }.gradient
        XCTAssertEqual(gradient.scalars[1], 0.25)
        XCTAssertEqual(select(Tensor([1, 0]), Tensor([2, .infinity]), Tensor([.nan, 3])), Tensor<Float>([2, 3]))
    }
}
