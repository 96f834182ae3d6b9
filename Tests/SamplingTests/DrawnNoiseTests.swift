import CWarpKernels
import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

/// The linearized sampler, by every solver, under the noise that it draws itself, against the naive reference under the same noise.
final class DrawnNoiseTests: XCTestCase {
    private let seed: UInt64 = 77
    private let call = 5

    func testAgreesWithTheNaiveReference() {
        for solver in LinearizedSampler.Solver.allCases {
            for draws in LinearizedSampler.Draws.allCases {
                for frame in LinearizedSampler.NoiseFrame.allCases { check(solver, draws, frame) }
            }
        }
    }

    private func check(_ solver: LinearizedSampler.Solver, _ draws: LinearizedSampler.Draws, _ frame: LinearizedSampler.NoiseFrame) {
        for (i, scene) in Scene.all.enumerated() {
            for sigma in [1.0, 0.3] {
                for samples in [2, 8, 13] {
                    let sampler = LinearizedSampler(
                        sampleCount: samples, sigma: sigma, noiseFrame: frame, noise: .seed(seed), draws: draws, solver: solver,
                        alignCorners: scene.alignCorners)
                    let (image, grid, matrices) = scene.make(seed: 800 + UInt64(i))
                    let found = sampler.linearization(of: image, at: grid, call: call)
                    check(scene.name, [found.values, found.slopeU!, found.slopeV!], image, grid, matrices, sampler, 1e-10)
                    let single = sampler.linearization(of: image.cast(to: Float.self), at: grid.single(matrices: matrices), call: call)
                    let (gridSingle, matricesSingle) = grid.roundedToSingle(matrices: matrices)
                    check(
                        "\(scene.name), Float", [single.values, single.slopeU!, single.slopeV!].map { $0.cast(to: Double.self) },
                        image.cast(to: Float.self).cast(to: Double.self), gridSingle, matricesSingle, sampler, 1e-4)
                }
            }
        }
    }

    private func check(
        _ name: String, _ found: [Tensor<Double>], _ image: Tensor<Double>, _ grid: SamplingGrid<Double>, _ matrices: [Matrix3]?,
        _ sampler: LinearizedSampler, _ tolerance: Double
    ) {
        let expected = naiveLinearized(
            image, grid, matrices: matrices, sampler, normals: drawnNormals(image, grid, matrices, sampler))
        let message =
            "\(name), \(sampler.solver), \(sampler.draws), \(sampler.noiseFrame), \(sampler.sampleCount) samples, sigma \(sampler.sigma)"
        let parts = [("values", expected.values), ("slopes along u", expected.slopeU), ("slopes along v", expected.slopeV)]
        for (found, (part, expected)) in zip(found, parts) {
            assertClose(found, expected, tolerance: tolerance, "\(message): \(part)")
        }
    }

    /// The kernel's noise as the four normals of the equations. In the target's frame under perspective it is these. Else a pair of normals is one offset in source
    /// pixels, of the covariance that n and m have together; here all of it is put into m.
    private func drawnNormals(
        _ image: Tensor<Double>, _ grid: SamplingGrid<Double>, _ matrices: [Matrix3]?, _ sampler: LinearizedSampler
    ) -> Tensor<Double> {
        let (batch, pixels, samples) = (image.shape[0], grid.height * grid.width, sampler.sampleCount - 1)
        let isPerspective = sampler.noiseFrame == .target && matrices?[0].elements[6...7].contains { $0 != 0 } ?? false
        let kinds = isPerspective ? 2 : 1
        let pairs = kinds * samples
        let source = NaiveImage(pixels: Tensor.zeros(Array(image.shape[1...])), padding: .zeros, alignCorners: sampler.alignCorners)
        let pitch = naivePitch(grid.width, grid.height, grid.alignCorners)
        var normals: [Double] = []
        for n in 0..<batch {
            var drawn = [Double](repeating: 0, count: 2 * pairs * pixels)
            Double.kernels.sample_normals(
                warp_noise_key(seed: seed, call: UInt32(call), image: UInt32(n)),
                sampler.draws == .lattice ? warp_draws_lattice : warp_draws_independent, Int32(samples), Int32(kinds), 0, Int32(pixels),
                &drawn, pixels)
            if sampler.solver == .sharedNoise {
                for row in 0..<2 * pairs { for pixel in 0..<pixels { drawn[row * pixels + pixel] = drawn[row * pixels] } }
            }
            guard !isPerspective else {
                normals += drawn
                continue
            }
            let factors = (0..<pixels).map { pixel in
                let (column, row) = (pixel % grid.width, pixel / grid.width)
                let target = naiveTarget(column, row, grid.width, grid.height, grid.alignCorners)
                let warp: (Double, Double) -> (x: Double, y: Double)
                if sampler.noiseFrame == .source {
                    warp = { ($0, $1) }
                } else if let matrices {
                    warp = { matrices[n].apply(target.x + $0, target.y + $1) }
                } else {
                    warp = naiveGridWarp(grid, n, column, row)
                }
                return noiseFactor(source, sampler.sigma, pitch, warp)
            }
            for k in 0..<samples {
                let (a, b) = (drawn[2 * k * pixels..<(2 * k + 1) * pixels], drawn[(2 * k + 1) * pixels..<(2 * k + 2) * pixels])
                normals += [Double](repeating: 0, count: 2 * pixels)
                normals += zip(factors, a).map { $0.uu * $1 }
                normals += zip(factors, zip(a, b)).map { $0.vu * $1.0 + $0.vv * $1.1 }
            }
        }
        return Tensor(normals, shape: [batch, samples, 4, grid.height, grid.width])
    }

    /// The Cholesky factor of sigma² J Jᵀ + 1, in source pixels; J from the equations' own warp.
    private func noiseFactor(
        _ source: NaiveImage, _ sigma: Double, _ pitch: (x: Double, y: Double), _ warp: (Double, Double) -> (x: Double, y: Double)
    ) -> (uu: Double, vu: Double, vv: Double) {
        func pixel(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
            let point = warp(x, y)
            return source.pixel(point.x, point.y)
        }
        let (centre, right, below) = (pixel(0, 0), pixel(pitch.x, 0), pixel(0, pitch.y))
        let (ua, va) = (sigma * (right.x - centre.x), sigma * (right.y - centre.y))
        let (ub, vb) = (sigma * (below.x - centre.x), sigma * (below.y - centre.y))
        let (qu, qv) = (source.pitch.x == 0 ? 0.0 : 1, source.pitch.y == 0 ? 0.0 : 1)
        let uu = (ua * ua + ub * ub + qu).squareRoot()
        let vu = uu == 0 ? 0 : (ua * va + ub * vb) / uu
        return (uu, vu, (va * va + vb * vb + qv - vu * vu).squareRoot())
    }
}
