import Foundation
import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class OptimizerTests: XCTestCase {
    /// Two trainable parameters and, between them, one that is not.
    private func parameters<Scalar: FloatingScalar>(_ count: Int = 5, as type: Scalar.Type = Scalar.self) -> Parameters<Scalar> {
        Parameters(
            [
                ParameterSpecification("transformer.weight", [count], .constant(0)),
                ParameterSpecification("classifier.runningMean", [2], .constant(0), isTrainable: false),
                ParameterSpecification("classifier.weight", [2, 3], .constant(0)),
            ], [randomTensor([count], seed: 1), .ones([2]), randomTensor([2, 3], seed: 2)])
    }

    private func gradients<Scalar: FloatingScalar>(step: Int, _ count: Int = 5) -> [Tensor<Scalar>] {
        [randomTensor([count], seed: UInt64(10 + step)), randomTensor([2, 3], seed: UInt64(20 + step))]
    }

    private let groups = [
        ParameterGroup(prefix: "transformer.", learningRate: 1e-2), ParameterGroup(prefix: "classifier.", learningRate: 0.5),
    ]

    /// Runs steps and compares each with `formula`, which moves one number: given its gradients from the first on, and the learning rate,
    /// it returns the last step.
    private func check(_ method: OptimizerMethod, _ formula: ([Double], Double) -> Double) {
        var found: Parameters<Double> = parameters()
        var optimizer = Optimizer(method, groups: groups, for: found)
        var expected = found.trainable.map { found.tensors[$0].scalars }
        var history: [[Tensor<Double>]] = []
        for step in 0..<6 {
            let factor = 1 / Double(1 + step)
            history.append(gradients(step: step))
            optimizer.update(&found, gradients: history[step], factor: factor)
            for (p, group) in groups.enumerated() {
                for i in expected[p].indices {
                    expected[p][i] += formula(history.map { $0[p].scalars[i] }, group.learningRate * factor)
                }
                let tensor = found.tensors[found.trainable[p]]
                assertClose(tensor, Tensor(expected[p], shape: tensor.shape), tolerance: 1e-14, "\(method), step \(step)")
            }
        }
        XCTAssertEqual(optimizer.step, 6)
        XCTAssertEqual(found["classifier.runningMean"], .ones([2]))
    }

    func testGradientDescentWithMomentum() {
        for momentum in [0, 0.9] {
            check(.sgd(momentum: momentum)) { gradients, rate in
                -rate * gradients.dropFirst().reduce(gradients[0]) { momentum * $0 + $1 }
            }
        }
    }

    func testAdam() {
        for (decay1, decay2, epsilon) in [(0.9, 0.999, 1e-8), (0.5, 0.8, 0.1)] {
            check(.adam(decay1: decay1, decay2: decay2, epsilon: epsilon)) { gradients, rate in
                let mean = gradients.reduce(0) { decay1 * $0 + (1 - decay1) * $1 } / (1 - pow(decay1, Double(gradients.count)))
                let square = gradients.reduce(0) { decay2 * $0 + (1 - decay2) * $1 * $1 } / (1 - pow(decay2, Double(gradients.count)))
                return -rate * mean / (square.squareRoot() + epsilon)
            }
        }
    }

    /// `torch.optim.Adam` on one number with the gradients 1, -2, 0.5: its values after each step, in Float64.
    func testAdamAgainstNumbersOfPyTorch() {
        var parameters = Parameters([ParameterSpecification("p", [1], .constant(1))], [Tensor<Double>([1])])
        var optimizer = Optimizer(.adam(), groups: [ParameterGroup(learningRate: 0.1)], for: parameters)
        for (gradient, expected) in zip([1, -2, 0.5], [0.900000001, 0.9366103534720749, 0.9502794196738216]) {
            optimizer.update(&parameters, gradients: [Tensor([gradient])])
            XCTAssertEqual(parameters["p"].scalar, expected, accuracy: 1e-14)
        }
    }

    func testFirstGroupThatFitsCounts() {
        let start: Parameters<Double> = parameters()
        var moved = start
        let groups = [ParameterGroup(prefix: "classifier.", learningRate: 0), ParameterGroup(learningRate: 1)]
        var optimizer = Optimizer(.sgd(momentum: 0), groups: groups, for: start)
        optimizer.update(&moved, gradients: gradients(step: 0))
        XCTAssertEqual(moved["classifier.weight"], start["classifier.weight"])
        XCTAssertEqual(moved["transformer.weight"], start["transformer.weight"] - gradients(step: 0)[0])
    }

    func testMomentsHaveNames() {
        let start: Parameters<Float> = parameters()
        let adam = Optimizer(.adam(), groups: groups, for: start)
        XCTAssertEqual(
            adam.moments.specifications.map(\.name),
            [
                "adam.mean.transformer.weight", "adam.mean.classifier.weight", "adam.square.transformer.weight",
                "adam.square.classifier.weight",
            ])
        var first = Optimizer(.sgd(momentum: 0.9), groups: groups, for: start)
        var (a, b) = (start, start)
        first.update(&a, gradients: gradients(step: 0))
        b = a
        XCTAssertEqual(first.moments["sgd.momentum.transformer.weight"], gradients(step: 0)[0])
        // Another optimizer with the same state goes on alike.
        var second = Optimizer(.sgd(momentum: 0.9), groups: groups, for: start)
        (second.moments, second.step) = (first.moments, first.step)
        first.update(&a, gradients: gradients(step: 1))
        second.update(&b, gradients: gradients(step: 1))
        XCTAssertEqual(a, b)
        XCTAssertEqual(first, second)
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let count = 100_003
        for method in [OptimizerMethod.sgd(momentum: 0.9), .adam()] {
            func run(_ threads: Int) -> Parameters<Float> {
                Threads.with(count: threads) {
                    var parameters: Parameters<Float> = parameters(count)
                    var optimizer = Optimizer(method, groups: groups, for: parameters)
                    for step in 0..<3 {
                        var gradients: [Tensor<Float>] = gradients(step: step, count)
                        clipByGlobalNorm(&gradients, maximum: 1)
                        optimizer.update(&parameters, gradients: gradients)
                    }
                    return parameters
                }
            }
            let one = run(1)
            for threads in 2...4 { XCTAssertEqual(run(threads), one) }
        }
    }

    /// Values: an update changes none of the copies, and memory that has one owner only stays where it is.
    func testInPlaceButForCopies() {
        var moved: Parameters<Float> = parameters()
        let copy = moved
        var optimizer = Optimizer(.adam(), groups: groups, for: moved)
        let begin = optimizer
        optimizer.update(&moved, gradients: gradients(step: 0))
        XCTAssertEqual(copy, parameters())
        XCTAssertEqual(begin.moments["adam.mean.transformer.weight"], .zeros([5]))
        XCTAssertNotEqual(moved, copy)
        func addresses() -> [Int] {
            (moved.tensors + optimizer.moments.tensors).map { $0.withScalars { Int(bitPattern: $0.baseAddress) } }
        }
        let before = addresses()
        optimizer.update(&moved, gradients: gradients(step: 1))
        XCTAssertNotEqual(moved, copy)
        // The moments had a copy in `begin` during the first update only.
        XCTAssertEqual(addresses(), before)
    }
}
