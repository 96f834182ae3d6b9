import Foundation
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

/// Schedules, clipping and early stopping.
final class TrainingControlTests: XCTestCase {
    func testSchedules() {
        XCTAssertEqual([0, 7, 1_000_000].map { LearningRateSchedule.constant.factor(at: $0) }, [1, 1, 1])
        let step = LearningRateSchedule.step(every: 10, factor: 0.5)
        XCTAssertEqual([0, 9, 10, 19, 20, 35].map { step.factor(at: $0) }, [1, 1, 0.5, 0.5, 0.25, 0.125])
        let cosine = LearningRateSchedule.cosine(iterations: 8)
        for (iteration, expected) in [(0, 1), (2, (2 + 2.squareRoot()) / 4), (4, 0.5), (8, 0), (100, 0)] {
            XCTAssertEqual(cosine.factor(at: iteration), expected, accuracy: 1e-15, "\(iteration)")
        }
    }

    func testClippingByGlobalNorm() {
        let gradients: [Tensor<Double>] = [randomTensor([17, 9], seed: 1), Tensor(0.5), .zeros([0]), randomTensor([40_000], seed: 2)]
        let norm = gradients.flatMap(\.scalars).reduce(0) { $0 + $1 * $1 }.squareRoot()
        var clipped = gradients
        XCTAssertEqual(clipByGlobalNorm(&clipped, maximum: norm / 4), norm, accuracy: 1e-10)
        XCTAssertEqual(globalNorm(clipped), norm / 4, accuracy: 1e-10)
        for (found, expected) in zip(clipped, gradients) { assertClose(found, expected * 0.25, tolerance: 1e-13, "clipped") }
        clipped = gradients
        XCTAssertEqual(clipByGlobalNorm(&clipped, maximum: norm * 1.001), norm, accuracy: 1e-10)
        XCTAssertEqual(clipped, gradients, "a norm below the maximum")
    }

    func testClippingOfExtremeGradients() {
        var large = [Tensor<Float>([3e30, 4e30])]
        XCTAssertEqual(clipByGlobalNorm(&large, maximum: 1), 5e30, accuracy: 1e24)
        assertClose(large[0], Tensor([0.6, 0.8]), tolerance: 1e-6, "squares that Float cannot hold")
        for number in [Float.nan, .infinity] {
            var gradients = [Tensor<Float>([1, number]), Tensor([2])]
            XCTAssertFalse(clipByGlobalNorm(&gradients, maximum: 1).isFinite)
            XCTAssertEqual(gradients[1], Tensor([2]))
        }
    }

    func testEarlyStopping() throws {
        var stopping = EarlyStopping(patience: 30)
        XCTAssertFalse(stopping.shouldStop(at: 0))
        XCTAssert(stopping.record(0.5, at: 10))
        XCTAssertFalse(stopping.record(0.5, at: 20), "the same is no improvement")
        XCTAssert(stopping.record(0.1 + 0.2, at: 25))
        XCTAssertFalse(stopping.record(.nan, at: 30))
        XCTAssertFalse(stopping.record(-.infinity, at: 30))
        XCTAssertEqual(stopping.bestError, 0.1 + 0.2)
        XCTAssertEqual(stopping.bestIteration, 25)
        XCTAssertFalse(stopping.shouldStop(at: 54))
        XCTAssert(stopping.shouldStop(at: 55))
        XCTAssertEqual(try JSONDecoder().decode(EarlyStopping.self, from: JSONEncoder().encode(stopping)), stopping)
    }
}
