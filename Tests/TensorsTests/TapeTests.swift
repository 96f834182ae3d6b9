import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class TapeTests: XCTestCase {
    func testLongChain() {
        let (value, gradient) = valueWithGradient(at: Tensor<Double>([1, 2])) { x in
            var y = x
            for _ in 0..<100_000 { y = y + 1 }
            return y.sum()
        }
        XCTAssertEqual(value.scalar, 200_003)
        XCTAssertEqual(gradient, .ones([2]))
    }

    func testLongChainIsReleasedWhereTheBodyThrows() {
        struct Stop: Error {}
        XCTAssertThrowsError(
            try valueWithGradient(at: Tensor<Double>(1)) { x -> Tensor<Double> in
                var y = x
                for _ in 0..<100_000 { y = y * 1 }
                throw Stop()
            })
    }

    /// The Jacobian of (x, y) -> (x y, x²), row by row, from one pullback.
    func testPullback() {
        let (value, pullback) = valueWithPullback(at: [Tensor<Double>([3]), Tensor([5])]) {
            concatenate([$0[0] * $0[1], $0[0] * $0[0]], axis: 0)
        }
        XCTAssertEqual(value, Tensor([15, 9]))
        XCTAssertFalse(value.requiresGradient)
        XCTAssertEqual(pullback(Tensor([1, 0])), [Tensor([5]), Tensor([3])])
        XCTAssertEqual(pullback(Tensor([0, 1])), [Tensor([6]), Tensor([0])])
    }

    func testFanOutAddsUp() {
        let gradient = valueWithGradient(at: Tensor<Double>([3])) { x in (x * x * x + x + x).sum() }.gradient
        XCTAssertEqual(gradient, Tensor([29]))
    }

    func testUnusedVariableAndConstantValue() {
        let (value, gradients) = valueWithGradient(at: [Tensor<Double>([1, 2]), Tensor(5)]) { $0[1] * 2 }
        XCTAssertEqual(value, Tensor(10))
        XCTAssertEqual(gradients, [.zeros([2]), Tensor(2)])
        XCTAssertEqual(valueWithGradient(at: Tensor<Double>(1)) { _ in Tensor(7) }.gradient, Tensor(0))
    }

    /// Each operation once, by name and shapes, with its calls, products and bytes; and nothing else changes.
    func testProfile() {
        let variables: [Tensor<Double>] = [randomTensor([4, 3]), randomTensor([3, 5], seed: 2)]
        func loss(_ x: [Tensor<Double>]) -> Tensor<Double> { (matmul(x[0], x[1]).relu() + matmul(x[0], x[1] * 1)).sum() }
        var profile: OperationProfile? = OperationProfile()
        let measured = valueWithGradient(at: variables, profile: &profile, of: loss)
        let plain = valueWithGradient(at: variables, of: loss)
        XCTAssertEqual(measured.value, plain.value)
        XCTAssertEqual(measured.gradients, plain.gradients)
        let costs = profile!.costs
        XCTAssertEqual(Set(costs.keys.map(\.name)), ["matmul", "relu", "*", "+", "sum"])
        let product = costs.first { $0.key.name == "matmul" }!
        XCTAssertEqual(product.key.operands, [[4, 3], [3, 5]])
        XCTAssertEqual(product.key.result, [4, 5])
        XCTAssertEqual(product.value.calls, 2)
        for (work, products) in [(product.value.forwardWork, 2 * 60.0), (product.value.backwardWork, 4 * 60)] {
            XCTAssertEqual(work.products, products)
            XCTAssertEqual(work.bytes, 2 * 8 * (12 + 15 + 20))
        }
        XCTAssert(costs.values.allSatisfy { $0.forward > .zero && $0.backward > .zero })

        // A constant operand has no gradient.
        profile = OperationProfile()
        _ = valueWithGradient(at: [variables[1]], profile: &profile) { loss([variables[0], $0[0]]) }
        XCTAssertEqual(profile!.costs.first { $0.key.name == "matmul" }!.value.backwardWork.products, 2 * 60)
    }

    func testStopGradient() {
        let gradient = valueWithGradient(at: Tensor<Double>([2])) { x in (x * x.stopGradient()).sum() }.gradient
        XCTAssertEqual(gradient, Tensor([2]))
        XCTAssertEqual(valueWithGradient(at: Tensor<Double>([2])) { ($0 .> 1).sum() }.gradient, Tensor([0]))
    }

    func testNothingIsRecordedOutside() {
        XCTAssertFalse((Tensor<Double>([1]) * 2).requiresGradient)
        var escaped = Tensor<Double>(0)
        let (value, gradient) = valueWithGradient(at: Tensor<Double>([2])) { x in
            XCTAssertTrue((x * 2).requiresGradient)
            XCTAssertFalse((Tensor<Double>([1]) * 2).requiresGradient)
            escaped = x * 3
            return escaped.sum()
        }
        XCTAssertFalse(value.requiresGradient)
        XCTAssertFalse(gradient.requiresGradient)
        XCTAssertFalse(escaped.requiresGradient)
        XCTAssertFalse((escaped + 1).requiresGradient)
        // What escaped from one gradient is a constant in the next.
        let next = valueWithGradient(at: Tensor<Double>([5])) { ($0 * escaped).sum() }
        XCTAssertEqual(next.value, Tensor(30))
        XCTAssertEqual(next.gradient, Tensor([6]))
    }

    func testNestedGradientIsConstantToTheOuterOne() {
        let outer = valueWithGradient(at: Tensor<Double>([3])) { x in
            let inner = valueWithGradient(at: x) { $0.squared().sum() }
            XCTAssertFalse(inner.gradient.requiresGradient)
            return (x * inner.gradient).sum()
        }
        XCTAssertEqual(outer.value, Tensor(18))
        XCTAssertEqual(outer.gradient, Tensor([6]))
    }

    func testUserDefinedOperation() {
        func doubled(_ x: Tensor<Double>, counting constant: Tensor<Double>) -> Tensor<Double> {
            (x.stopGradient() * 2).recorded(from: [x, constant]) { cotangent, isNeeded in
                XCTAssertEqual(isNeeded, [true, false])
                return [cotangent * 2, nil]
            }
        }
        let gradient = valueWithGradient(at: Tensor<Double>([1, 4])) { doubled($0.squared(), counting: Tensor(1)).sum() }.gradient
        XCTAssertEqual(gradient, Tensor([4, 16]))
    }
}
