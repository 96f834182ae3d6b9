import Datasets
import LinearAlgebra
import Registration
import Sampling
import TestSupport
import Tensors
import XCTest

/// The paper's search.
final class SampledSearchTests: XCTestCase {
    private let scene = ProceduralScene(seed: 1).image(height: 150, width: 200)
    private let start = Matrix3.scaling(0.5, 0.5)

    /// A transformation well away from the start, in the coordinates where families act.
    private func truth(_ family: TransformationFamily, _ frame: Frame) -> Matrix3 {
        let parameters: [Double]
        switch family {
        case .translation: return frame.normalized(.translation(0.1, -0.08) * .scaling(1, 1))
        case .euclidean: parameters = [0.3, 0.1, -0.05]
        case .similarity: parameters = [0.4, -0.7, 0.1, -0.08]
        case .rotationScaleTranslation: parameters = [0.3, -0.8, -1.1, 0.1, 0.05]
        case .affine: parameters = [-0.45, -0.25, 0.1, 0.2, -0.5, 0.05]
        case .homography: parameters = [-0.45, -0.2, 0.1, 0.2, -0.5, 0.05, 0.05, -0.06]
        }
        return frame.normalized(family.matrix(parameters))
    }

    private func view(_ source: Tensor<Float>, _ matrix: Matrix3, height: Int, width: Int) -> Tensor<Float> {
        let batch = source.reshaped([1] + source.shape)
        return BilinearSampler().sample(batch, at: SamplingGrid<Float>(matrix, height: height, width: width))
            .reshaped([source.shape[0], height, width])
    }

    func testEveryFamilyIsFoundToAFractionOfAPixel() throws {
        for family in TransformationFamily.allCases {
            let frame = Frame(sourceAspect: 200.0 / 150, targetAspect: 96.0 / 80)
            let truth = truth(family, frame)
            let target = view(scene, truth, height: 80, width: 96)
            // Translations and turns can't change the scale, so they start at their own.
            let initial: Matrix3 = family == .translation || family == .euclidean ? .identity : start
            let found = try align(scene, to: target, .paper(family: family, initial: initial))
            let pixels = found.matrix.cornerDistance(to: truth) * 75
            XCTAssertLessThan(pixels, 0.5, "\(family): \(found.status), \(found.parameters)")
            XCTAssertEqual(found.path.count, found.losses.count + 1)
            XCTAssertEqual(found.cornerPath.last!.map(\.x), found.matrix.corners.map(\.x))
        }
    }

    /// The demo's task: eight times smaller, where bilinear sampling finds nothing.
    func testShrunkenTarget() throws {
        let truth = Matrix3.translation(0.1, -0.08) * .rotation(0.45) * .scaling(0.62, 0.62)
        let square = ProceduralScene(seed: 3).image(height: 256, width: 256)
        let target = areaAveraged(view(square, truth, height: 256, width: 256), height: 32, width: 32)
        func error(_ sampler: any Sampler) throws -> Double {
            let settings = AlignmentSettings.paper(family: .similarity, sampler: sampler, initial: start)
            return try align(square, to: target, settings).matrix.cornerDistance(to: truth)
        }
        XCTAssertLessThan(try error(LinearizedSampler(regularization: 1)), 0.01)
        XCTAssertGreaterThan(try error(BilinearSampler()), 0.1)
    }

    /// The paper's way, with a small error that it can mend.
    func testAdam() throws {
        let truth = Matrix3.translation(0.04, -0.03) * .scaling(0.5, 0.5)
        let target = view(scene, truth, height: 60, width: 80)
        for sampler in [BilinearSampler(), MultiScaleSampler(), LinearizedSampler()] as [any Sampler] {
            let settings = AlignmentSettings.paper(
                family: .similarity, sampler: sampler, optimizer: .adam(learningRate: 0.005), initial: start, iterations: 150)
            let found = try align(scene, to: target, settings)
            XCTAssertLessThan(found.matrix.cornerDistance(to: truth), 0.01, "\(sampler)")
            XCTAssertLessThan(found.losses.last!, found.losses.first! / 4, "\(sampler)")
        }
    }

    func testSameSeedSameBitsOnAnyNumberOfThreadsAndInABatch() throws {
        let matrices = [truth(.affine, .square), truth(.similarity, .square)]
        let sources = stack([scene, scene * 0.5 + 0.1])
        let targets = stack(matrices.enumerated().map { view(sources[$0, .ellipsis], $1, height: 60, width: 70) })
        let settings = AlignmentSettings.paper(family: .affine, initial: start, iterations: 20)
        func run(_ threads: Int) throws -> [Alignment] {
            try Threads.with(count: threads) { try align(sources, toBatch: targets, settings) }
        }
        let one = try run(1)
        let two = try run(2)
        let alone = try align(sources[1, .ellipsis], to: targets[1, .ellipsis], settings)
        for n in 0..<2 {
            XCTAssertEqual(one[n].parameters, two[n].parameters)
            XCTAssertEqual(one[n].losses, two[n].losses)
        }
        XCTAssertEqual(alone.parameters, one[1].parameters)
        var other = settings
        other.sampled?.sampler = LinearizedSampler(regularization: 1, noise: .seed(9))
        XCTAssertNotEqual(try align(sources[1, .ellipsis], to: targets[1, .ellipsis], other).parameters, alone.parameters)
    }

    func testWhatCannotConvergeIsAStatus() throws {
        let target = view(scene, start, height: 30, width: 40)
        for optimizer in [SampledSearch.Optimizer.levenbergMarquardt(), .adam()] {
            func status(_ source: Tensor<Float>, _ target: Tensor<Float>, initial: Matrix3, iterations: Int = 10) throws -> Alignment {
                try align(
                    source, to: target, .paper(optimizer: optimizer, initial: initial, iterations: iterations))
            }
            XCTAssertEqual(try status(scene, target, initial: .translation(50, 0)).status, .noOverlap)
            XCTAssertEqual(try status(scene + .nan, target, initial: start).status, .notFinite)
            XCTAssertEqual(try status(scene, target * .infinity, initial: start).status, .notFinite)
            let unmoved = try status(scene, target, initial: start, iterations: 0)
            XCTAssertEqual(unmoved.status, .iterationLimit)
            XCTAssert(unmoved.losses.isEmpty && unmoved.path.count == 1)
        }
    }

    func testStartsOutsideOfTheFamilyAreErrors() {
        let target = view(scene, start, height: 30, width: 40)
        for (family, matrix) in [
            (TransformationFamily.similarity, Matrix3.scaling(-1, 1)), (.affine, .scaling(0, 1)), (.homography, .scaling(.nan, 1)),
        ] {
            XCTAssertThrowsError(try align(scene, to: target, .paper(family: family, initial: matrix))) {
                XCTAssertEqual($0 as? AlignmentError, .initialMatrixOutsideFamily(family))
            }
        }
    }
}
