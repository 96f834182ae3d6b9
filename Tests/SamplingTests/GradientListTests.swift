import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

/// Every differentiable operation of Sampling, with every sampler, is in this list, or `testListIsComplete` fails.
///
/// The linearized sampler's slopes are those of a fitted plane and no derivatives, so it stands here for its gradient by the image alone,
/// where that is exact.
private let samples: [GradientSample] = {
    var samples: [GradientSample] = []
    for (shape, sigma) in [([2, 6, 5], 0.7), ([1, 2, 4, 7], 2), ([1, 1], 1), ([1, 9], 3)] as [([Int], Double)] {
        samples.append(GradientSample("gaussianBlur", [shape]) { gaussianBlur($0[0], sigma: sigma) })
    }
    for (height, width) in [(4, 2), (3, 4), (1, 1), (6, 5)] {
        samples.append(GradientSample("areaAveraged", [[2, 6, 5]]) { areaAveraged($0[0], height: height, width: width) })
    }
    for family in TransformationFamily.allCases {
        for frame in [Frame.square, Frame(sourceAspect: 1.5, targetAspect: 0.6)] {
            samples.append(
                GradientSample("matrices", [[2, family.parameterCount]], in: -0.8..<0.8, case: "\(family), \(frame)") {
                    Transformation(family, parameters: $0[0], frame: frame).matrices
                })
        }
    }
    for alignCorners in [false, true] {
        for (height, width) in [(4, 3), (1, 5), (1, 1)] {
            samples.append(
                GradientSample("points", [[2, 3, 3]], in: -1..<1, case: "corners aligned: \(alignCorners)") {
                    SamplingGrid(matrices: nearIdentity($0[0]), height: height, width: width, alignCorners: alignCorners).points
                })
        }
        samples.append(GradientSample("points", [[2, 3, 4, 2]]) { SamplingGrid(points: $0[0], alignCorners: alignCorners).points })
        for padding in Padding.allCases {
            samples += byImageAndPosition(BilinearSampler(padding: padding, alignCorners: alignCorners))
            samples += byImageAndPosition(MultiScaleSampler(sigmas: [0.8, 2], padding: padding, alignCorners: alignCorners))
            for solver in LinearizedSampler.Solver.allCases {
                for (bias, imageGradient) in [(.included, .allSamples), (.excluded, .allSamples), (.excluded, .centre)]
                    as [(LinearizedSampler.Bias, LinearizedSampler.ImageGradient)]
                {
                    samples += byImage(
                        LinearizedSampler(
                            sampleCount: 5, bias: bias, imageGradient: imageGradient, solver: solver, padding: padding,
                            alignCorners: alignCorners))
                }
            }
        }
    }
    for kind in GridKind.all {
        samples.append(GradientSample(kind.name, kind.shapes, in: -1..<1, case: "points") { kind.make($0[...]).points })
        for sampler in [BilinearSampler(), MultiScaleSampler(sigmas: [0.8], padding: .border)] as [any Sampler] {
            samples.append(
                GradientSample("sample", [[2, 2, 6, 5]] + kind.shapes, in: -1..<1, case: "\(sampler), by \(kind.name)") {
                    sampler.sample($0[0], at: kind.make($0[1...]))
                })
        }
        // By the image alone, as above; `GridKindTests` has the gradient by the grid.
        let grid = kind.make(kind.shapes.map { randomTensor($0, seed: 3) }[...])
        for solver in LinearizedSampler.Solver.allCases {
            let sampler = LinearizedSampler(sampleCount: 5, imageGradient: .allSamples, solver: solver)
            samples.append(
                GradientSample("sample", [[2, 2, 6, 5]], case: "\(sampler), \(kind.name)") { sampler.sample($0[0], at: grid, call: 3) })
        }
    }
    for channels in [2, 3] {
        let bytes = randomTensor([2 * 6 * 5 * channels], in: 0..<256, seed: 2).scalars.map { (x: Double) in UInt8(x) }
        let images = InterleavedImages(bytes, shape: [2, 6, 5, channels])
        samples += [
            GradientSample("sample", [[2, 3, 4, 2]], in: -1.2..<1.2, case: "BilinearSampler, \(channels) interleaved channels, by points") {
                BilinearSampler().sample(images, at: SamplingGrid(points: $0[0]))
            },
            GradientSample("sample", [[2, 3, 3]], in: -1..<1, case: "BilinearSampler, \(channels) interleaved channels, by matrices") {
                BilinearSampler().sample(images, at: SamplingGrid(matrices: nearIdentity($0[0]), height: 3, width: 4))
            },
        ]
    }
    for ratio in [1, 2] {
        let boxes = Tensor<Double>([0, 0, 5, 6, 1, 2, 4, 3, 3, 5, 1, 0], shape: [3, 4])
        for sampler in [BilinearSampler(), MultiScaleSampler(sigmas: [0.8], alignCorners: true)] as [any Sampler] {
            samples.append(
                GradientSample("sample", [[2, 2, 6, 5], [3, 4]], in: -1..<1, case: "\(sampler), boxes, \(ratio)") {
                    sampler.sample(
                        boxes: $0[1] + boxes, of: $0[0], images: [1, 0, 1], height: 2, width: 3, samplingRatio: ratio)
                })
        }
    }
    for family in TransformationFamily.allCases {
        let frame = Frame(sourceAspect: 5.0 / 6, targetAspect: 4.0 / 3)
        samples.append(
            GradientSample("sample", [[1, 2, 6, 5], [2, family.parameterCount]], in: -0.4..<0.4, case: "by parameters of \(family)") {
                let transformation = Transformation(family, parameters: $0[1], frame: frame)
                return BilinearSampler().sample($0[0], at: SamplingGrid(transformation, height: 3, width: 4))
            })
    }
    return samples
}()

