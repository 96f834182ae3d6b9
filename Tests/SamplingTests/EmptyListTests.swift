import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

private let samplers: [any Sampler] =
    [BilinearSampler(), BilinearSampler(padding: .reflection, alignCorners: true), MultiScaleSampler(sigmas: [0.8])]
    + LinearizedSampler.Solver.allCases.flatMap { solver in
        [LinearizedSampler.ImageGradient.centre, .allSamples].map { LinearizedSampler(sampleCount: 5, imageGradient: $0, solver: solver) }
    }

/// Every public operation of Sampling with a gradient, and every sampler, without images, channels, targets or pixels of these. One that is
/// not in this list fails `testListIsComplete`.
private let samples: [EmptySample] = {
    var samples: [EmptySample] = []
    let batches = [(0, 0, 0), (0, 1, 0), (1, 0, 0)]
    for sampler in samplers {
        func sample(_ image: [Int], _ grid: [Int], gives result: [Int]) {
            samples.append(
                EmptySample("sample", [image, grid], gives: result, case: "\(sampler), points") {
                    sampler.sample($0[0], at: SamplingGrid(points: $0[1]))
                })
        }
        func sample(_ image: [Int], _ matrices: Int, _ height: Int, _ width: Int, gives result: [Int]) {
            samples.append(
                EmptySample("sample", [image, [matrices, 3, 3]], gives: result, case: "\(sampler), matrices \(height)x\(width)") {
                    sampler.sample($0[0], at: SamplingGrid(matrices: $0[1], height: height, width: width))
                })
        }
        for (images, targets, batch) in batches {
            sample([images, 3, 4, 5], [targets, 2, 3, 2], gives: [batch, 3, 2, 3])
            sample([images, 3, 4, 5], targets, 2, 3, gives: [batch, 3, 2, 3])
        }
        for (images, targets, batch) in [(1, 1, 1), (2, 2, 2), (1, 2, 2), (2, 1, 2), (0, 1, 0), (1, 0, 0)] {
            sample([images, 0, 4, 5], [targets, 2, 3, 2], gives: [batch, 0, 2, 3])
            sample([images, 0, 4, 5], targets, 2, 3, gives: [batch, 0, 2, 3])
            for (height, width) in [(0, 3), (3, 0), (0, 0)] {
                sample([images, 3, 4, 5], [targets, height, width, 2], gives: [batch, 3, height, width])
                sample([images, 3, 4, 5], targets, height, width, gives: [batch, 3, height, width])
            }
        }
    }
    for family in TransformationFamily.allCases {
        samples.append(
            EmptySample("matrices", [[0, family.parameterCount]], gives: [0, 3, 3]) { Transformation(family, parameters: $0[0]).matrices })
    }
    for (count, height, width) in [(0, 2, 3), (2, 0, 3), (2, 3, 0), (0, 0, 0)] {
        samples.append(
            EmptySample("points", [[count, 3, 3]], gives: [count, height, width, 2]) {
                SamplingGrid(matrices: $0[0], height: height, width: width).points
            })
        let (points, source) = ([count, height, width, 2], (height: 4, width: 5))
        samples.append(EmptySample("flow", [points], gives: points) { SamplingGrid(flow: $0[0]).points })
        samples.append(
            EmptySample("displaced", [[count, 3, 3], points], gives: points) {
                SamplingGrid(matrices: $0[0], height: height, width: width).displaced(by: $0[1], source: source).points
            })
        samples.append(
            EmptySample("polar", [[count, 2], [1, 2]], gives: points) {
                SamplingGrid.polar(centre: $0[0], radii: $0[1], height: height, width: width, source: source).points
            })
        samples.append(
            EmptySample("logPolar", [[1, 2], [count, 2]], gives: points) {
                SamplingGrid.logPolar(centre: $0[0], radii: $0[1], height: height, width: width, source: source).points
            })
        samples.append(
            EmptySample("spline", [[count, 4, 2]], gives: points) {
                let lattice = ThinPlateSpline<Double>.lattice(rows: 2, columns: 2)
                return try! ThinPlateSpline(controlPoints: lattice, height: height, width: width).grid(to: $0[0]).points
            })
        for sampler in samplers {
            for (images, channels) in [(max(1, count), 3), (2, 0)] + (count == 0 ? [(0, 3)] : []) {
                samples.append(
                    EmptySample(
                        "boxes", [[images, channels, 4, 5], [count, 4]], gives: [count, channels, height, width], case: "\(sampler)"
                    ) {
                        let places = [Int](repeating: images - 1, count: count)
                        return sampler.sample(boxes: $0[1], of: $0[0], images: places, height: height, width: width)
                    })
            }
        }
        samples.append(
            EmptySample("points", [[count, height, width, 2]], gives: [count, height, width, 2]) { SamplingGrid(points: $0[0]).points })
    }
    for shape in [[0, 4, 5], [0, 3, 4, 5], [2, 0, 4, 5]] {
        samples.append(EmptySample("gaussianBlur", [shape], gives: shape) { gaussianBlur($0[0], sigma: 1.5) })
        samples.append(
            EmptySample("areaAveraged", [shape], gives: shape.dropLast(2) + [2, 3]) { areaAveraged($0[0], height: 2, width: 3) })
    }
    return samples
}()

