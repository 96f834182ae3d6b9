import Datasets
import LinearAlgebra
import Registration
import Sampling
import TestSupport
import Tensors
import XCTest

/// Images that say nothing about the place: the search stays where it is and says so.
final class ContrastTests: XCTestCase {
    private let scene = ProceduralScene(seed: 1).image(height: 48, width: 64)
    private let samplers: [any Sampler] = [BilinearSampler(), BilinearSampler(padding: .border), MultiScaleSampler(), LinearizedSampler()]
    private let optimizers: [SampledSearch.Optimizer] = [.levenbergMarquardt(), .adam()]

    private func assertStays(
        _ source: Tensor<Float>, _ target: Tensor<Float>, from start: Matrix3 = .scaling(0.7, 0.8), meets: Bool = true, _ message: String,
        line: UInt = #line
    ) throws {
        for sampler in samplers {
            for optimizer in optimizers {
                for family in TransformationFamily.allCases {
                    let settings = AlignmentSettings.paper(
                        family: family, sampler: sampler, optimizer: optimizer, initial: start, iterations: 12)
                    let found = try align(source, to: target, settings)
                    let message = "\(message), \(family), \(sampler), \(optimizer)"
                    if meets || found.status != .noOverlap { XCTAssertEqual(found.status, .noContrast, message, line: line) }
                    XCTAssertEqual(found.path, [found.matrix], message, line: line)
                    XCTAssert(found.losses.isEmpty, message, line: line)
                }
            }
        }
    }

    func testConstantImages() throws {
        let grey = Tensor<Float>(repeating: 0.3, shape: [3, 20, 30])
        // Each channel a number of its own; and rounding.
        let colour = grey + Tensor([0, 0.2, 0.4], shape: [3, 1, 1])
        let noise: Tensor<Float> = randomTensor([3, 20, 30], seed: 1)
        let rounded = colour * (noise * 1e-7 + 1)
        try assertStays(grey, grey * 0.5, "two greys")
        try assertStays(colour, colour, "one colour")
        try assertStays(rounded, colour, "rounding")
        try assertStays(scene, colour, "target")
        try assertStays(colour, scene, "source")
    }

    func testFewPixels() throws {
        let shapes = [[1, 1, 1], [1, 1, 7], [1, 2, 1], [1, 7, 1]]
        for source in shapes {
            for target in shapes {
                // Some families can't bring such shapes together.
                try assertStays(.ones(source), .zeros(target), meets: false, "\(source) \(target)")
                // With contrast they may say something, of one pixel or another: no trap, a number.
                let (a, b): (Tensor<Float>, Tensor<Float>) = (randomTensor(source, seed: 1), randomTensor(target, seed: 2))
                for sampler in samplers {
                    for optimizer in optimizers {
                        let found = try align(a, to: b, .paper(sampler: sampler, optimizer: optimizer, iterations: 12))
                        XCTAssert(found.matrix.isFinite, "\(source) \(target) \(sampler)")
                        if source == [1, 1, 1] || target == [1, 1, 1] { XCTAssertEqual(found.status, .noContrast) }
                    }
                }
            }
        }
    }

    /// Contrast that is not where the images meet.
    func testConstantOverlap() throws {
        var pixels = [Float](repeating: 0.5, count: 40 * 40)
        for y in 0..<40 { for x in 0..<8 { pixels[y * 40 + x] = Float((x * 7 + y * 5) % 11) / 11 } }
        let edge = Tensor(pixels, shape: [1, 40, 40])
        // The target's left edge, which has all its contrast, is outside of the source.
        try assertStays(scene.mean(axes: [0], keepingAxes: true), edge, from: .translation(-1, 0), "target")
        // The source's is, which only noise sees from afar.
        for optimizer in optimizers {
            for sampler in samplers[...1] {
                let settings = AlignmentSettings.paper(
                    sampler: sampler, optimizer: optimizer, initial: .translation(0.4, 0) * .scaling(0.3, 0.3), iterations: 12)
                let found = try align(edge, to: edge, settings)
                XCTAssertEqual(found.status, .noContrast)
                XCTAssertEqual(found.path.count, 1)
            }
            // Noise that is narrow does not see it either: all slopes are zero.
            let narrow: SampledSearch.Optimizer =
                if case .adam = optimizer { optimizer } else { .levenbergMarquardt(NoiseSchedule(first: 0.5, last: 0.5)) }
            let settings = AlignmentSettings.paper(
                sampler: LinearizedSampler(sigma: 0.5, preventsCollapse: false), optimizer: narrow,
                initial: .translation(0.5, 0) * .scaling(0.1, 0.1), iterations: 3)
            let found = try align(edge, to: edge, settings)
            XCTAssertEqual(found.status, .noContrast)
            XCTAssertEqual(found.path.count, 1)
        }
    }

    /// By registration, constant colours say as little as constant greys.
    func testRegistrationOfConstantColours() throws {
        let colour = Tensor<Float>(repeating: 0.3, shape: [3, 20, 30]) + Tensor([0, 0.2, 0.4], shape: [3, 1, 1])
        let noise: Tensor<Float> = randomTensor([3, 20, 30], seed: 1)
        let rounded = colour * (noise * 1e-7 + 1)
        for (source, target) in [(colour, colour), (rounded, colour), (scene, rounded), (colour, scene)] {
            let found = try align(source, to: target, AlignmentSettings(family: .affine))
            XCTAssertEqual(found.status, .noContrast)
            XCTAssertEqual(found.verdict, .failed)
            XCTAssertLessThan(found.matrix.cornerDistance(to: .identity), 1e-12)
        }
    }

    func testNoPairsGiveNone() throws {
        for settings in [AlignmentSettings(), .paper(), .paper(optimizer: .adam())] {
            XCTAssertEqual(try align(Tensor<Float>.zeros([0, 3, 8, 9]), toBatch: .zeros([0, 3, 5, 5]), settings).count, 0)
        }
        for (source, target) in [
            ([1, 0, 8, 8], [1, 0, 5, 5]), ([1, 3, 0, 8], [1, 3, 5, 5]), ([1, 3, 8, 8], [1, 3, 5, 0]), ([0, 3, 8, 8], [1, 3, 5, 5]),
        ] {
            assertTraps("\(source) \(target)") { _ = try? align(Tensor<Float>.zeros(source), toBatch: .zeros(target)) }
        }
    }
}
