import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class BilinearSamplerTests: XCTestCase {
    func testValuesAndSlopesOnEveryScene() {
        for padding in Padding.allCases {
            for (i, scene) in Scene.all.enumerated() {
                let (image, grid, matrices) = scene.make(seed: 600 + UInt64(i))
                let sampler = BilinearSampler(padding: padding, alignCorners: scene.alignCorners)
                let expected = naiveBilinear(image, grid, padding, alignCorners: scene.alignCorners)
                let found = sampler.linearization(of: image, at: grid)
                assertClose(found.values, expected.values, tolerance: 1e-10, "\(scene.name), \(padding): values")
                assertClose(found.slopeU!, expected.slopeU, tolerance: 3e-6, "\(scene.name), \(padding): slopes along u")
                assertClose(found.slopeV!, expected.slopeV, tolerance: 3e-6, "\(scene.name), \(padding): slopes along v")
                let single = sampler.linearization(of: image.cast(to: Float.self), at: grid.single(matrices: matrices))
                assertClose(
                    single.values.cast(to: Double.self), expected.values, tolerance: 1e-4, "\(scene.name), \(padding), Float: values")
            }
        }
    }

    /// Coordinates that are not numbers, not finite or huge give defined results and never a read out of bounds.
    func testExtremeCoordinates() {
        var numbers = RandomSource(seed: 10)
        let image = Tensor<Double>.uniform([1, 2, 5, 7], in: 0.5..<1, from: &numbers)
        let extremes: [Double] = [.nan, .infinity, -.infinity, 1e30, -1e30, 1e10, -1e10, .greatestFiniteMagnitude]
        var points: [Double] = []
        for a in extremes { for b in extremes + [0.1] { points += [a, b, b, a] } }
        let shape = [1, points.count / 2, 1, 2]
        let samplers: [any Sampler] = Padding.allCases.flatMap { padding -> [any Sampler] in
            [
                BilinearSampler(padding: padding), BilinearSampler(padding: padding, alignCorners: true),
                LinearizedSampler(imageGradient: .allSamples, padding: padding),
                LinearizedSampler(bias: .excluded, imageGradient: .centre, padding: padding, alignCorners: true),
            ]
        }
        for sampler in samplers {
            check(sampler, image, Tensor(points, shape: shape), isFar: { $0.isNaN || abs($0) > 1e9 }, isFloat: false)
            check(
                sampler, image.cast(to: Float.self), Tensor(points.map { Float($0) }, shape: shape), isFar: { $0.isNaN || abs($0) > 1e9 },
                isFloat: true)
        }
    }

    /// A grid's local map comes from neighbours: where these are extreme, a finite point still has a defined result.
    func testFinitePointsAmongExtremeOnes() {
        var numbers = RandomSource(seed: 13)
        let image = Tensor<Double>.uniform([1, 2, 40, 30], in: 0.5..<1, from: &numbers)
        let extremes: [Double] = [.nan, .infinity, -.infinity, 1e30, -1e30, 1e8, .greatestFiniteMagnitude]
        let points = extremes.flatMap { [0.1, -0.2, $0, 0.1, 0.1, $0, $0, $0, 0.3, 0.1] }
        let shape = [1, points.count / 2, 1, 2]
        for sampler in [LinearizedSampler(imageGradient: .allSamples), LinearizedSampler(imageGradient: .allSamples, padding: .border)] {
            func check<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, _ points: Tensor<Scalar>) {
                let result = sampler.linearization(of: image, at: SamplingGrid(points: points))
                let (_, gradients) = valueWithGradient(at: [image, points]) {
                    sampler.sample($0[0], at: SamplingGrid(points: $0[1])).sum()
                }
                for tensor in [result.values, result.slopeU!, result.slopeV!] + gradients {
                    XCTAssert(tensor.scalars.allSatisfy(\.isFinite), "\(sampler)")
                }
            }
            check(image, Tensor(points, shape: shape))
            check(image.cast(to: Float.self), Tensor(points, shape: shape).cast(to: Float.self))
        }
    }

    private func check<Scalar: FloatingScalar>(
        _ sampler: some Sampler, _ image: Tensor<Scalar>, _ points: Tensor<Scalar>, isFar: (Scalar) -> Bool, isFloat: Bool
    ) {
        let result = sampler.linearization(of: image, at: SamplingGrid(points: points))
        let zeroPadded = (sampler as? BilinearSampler)?.padding == .zeros || (sampler as? LinearizedSampler)?.padding == .zeros
        let (values, u, v, p) = (result.values.scalars, result.slopeU!.scalars, result.slopeV!.scalars, points.scalars)
        let count = points.shape[1]
        for c in 0..<2 {
            for i in 0..<count {
                let j = c * count + i
                XCTAssert(values[j].isFinite && values[j] >= 0 && values[j] <= 1, "\(sampler): \(p[2 * i]), \(p[2 * i + 1]): \(values[j])")
                if isFar(p[2 * i]) || isFar(p[2 * i + 1]) {
                    XCTAssert(u[j] == 0 && v[j] == 0, "\(sampler): \(p[2 * i]), \(p[2 * i + 1]): slopes \(u[j]), \(v[j])")
                    if zeroPadded { XCTAssertEqual(values[j], 0, "\(sampler): \(p[2 * i]), \(p[2 * i + 1])") }
                }
            }
        }
        let (_, gradients) = valueWithGradient(at: [image, points]) {
            sampler.sample($0[0], at: SamplingGrid(points: $0[1])).sum()
        }
        XCTAssert(gradients.allSatisfy { $0.scalars.allSatisfy(\.isFinite) }, "\(sampler)")
    }

    func testSingularAndInfiniteMatrices() {
        var numbers = RandomSource(seed: 11)
        let image = Tensor<Double>.uniform([1, 3, 6, 6], in: 0..<1, from: &numbers)
        let matrices: [[Double]] = [
            [0, 0, 0, 0, 0, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 5, 5, 0],
            [1e300, 0, 0, 0, 1e300, 0, 0, 0, 1e-300],
            [.nan, 0, 0, 0, 1, 0, 0, 0, 1], [.infinity, 0, 0, 0, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0, .nan, 0, 1],
        ]
        for matrix in matrices {
            for sampler in [BilinearSampler(), LinearizedSampler(imageGradient: .allSamples)] as [any Sampler] {
                let (value, _) = valueWithGradient(at: image) {
                    sampler.sample($0, at: SamplingGrid<Double>(Matrix3(matrix), height: 5, width: 5)).sum()
                }
                XCTAssert(value.scalar.isFinite, "\(sampler), \(matrix)")
            }
        }
    }

    func testSameBitsOnAnyNumberOfThreads() { assertSameBitsOnAnyNumberOfThreads(BilinearSampler()) }

    /// One image under several warps, and several images under one.
    func testBatchOfOneServesAll() {
        var numbers = RandomSource(seed: 12)
        let images = Tensor<Double>.uniform([3, 2, 6, 5], in: 0..<1, from: &numbers)
        let matrices = Tensor((0..<3).flatMap { _ in numbers.matrix(scale: 0.6).elements }, shape: [3, 3, 3])
        let weights = Tensor<Double>.uniform([3, 2, 4, 4], in: -1..<1, from: &numbers)
        let first = Tensor(Array(images.scalars[..<60]), shape: [1, 2, 6, 5])
        let copies = Tensor(first.scalars + first.scalars + first.scalars, shape: [3, 2, 6, 5])
        let oneMatrix = Tensor(Array(matrices.scalars[..<9]), shape: [1, 3, 3])
        let matrixCopies = Tensor(oneMatrix.scalars + oneMatrix.scalars + oneMatrix.scalars, shape: [3, 3, 3])
        let sampler = BilinearSampler()
        func run(_ image: Tensor<Double>, _ m: Tensor<Double>) -> (value: Tensor<Double>, gradients: [Tensor<Double>]) {
            valueWithGradient(at: [image, m]) {
                (sampler.sample($0[0], at: SamplingGrid(matrices: $0[1], height: 4, width: 4)) * weights).sum()
            }
        }
        func folded(_ tensor: Tensor<Double>) -> Tensor<Double> { tensor.sum(axes: [0], keepingAxes: true) }
        let (one, many) = (run(first, matrices), run(copies, matrices))
        XCTAssertEqual(one.value.scalar, many.value.scalar)
        assertClose(one.gradients[0], folded(many.gradients[0]), tolerance: 1e-14, "image")
        let (oneGrid, manyGrids) = (run(images, oneMatrix), run(images, matrixCopies))
        XCTAssertEqual(oneGrid.value.scalar, manyGrids.value.scalar)
        assertClose(oneGrid.gradients[1], folded(manyGrids.gradients[1]), tolerance: 1e-12, "matrix")
    }
}