/// Of images and of grids of either form; each in turn with a batch of 1 that serves all.
private func byImageAndPosition(_ sampler: some Sampler) -> [GradientSample] {
    [(2, 2), (1, 2), (2, 1)].flatMap { images, grids in
        [
            GradientSample("sample", [[images, 2, 6, 5], [grids, 3, 4, 2]], in: -1.2..<1.2, case: "\(sampler), by points") {
                sampler.sample($0[0], at: SamplingGrid(points: $0[1]))
            },
            GradientSample("sample", [[images, 2, 6, 5], [grids, 3, 3]], in: -1..<1, case: "\(sampler), by matrices") {
                sampler.sample($0[0], at: SamplingGrid(matrices: nearIdentity($0[1]), height: 3, width: 4))
            },
        ]
    }
}

private func byImage(_ sampler: LinearizedSampler) -> [GradientSample] {
    let matrices = nearIdentity(randomTensor([2, 3, 3], seed: 1))
    let points: Tensor<Double> = randomTensor([2, 3, 4, 2], in: -1.2..<1.2, seed: 2)
    return [SamplingGrid(matrices: matrices, height: 3, width: 4), SamplingGrid(points: points)].flatMap { grid in
        [1, 2].map { images in
            GradientSample("sample", [[images, 2, 6, 5]], case: "\(sampler)") { sampler.sample($0[0], at: grid, call: 3) }
        }
    }
}

final class GradientListTests: XCTestCase {
    func testEveryOperationAgreesWithCentralDifferences() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let expected = try operationsWithGradient(inSourcesOf: "Sampling")
        XCTAssert(expected.isSuperset(of: ["gaussianBlur", "matrices", "points", "sample"]), "\(expected)")
        XCTAssertEqual(expected.subtracting(samples.map(\.name)), [], "public operations with a gradient that no sample tests")
        let samplers = try sourceLines(of: "Sampling").compactMap { try /public struct (\w+): .*Sampler\b/.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(samplers.count, 3)
        for sampler in samplers {
            XCTAssert(samples.contains { $0.name == "sample" && $0.detail.hasPrefix(sampler) }, "no sample tests \(sampler)")
        }
    }
}