final class EmptyListTests: XCTestCase {
    func testShapesAndGradients() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let expected = try operationsWithGradient(inSourcesOf: "Sampling")
        XCTAssert(expected.isSuperset(of: ["gaussianBlur", "matrices", "points", "sample"]), "\(expected)")
        XCTAssertEqual(expected.subtracting(samples.map(\.name)), [], "operations with a gradient that are not tried without elements")
        let declared = try sourceLines(of: "Sampling").compactMap { try /public struct (\w+): .*Sampler\b/.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(declared.count, 3)
        for sampler in declared {
            XCTAssert(samplers.contains { "\(type(of: $0))" == sampler }, "\(sampler) is not tried without elements")
        }
    }

    /// No images and one grid: before, the larger number of the two was taken, and memory read that is not there.
    func testNoImagesGiveNone() {
        let found = BilinearSampler().sample(
            Tensor<Float>.zeros([0, 3, 4, 4]), at: SamplingGrid<Float>(.identity, height: 2, width: 2))
        XCTAssertEqual(found, .zeros([0, 3, 2, 2]))
    }

    /// Float's kernels, values and slopes.
    func testLinearizations() {
        for sampler in samplers {
            for (image, height, width) in [([0, 3, 4, 5], 2, 3), ([2, 0, 4, 5], 2, 3), ([2, 3, 4, 5], 0, 3), ([2, 3, 4, 5], 3, 0)] {
                let found = sampler.linearization(
                    of: Tensor<Float>.ones(image), at: SamplingGrid<Float>(.identity, height: height, width: width))
                let shape = [image[0], image[1], height, width]
                XCTAssertEqual([found.values.shape, found.slopeU?.shape, found.slopeV?.shape], [shape, shape, shape], "\(sampler)")
            }
        }
        let normals = LinearizedSampler(sampleCount: 4, noise: .normals(.zeros([0, 3, 4, 2, 3])))
        let grid = SamplingGrid<Float>(.identity, height: 2, width: 3)
        XCTAssertEqual(normals.sample(Tensor<Float>.zeros([0, 3, 4, 5]), at: grid).shape, [0, 3, 2, 3])
    }

    func testTransformations() throws {
        let none = Transformation<Double>.identity(.similarity, count: 0)
        XCTAssertEqual(none.inverse?.count, 0)
        XCTAssertEqual(none.composed(after: none)?.count, 0)
    }

    func testPreconditions() {
        func x(_ shape: [Int]) -> Tensor<Float> { .zeros(shape) }
        let grid = SamplingGrid<Float>(.identity, height: 2, width: 2)
        let two = SamplingGrid<Float>(matrices: x([2, 3, 3]), height: 2, width: 2)
        for sampler in samplers {
            assertTraps("\(sampler): no images at 2 grids") { _ = sampler.sample(x([0, 3, 4, 5]), at: two) }
            assertTraps("\(sampler): images without rows") { _ = sampler.sample(x([1, 3, 0, 5]), at: grid) }
            assertTraps("\(sampler): images without columns") { _ = sampler.sample(x([1, 3, 4, 0]), at: grid) }
        }
        assertTraps("negative target") { _ = SamplingGrid<Float>(.identity, height: -1, width: 2) }
        assertTraps("blur of no rows") { _ = gaussianBlur(x([2, 0, 5]), sigma: 1) }
        assertTraps("average of no columns") { _ = areaAveraged(x([2, 4, 0]), height: 2, width: 0) }
        assertTraps("average to no rows") { _ = areaAveraged(x([2, 4, 4]), height: 0, width: 2) }
    }
}
