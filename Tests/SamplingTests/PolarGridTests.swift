import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class PolarGridTests: XCTestCase {
    private let centre = Tensor<Double>([0.1, -0.3, 0.5, 0.2], shape: [2, 2])
    private let radii = Tensor<Double>([2, 9, 1, 30], shape: [2, 2])
    private let source = (height: 20, width: 50)

    private func grid<Scalar: FloatingScalar>(
        isLog: Bool, _ centre: Tensor<Scalar>, _ radii: Tensor<Scalar>, _ angles: ClosedRange<Double>, _ height: Int, _ width: Int,
        _ alignCorners: Bool
    ) -> SamplingGrid<Scalar> {
        isLog
            ? .logPolar(
                centre: centre, radii: radii, angles: angles, height: height, width: width, source: source, alignCorners: alignCorners)
            : .polar(centre: centre, radii: radii, angles: angles, height: height, width: width, source: source, alignCorners: alignCorners)
    }

    func testPointsAgainstTheNaiveReference() {
        for (isLog, alignCorners) in [(false, false), (false, true), (true, false), (true, true)] {
            for (height, width) in [(5, 7), (1, 4), (3, 1), (1, 1)] {
                let grid = grid(isLog: isLog, centre, radii, -1...2, height, width, alignCorners)
                let expected = indices(of: [2, height, width]).flatMap { index -> [Double] in
                    let n = index[0]
                    let target = naiveTarget(index[2], index[1], width, height, alignCorners)
                    let (across, down) = ((target.x + 1) / 2, (target.y + 1) / 2)
                    let radius =
                        isLog
                        ? radii[n, 0] * pow(radii[n, 1] / radii[n, 0], across) : radii[n, 0] + (radii[n, 1] - radii[n, 0]) * across
                    let angle = -1 + 3 * down
                    let pitch = naivePitch(source.width, source.height, alignCorners)
                    return [centre[n, 0] + radius * cos(angle) * pitch.x, centre[n, 1] + radius * sin(angle) * pitch.y]
                }
                assertClose(grid.points, Tensor(expected, shape: [2, height, width, 2]), tolerance: 1e-13, "\(height)x\(width)")
                let single = self.grid(
                    isLog: isLog, centre.cast(to: Float.self), radii.cast(to: Float.self), -1...2, height, width, alignCorners)
                assertClose(single.points.cast(to: Double.self), grid.points, tolerance: 1e-5, "\(height)x\(width), Float")
            }
        }
    }

    /// A single centre for several ranges of radii, and the other way round.
    func testBatches() {
        for isLog in [false, true] {
            let both = grid(isLog: isLog, centre.gathered(axis: 0, [0, 0]), radii, 0...6, 3, 4, false).points
            XCTAssertEqual(grid(isLog: isLog, centre[0..<1], radii, 0...6, 3, 4, false).points, both)
            let radius = grid(isLog: isLog, centre, radii.gathered(axis: 0, [1, 1]), 0...6, 3, 4, false).points
            XCTAssertEqual(grid(isLog: isLog, centre, radii[1..<2], 0...6, 3, 4, false).points, radius)
        }
    }

    /// A picture of rings, in a source that is not square, has the same value down each column.
    func testCirclesAreTrueInPixels() {
        let rings = Tensor<Double>(
            indices(of: [80, 120]).map { cos(hypot(Double($0[1]) - 69.5, Double($0[0]) - 39.5) / 5) }, shape: [1, 1, 80, 120])
        let grid = SamplingGrid<Double>.polar(
            centre: Tensor([20.0 / 120, 0], shape: [1, 2]), radii: Tensor([10, 35], shape: [1, 2]), height: 40, width: 25, source: (80, 120)
        )
        let expected = Tensor<Double>((0..<25).map { cos((10.5 + Double($0)) / 5) })
        assertClose(BilinearSampler().sample(rings, at: grid), expected.broadcast(to: [1, 1, 40, 25]), tolerance: 0.015)
    }

    /// What OpenCV's `warpPolar` calls the columns and rows: rays by default from the right, all around, turning down.
    func testRowsAreAngles() {
        let grid = SamplingGrid<Double>.polar(
            centre: .zeros([1, 2]), radii: Tensor([0, 10], shape: [1, 2]), height: 5, width: 2, source: (20, 20), alignCorners: true)
        let expected: [(Double, Double)] = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]
        for (row, direction) in expected.enumerated() {
            assertClose(grid.points[0, row, 0, .ellipsis], Tensor([0, 0]), tolerance: 1e-14)
            assertClose(
                grid.points[0, row, 1, .ellipsis], Tensor([direction.0, direction.1]) * (10 / 9.5), tolerance: 1e-14, "\(row)")
        }
    }

    /// Radii that have no logarithm give the padding, and no gradient.
    func testRadiiOfNothing() {
        let image: Tensor<Double> = .ones([1, 1, 9, 9])
        let (value, gradient) = valueWithGradient(at: .zeros([1, 2])) { centre in
            let grid = SamplingGrid.logPolar(
                centre: centre, radii: Tensor([-1, 3], shape: [1, 2]), height: 4, width: 4, source: (9, 9))
            return BilinearSampler().sample(image, at: grid).sum()
        }
        XCTAssertEqual(value.scalar, 0)
        assertClose(gradient, .zeros([1, 2]), tolerance: 0)
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let cotangent: Tensor<Float> = randomTensor([2, 300, 400, 2])
        let variables = [centre.cast(to: Float.self), radii.cast(to: Float.self)]
        func run(_ threads: Int) -> [Tensor<Float>] {
            Threads.with(count: threads) {
                let (value, gradient) = valueWithGradient(at: variables) {
                    (grid(isLog: true, $0[0], $0[1], 0...6, 300, 400, false).points * cotangent).sum()
                }
                return [value] + gradient
            }
        }
        let one = run(1)
        for threads in 2...4 { XCTAssertEqual(run(threads), one) }
    }

    func testPreconditions() {
        func x(_ shape: [Int]) -> Tensor<Double> { .ones(shape) }
        assertTraps("centres of three numbers") { _ = grid(isLog: false, x([1, 3]), x([1, 2]), 0...1, 2, 2, false) }
        assertTraps("radii of one number") { _ = grid(isLog: true, x([1, 2]), x([1, 1]), 0...1, 2, 2, false) }
        assertTraps("other batches") { _ = grid(isLog: false, x([2, 2]), x([3, 2]), 0...1, 2, 2, false) }
        assertTraps("negative size") { _ = grid(isLog: false, x([1, 2]), x([1, 2]), 0...1, -2, 2, false) }
    }
}
