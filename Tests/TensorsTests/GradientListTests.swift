import Foundation
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

private typealias Function = @Sendable ([Tensor<Double>]) -> Tensor<Double>

/// One operation at inputs of some shapes.
private struct Sample: Sendable {
    var name: String
    var shapes: [[Int]]
    var range: Range<Double> = -2..<2
    var function: Function

    init(_ name: String, _ shapes: [[Int]], in range: Range<Double> = -2..<2, _ function: @escaping Function) {
        (self.name, self.shapes, self.range, self.function) = (name, shapes, range, function)
    }
}

/// Every differentiable operation is in this list, or `testListIsComplete` fails.
private let samples: [Sample] = {
    let broadcastings: [[[Int]]] = [
        [[2, 3], [2, 3]], [[4, 3, 5], [5]], [[], [2, 3]], [[2, 3], []], [[2, 3, 1], [1, 4]], [[2, 1, 4], [2, 3, 1]], [[1], [1]],
        [[3, 1, 1], [2, 3, 4, 5]],
    ]
    let shapes: [[Int]] = [[], [1], [7], [2, 3, 4]]
    func binary(_ name: String, in range: Range<Double> = -2..<2, _ function: @escaping Function) -> [Sample] {
        broadcastings.map { Sample(name, $0, in: range, function) }
    }
    func unary(_ name: String, in range: Range<Double> = -2..<2, _ function: @escaping Function) -> [Sample] {
        shapes.map { Sample(name, [$0], in: range, function) }
    }
    func reduction(_ name: String, _ function: @escaping @Sendable (Tensor<Double>, [Int], Bool) -> Tensor<Double>) -> [Sample] {
        let cases: [([Int], [Int])] = [
            ([5], [0]), ([3, 4], [1]), ([3, 4], [0]), ([2, 3, 4], [-2]), ([2, 3, 4], [0, 2]), ([2, 1, 3, 2], [1, 2]), ([2, 3], [0, 1]),
            ([4, 1], [1]), ([2, 2, 3], []),
        ]
        return cases.flatMap { shape, axes in
            [false, true].map { keeping in Sample(name, [shape]) { function($0[0], axes, keeping) } }
        }
    }
    var samples: [Sample] = []
    samples += binary("+") { $0[0] + $0[1] }
    samples += binary("-") { $0[0] - $0[1] }
    samples += binary("*") { $0[0] * $0[1] }
    samples += binary("/", in: 0.5..<2) { $0[0] / $0[1] }
    samples += binary("maximum") { maximum($0[0], $0[1]) }
    samples += binary("minimum") { minimum($0[0], $0[1]) }
    samples += binary("select") { select($0[0].stopGradient() .> 0, $0[0].squared(), $0[1]) }
    samples.append(Sample("select", [[3, 1], [4]]) { select(Tensor([1, 0, 1], shape: [3, 1, 1]), $0[0], $0[1]) })
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
        samples.append(Sample("softmax", [[3, 4, 2]]) { $0[0].softmax(axis: axis) })
        samples.append(Sample("logSumExp", [[3, 4, 2]]) { $0[0].logSumExp(axis: axis) })
        samples.append(Sample("logSumExp", [[3, 1, 2]]) { $0[0].logSumExp(axis: axis, keepingAxes: true) })
    }

    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        let batches: [([Int], [Int])] = [([], []), ([3], [3]), ([3], []), ([], [3]), ([2, 1], [3]), ([1], [4]), ([2, 3], [2, 3])]
        for (aBatch, bBatch) in batches {
            for (m, n, k) in [(2, 3, 4), (1, 3, 1), (3, 1, 2)] {
                let shapes = [aBatch + (transposeA ? [k, m] : [m, k]), bBatch + (transposeB ? [n, k] : [k, n])]
                samples.append(Sample("matmul", shapes) { matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB) })
            }
        }
    }

    samples.append(Sample("broadcast", [[3, 1]]) { $0[0].broadcast(to: [2, 3, 4]) })
    samples.append(Sample("broadcast", [[]]) { $0[0].broadcast(to: [2, 2]) })
    samples.append(Sample("summed", [[2, 3, 4]]) { $0[0].summed(to: [3, 1]) })
    samples.append(Sample("summed", [[2, 3]]) { $0[0].summed(to: []) })
    samples.append(Sample("reshaped", [[2, 6]]) { $0[0].reshaped([3, -1]).squared() })
    samples.append(Sample("expanded", [[2, 3]]) { $0[0].expanded(axis: -1) * $0[0].expanded(axis: 1) })
    samples.append(Sample("squeezed", [[2, 1, 3]]) { $0[0].squeezed(axis: -2).squared() })
    for axes in [[0, 1, 2], [2, 0, 1], [1, 0, 2], [-1, -2, -3]] {
        samples.append(Sample("permuted", [[2, 3, 4]]) { $0[0].permuted(axes) })
    }
    samples.append(Sample("transposed", [[2, 3, 4]]) { $0[0].transposed() })
    for axis in [0, 1, -1] {
        samples.append(Sample("sliced", [[4, 3, 5]]) { $0[0].sliced(axis: axis, 1..<3) })
        samples.append(Sample("padded", [[2, 1, 3]]) { $0[0].padded(axis: axis, before: 2, after: 1, with: 7) })
        samples.append(Sample("gathered", [[3, 4, 3]]) { $0[0].gathered(axis: axis, [2, 0, 2, 1]) })
        samples.append(Sample("stack", [[2, 3], [2, 3]]) { stack($0, axis: axis) })
    }
    samples.append(Sample("gathered", [[1, 2]]) { $0[0].gathered(axis: 0, [0, 0, 0]) })
    samples.append(Sample("concatenate", [[2, 3], [1, 3], [4, 3]]) { concatenate($0, axis: 0) })
    samples.append(Sample("concatenate", [[2, 3, 2], [2, 1, 2]]) { concatenate($0, axis: -2) })
    samples.append(Sample("subscript", [[4, 3]]) { $0[0][1..<3].squared() })
    samples.append(Sample("item", [[4, 3]]) { $0[0].item(2) * $0[0].item(0) })
    return samples
}()

