import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

/// What the linearized sampler's solvers owe each other, beside the naive reference that each of them agrees with.
final class SolverTests: XCTestCase {
    /// The same noise for the same seed, so the same results to rounding.
    func testBLASAgreesWithFused() {
        for (i, scene) in Scene.all.enumerated() {
            let (image, grid, matrices) = scene.make(seed: 900 + UInt64(i))
            func compare<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, _ grid: SamplingGrid<Scalar>, _ tolerance: Double) {
                let samplers = [LinearizedSampler.Solver.blas, .fused].map {
                    LinearizedSampler(noise: .seed(9), solver: $0, alignCorners: scene.alignCorners)
                }
                let (blas, fused) = (results(samplers[0], image, grid), results(samplers[1], image, grid))
                for (found, expected) in zip(blas, fused) { assertClose(found, expected, tolerance: tolerance, scene.name) }
            }
            compare(image, grid, 1e-10)
            compare(image.cast(to: Float.self), grid.single(matrices: matrices), 1e-4)
        }
    }

    /// One solve for all pixels within bounds gives what each pixel's own solve gives under the same normals.
    func testSharedNoiseIsFusedUnderTheSameNormals() {
        for (i, scene) in Scene.all.enumerated() {
            let (image, grid, _) = scene.make(seed: 950 + UInt64(i))
            for padding in Padding.allCases {
                var shared = LinearizedSampler(solver: .sharedNoise, padding: padding, alignCorners: scene.alignCorners)
                let normals: Tensor<Double> = randomTensor([scene.image[0], 7, 4, 1, 1], in: -2..<2)
                shared.noise = .normals(normals)
                var fused = shared
                fused.solver = .fused
                fused.noise = .normals(normals + Tensor.zeros([grid.height, grid.width]))
                for (found, expected) in zip(results(shared, image, grid), results(fused, image, grid)) {
                    assertClose(found, expected, tolerance: 1e-12, "\(scene.name), \(padding)")
                }
            }
        }
    }

    /// Within bounds all pixels of an image that is sampled under one affine map have the same offsets: those of one column of an image
    /// that repeats itself along y with the target's step have the same bits. Another image of the batch has another pattern.
    func testSharedNoiseIsSharedByTheImageAlone() {
        let row: Tensor<Double> = randomTensor([1, 1, 1, 40], in: 0..<1)
        let image = row + Tensor.zeros([2, 1, 40, 1])
        let matrices = Tensor(Matrix3.scaling(0.5, 0.5).elements + Matrix3.scaling(0.5, 0.5).elements, shape: [2, 3, 3])
        let grid = SamplingGrid(matrices: matrices, height: 20, width: 20)
        for (solver, isShared) in [(LinearizedSampler.Solver.fused, false), (.sharedNoise, true)] {
            let slopes = LinearizedSampler(solver: solver).linearization(of: image, at: grid).slopeU!
            let (above, below) = (slopes[0..<1].element([0, 0, 8, 9]), slopes[0..<1].element([0, 0, 11, 9]))
            XCTAssertEqual(abs(above - below) < 1e-12, isShared, "\(solver)")
            XCTAssertNotEqual(above, slopes[1..<2].element([0, 0, 8, 9]), "\(solver)")
        }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        for solver in LinearizedSampler.Solver.allCases {
            assertSameBitsOnAnyNumberOfThreads(LinearizedSampler(imageGradient: .allSamples, solver: solver))
        }
    }

    /// Where the normal equations are singular to working precision the results are still those of the plane, and never a trap.
    func testExtremeMapsAndPositions() {
        let image: Tensor<Double> = randomTensor([1, 2, 30, 40], in: 0..<1)
        let (nan, huge) = (Double.nan, 1e300)
        let grids =
            [1e3, 1e6, 1e12, huge, nan, .infinity].map { SamplingGrid<Double>(.scaling($0, $0), height: 5, width: 5) } + [
                SamplingGrid(points: Tensor([nan, 0, 0, nan, .infinity, 0, -huge, huge], shape: [1, 1, 4, 2])),
                SamplingGrid(matrices: Tensor([0, 0, 0, 0, 0, 0, 0, 0, 0], shape: [1, 3, 3]), height: 3, width: 3),
            ]
        for solver in LinearizedSampler.Solver.allCases {
            for (i, grid) in grids.enumerated() {
                for regularization in [1e-3, 1e-30] {
                    let sampler = LinearizedSampler(regularization: regularization, solver: solver)
                    for tensor in results(sampler, image, grid) { XCTAssert(tensor.scalars.allSatisfy(\.isFinite), "\(solver), grid \(i)") }
                }
            }
        }
    }

    private func results<Scalar: FloatingScalar>(
        _ sampler: LinearizedSampler, _ image: Tensor<Scalar>, _ grid: SamplingGrid<Scalar>
    ) -> [Tensor<Scalar>] {
        let found = sampler.linearization(of: image, at: grid, call: 4)
        return [found.values, found.slopeU!, found.slopeV!]
    }
}
