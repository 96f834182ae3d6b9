import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class SamplingGridTests: XCTestCase {
    func testPointsAgainstTheNaiveReference() {
        for alignCorners in [false, true] {
            for (height, width) in [(5, 7), (1, 4), (3, 1), (1, 1)] {
                var source = RandomSource(seed: 1)
                let matrices = (0..<2).map { _ in source.matrix(scale: 0.8, perspective: 0.2) }
                let grid = SamplingGrid(
                    matrices: Tensor(matrices.flatMap(\.elements), shape: [2, 3, 3]), height: height, width: width,
                    alignCorners: alignCorners)
                XCTAssertEqual(grid.batch, 2)
                let expected = indices(of: [2, height, width]).flatMap { index -> [Double] in
                    let target = naiveTarget(index[2], index[1], width, height, alignCorners)
                    let point = matrices[index[0]].apply(target.x, target.y)
                    return [point.x, point.y]
                }
                assertClose(grid.points, Tensor(expected, shape: [2, height, width, 2]), tolerance: 1e-14, "\(height)x\(width)")
                assertClose(
                    grid.single(matrices: matrices).points.cast(to: Double.self), grid.points, tolerance: 1e-6, "\(height)x\(width), Float")
            }
        }
    }

    /// PyTorch's `affine_grid`: points from -1 to 1, shrunk by (size - 1) / size where the corners are not aligned, times theta.
    func testConventionOfAffineGrid() {
        func axis(_ size: Int, _ alignCorners: Bool) -> [Double] {
            if size == 1 { return [0] }
            let steps = (0..<size).map { -1 + 2 * Double($0) / Double(size - 1) }
            return alignCorners ? steps : steps.map { $0 * Double(size - 1) / Double(size) }
        }
        let theta: [Double] = [0.9, -0.2, 0.3, 0.4, 1.1, -0.1]
        for alignCorners in [false, true] {
            for (height, width) in [(4, 6), (1, 3), (2, 1)] {
                var expected: [Double] = []
                for y in axis(height, alignCorners) {
                    for x in axis(width, alignCorners) {
                        expected.append(theta[0] * x + theta[1] * y + theta[2])
                        expected.append(theta[3] * x + theta[4] * y + theta[5])
                    }
                }
                let grid = SamplingGrid<Double>(Matrix3(theta + [0, 0, 1]), height: height, width: width, alignCorners: alignCorners)
                assertClose(grid.points, Tensor(expected, shape: [1, height, width, 2]), tolerance: 1e-14, "\(height)x\(width)")
            }
        }
    }

    /// The identity samples every pixel at its own centre.
    func testIdentityGivesTheImageBack() {
        let image: Tensor<Double> = randomTensor([1, 2, 5, 4], in: 0..<1)
        for alignCorners in [false, true] {
            for padding in Padding.allCases {
                let grid = SamplingGrid<Double>(.identity, height: 5, width: 4, alignCorners: alignCorners)
                let found = BilinearSampler(padding: padding, alignCorners: alignCorners).sample(image, at: grid)
                assertClose(found, image, tolerance: 1e-14, "\(padding), \(alignCorners)")
            }
        }
    }

    func testOfATransformation() {
        let parameters = Tensor<Double>([0.3, 0.1, -0.2, -0.4, 0.2, 0.1], shape: [2, 3])
        let transformation = Transformation(.euclidean, parameters: parameters, frame: Frame(sourceAspect: 2, targetAspect: 1.25))
        let grid = SamplingGrid(transformation, height: 4, width: 5)
        XCTAssertEqual(grid.points, SamplingGrid(matrices: transformation.matrices, height: 4, width: 5).points)
    }

    /// A target of several pieces: the sum of each row apart, in order.
    func testGradientHasTheSameBitsOnAnyNumberOfThreads() {
        let cotangent: Tensor<Float> = randomTensor([2, 90, 120, 2])
        let matrices: Tensor<Float> =
            randomTensor([2, 3, 3], in: -0.1..<0.1, seed: 2) + Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
        func run(_ threads: Int) -> Tensor<Float> {
            Threads.with(count: threads) {
                valueWithGradient(at: matrices) { (SamplingGrid(matrices: $0, height: 90, width: 120).points * cotangent).sum() }.gradient
            }
        }
        let one = run(1)
        for threads in 2...4 { XCTAssertEqual(run(threads), one) }
        let double = valueWithGradient(at: matrices.cast(to: Double.self)) {
            (SamplingGrid(matrices: $0, height: 90, width: 120).points * cotangent.cast(to: Double.self)).sum()
        }
        assertClose(one.cast(to: Double.self), double.gradient, tolerance: 1e-5)
    }
}