final class GradientListTests: XCTestCase {
    func testEveryOperationAgreesWithCentralDifferences() {
        for sample in samples {
            let inputs = sample.shapes.enumerated().map { randomTensor($1, in: sample.range, seed: UInt64($0) + 5) }
            checkGradient("\(sample.name) \(sample.shapes)", at: inputs, of: sample.function)
        }
    }

    /// Finds the public functions that record a gradient, themselves or through helpers that are not public, in the sources.
    func testListIsComplete() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Tensors").standardized
        let files = try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" && $0.lastPathComponent != "Gradient.swift" }
        XCTAssertGreaterThan(files.count, 5)
        let declaration = /(?<modifiers>(?:[\w]+ )*)func (?<name>[^\s<(]+)/
        var functions: [(name: String, isPublic: Bool, body: String)] = []
        for file in files {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                if line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") { continue }
                if let match = try declaration.firstMatch(in: line) {
                    let isPrefix = match.modifiers.contains("prefix ")
                    functions.append(((isPrefix ? "prefix " : "") + match.name, match.modifiers.contains("public "), ""))
                    functions[functions.count - 1].body = String(line[match.range.upperBound...])
                } else if !functions.isEmpty {
                    functions[functions.count - 1].body += "\n" + line
                }
            }
        }
        var recording = ["recorded"]
        var known = 0
        while known < recording.count {
            known = recording.count
            for function in functions where !function.isPublic && !recording.contains(function.name) {
                if recording.contains(where: { function.body.contains("\($0)(") }) { recording.append(function.name) }
            }
        }
        let expected = Set(
            functions.filter { function in function.isPublic && recording.contains { function.body.contains("\($0)(") } }.map(\.name))
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
