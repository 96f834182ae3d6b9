import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class ThinPlateSplineTests: XCTestCase {
    /// Bookstein's equations as they stand, for one target and one coordinate of the source after the other.
    private func naivePoints(
        _ controls: Tensor<Double>, to source: Tensor<Double>, _ height: Int, _ width: Int, _ regularization: Double, _ aspect: Double,
        _ alignCorners: Bool
    ) -> [Double] {
        let points = (0..<controls.shape[0]).map { (x: aspect * controls[$0, 0], y: controls[$0, 1]) }
        func u(_ x: Double, _ y: Double) -> Double {
            let r = hypot(x, y)
            return r == 0 ? 0 : r * r * log(r * r)
        }
        let upper = points.indices.map { i in
            points.indices.map { i == $0 ? regularization : u(points[i].x - points[$0].x, points[i].y - points[$0].y) }
                + [1, points[i].x, points[i].y]
        }
        let lower = [points.map { _ in 1 }, points.map(\.x), points.map(\.y)].map { $0 + [0, 0, 0] }
        return indices(of: [source.shape[0], height, width, 2]).map { index in
            let values = points.indices.map { [source[index[0], $0, index[3]]] } + [[0], [0], [0]]
            let w = naiveSolve(upper + lower, values).map { $0[0] }
            let target = naiveTarget(index[2], index[1], width, height, alignCorners)
            let (x, y) = (aspect * target.x, target.y)
            let bending = points.indices.map { w[$0] * u(x - points[$0].x, y - points[$0].y) }.reduce(0, +)
            return bending + w[points.count] + w[points.count + 1] * x + w[points.count + 2] * y
        }
    }

    func testPointsAgainstTheNaiveReference() throws {
        for (count, regularization, aspect, alignCorners) in [(3, 0, 1, false), (7, 0, 1, true), (8, 0.3, 1.7, false), (6, 1, 0.5, true)] {
            for (height, width) in [(5, 7), (1, 4), (1, 1)] {
                let controls: Tensor<Double> = randomTensor([count, 2], seed: 3)
                let source: Tensor<Double> = randomTensor([2, count, 2], seed: 4)
                let spline = try ThinPlateSpline(
                    controlPoints: controls, height: height, width: width, regularization: regularization, targetAspect: aspect,
                    alignCorners: alignCorners)
                let expected = naivePoints(controls, to: source, height, width, regularization, aspect, alignCorners)
                let grid = spline.grid(to: source)
                XCTAssertEqual(grid.alignCorners, alignCorners)
                assertClose(grid.points, Tensor(expected, shape: [2, height, width, 2]), tolerance: 1e-10, "\(count), \(height)x\(width)")
                let single = try ThinPlateSpline(
                    controlPoints: controls.cast(to: Float.self), height: height, width: width, regularization: regularization,
                    targetAspect: aspect, alignCorners: alignCorners)
                let found = single.grid(to: source.cast(to: Float.self)).points.cast(to: Double.self)
                assertClose(found, grid.points, tolerance: 1e-4, "\(count), \(height)x\(width), Float")
            }
        }
    }

    /// Pixels on the control points go where these go.
    func testMeetsItsControlPoints() throws {
        let lattice = ThinPlateSpline<Double>.lattice(rows: 4, columns: 5)
        XCTAssertEqual(lattice.shape, [20, 2])
        XCTAssertEqual(
            [lattice[0, .ellipsis], lattice[4, .ellipsis], lattice[5, .ellipsis]],
            [Tensor([-1, -1]), Tensor([1, -1]), Tensor([-1, -1 + 2.0 / 3])])
        let spline = try ThinPlateSpline(controlPoints: lattice, height: 4, width: 5, alignCorners: true)
        XCTAssertEqual(spline.controlPoints, lattice)
        let source: Tensor<Double> = randomTensor([3, 20, 2])
        assertClose(spline.grid(to: source).points, source.reshaped([3, 4, 5, 2]), tolerance: 1e-10)
    }

    /// A spline does not bend where it need not, however far its control points are from a lattice.
    func testAffineMapsAreExact() throws {
        let matrix = Matrix3([0.8, -0.3, 0.1, 0.2, 1.1, -0.2, 0, 0, 1])
        let controls: Tensor<Double> = randomTensor([9, 2], seed: 5)
        let source = Tensor(
            (0..<9).flatMap { i in [matrix.apply(controls[i, 0], controls[i, 1])].flatMap { [$0.x, $0.y] } }, shape: [1, 9, 2])
        for regularization in [0, 0.1, 1e6] {
            let spline = try ThinPlateSpline(
                controlPoints: controls, height: 6, width: 8, regularization: regularization, targetAspect: 8.0 / 6)
            assertClose(spline.grid(to: source).points, SamplingGrid(matrix, height: 6, width: 8).points, tolerance: 1e-9)
        }
    }

    /// Regularized without end it is the affine map of the least squares.
    func testRegularizationEndsAtTheAffineFit() throws {
        let controls: Tensor<Double> = randomTensor([9, 2], seed: 5)
        let source: Tensor<Double> = randomTensor([1, 9, 2], seed: 6)
        let x = (0..<9).map { [1, controls[$0, 0], controls[$0, 1]] }
        let y = (0..<9).map { [source[0, $0, 0], source[0, $0, 1]] }
        let fit = naiveSolve(naiveProduct(naiveTransposed(x), x), naiveProduct(naiveTransposed(x), y))
        let matrix = Matrix3([fit[1][0], fit[2][0], fit[0][0], fit[1][1], fit[2][1], fit[0][1], 0, 0, 1])
        let spline = try ThinPlateSpline(controlPoints: controls, height: 6, width: 8, regularization: 1e9)
        assertClose(spline.grid(to: source).points, SamplingGrid(matrix, height: 6, width: 8).points, tolerance: 1e-7)
    }

    /// Under an aspect a wide target bends as the same target does that lies on its side.
    func testAspect() throws {
        let controls: Tensor<Double> = randomTensor([7, 2], seed: 5)
        let source: Tensor<Double> = randomTensor([1, 7, 2], seed: 6)
        let wide = try ThinPlateSpline(controlPoints: controls, height: 4, width: 8, targetAspect: 2)
        let tall = try ThinPlateSpline(controlPoints: controls.gathered(axis: 1, [1, 0]), height: 8, width: 4, targetAspect: 0.5)
        assertClose(wide.grid(to: source).points, tall.grid(to: source).points.permuted([0, 2, 1, 3]), tolerance: 1e-10)
    }

    func testErrors() {
        func error(_ points: [Double], regularization: Double = 0) -> ThinPlateSplineError? {
            thrownError { () throws(ThinPlateSplineError) in
                _ = try ThinPlateSpline(
                    controlPoints: Tensor(points, shape: [points.count / 2, 2]), height: 4, width: 4, regularization: regularization)
            }
        }
        XCTAssertEqual(error([]), .tooFew(0))
        XCTAssertEqual(error([0, 0, 1, 1]), .tooFew(2))
        XCTAssertEqual(error([0, 0, 1, 1, 0, 1, 1, 1]), .coincident(1, 3))
        XCTAssertEqual(error([0, 0, 1, 1, 0, 1, 1, 1], regularization: 1), .coincident(1, 3))
        XCTAssertEqual(error([0.3, 0.3, 0.3, 0.3, 0.3, 0.3]), .coincident(0, 1))
        XCTAssertEqual(error([0, 0, 1, 1, 0, 1, 1, 1 + 1e-6]), .coincident(1, 3))
        XCTAssertEqual(error([-1, -0.1, 0, 0, 0.5, 0.05, 1, 0.1]), .collinear)
        XCTAssertEqual(error([-1, -0.1, 0, 0, 0.5, 0.05, 1, 0.1], regularization: 1), .collinear)
        XCTAssertEqual(error([0.7, -1, 0.7, 0, 0.7, 1]), .collinear)
        for number in [Double.nan, .infinity, -.infinity] { XCTAssertEqual(error([0, 0, 1, number, 0, 1]), .notFinite) }
        // Squares that overflow, or vanish, are no crash either.
        for size in [1e160, 1e-170] { XCTAssertNotNil(error([0, 0, size, size, 0, size])) }
    }

    func testSameBitsOnAnyNumberOfThreads() throws {
        let lattice = ThinPlateSpline<Float>.lattice(rows: 5, columns: 4)
        let source: Tensor<Float> = randomTensor([2, 20, 2])
        let cotangent: Tensor<Float> = randomTensor([2, 90, 120, 2])
        func run(_ threads: Int) throws -> [Tensor<Float>] {
            try Threads.with(count: threads) {
                let spline = try ThinPlateSpline(controlPoints: lattice, height: 90, width: 120)
                let gradient = valueWithGradient(at: source) { (spline.grid(to: $0).points * cotangent).sum() }.gradient
                return [spline.grid(to: source).points, gradient]
            }
        }
        let one = try run(1)
        for threads in 2...4 { XCTAssertEqual(try run(threads), one) }
    }

    func testPreconditions() {
        func make(_ shape: [Int], height: Int = 2, regularization: Double = 0, targetAspect: Double = 1) {
            _ = try? ThinPlateSpline<Double>(
                controlPoints: .zeros(shape), height: height, width: 2, regularization: regularization, targetAspect: targetAspect)
        }
        assertTraps("control points of three numbers") { make([4, 3]) }
        assertTraps("negative size") { make([4, 2], height: -1) }
        assertTraps("negative regularization") { make([4, 2], regularization: -1) }
        assertTraps("no aspect") { make([4, 2], targetAspect: 0) }
        assertTraps("lattice of one row") { _ = ThinPlateSpline<Double>.lattice(rows: 1, columns: 4) }
        let spline = try! ThinPlateSpline<Double>(controlPoints: ThinPlateSpline.lattice(rows: 2, columns: 2), height: 2, width: 2)
        assertTraps("source points without a batch") { _ = spline.grid(to: spline.controlPoints) }
        assertTraps("too few source points") { _ = spline.grid(to: .zeros([1, 3, 2])) }
    }
}
