import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

/// What holds for every kind of grid with every sampler.
final class GridKindTests: XCTestCase {
    private let image: Tensor<Double> = randomTensor([2, 3, 6, 5], seed: 3)

    private func inputs(_ kind: GridKind) -> [Tensor<Double>] { kind.shapes.enumerated().map { randomTensor($1, seed: UInt64($0) + 11) } }

    /// Samplers take the same from it as from its points, one after the other.
    func testValuesAreThoseAtItsPoints() {
        for kind in GridKind.all {
            let grid = kind.make(inputs(kind)[...])
            let images = kind.shapes[0] == [3, 4] ? [1, 0, 1] : [0, 1]
            XCTAssertEqual(grid.points.shape, [images.count, 3, 4, 2], kind.name)
            for sampler in [BilinearSampler(), BilinearSampler(padding: .reflection, alignCorners: true)] {
                let expected = concatenate(
                    images.enumerated().map { target, image in
                        sampler.sample(self.image[image..<image + 1], at: SamplingGrid(points: grid.points[target..<target + 1]))
                    }, axis: 0)
                assertClose(sampler.sample(image, at: grid), expected, tolerance: 1e-12, kind.name)
            }
        }
    }

    /// The gradient is the sampler's slopes times the derivatives of the points: also where the slopes are those of fitted planes.
    func testGradientsAreTheSamplersSlopes() {
        let samplers: [any Sampler] = [BilinearSampler(), MultiScaleSampler(sigmas: [0.8]), LinearizedSampler(sampleCount: 5)]
        for kind in GridKind.all {
            let inputs = inputs(kind)
            for sampler in samplers {
                let slopes = sampler.linearization(of: image, at: kind.make(inputs[...]), call: 2)
                let weights: Tensor<Double> = randomTensor(slopes.values.shape, seed: 4)
                let byPoints = stack([slopes.slopeU!, slopes.slopeV!].map { ($0 * weights).sum(axes: [1]) }, axis: 3)
                let found = valueWithGradient(at: inputs) { inputs in
                    (sampler.sample(image, at: kind.make(inputs[...]), call: 2) * weights).sum()
                }.gradients
                let expected = valueWithGradient(at: inputs) { (kind.make($0[...]).points * byPoints).sum() }.gradients
                for (found, expected) in zip(found, expected) {
                    XCTAssertGreaterThan(expected.abs().max().scalar, 0, kind.name)
                    assertClose(found, expected, tolerance: 1e-10, "\(kind.name), \(sampler)")
                }
            }
        }
    }
}
