import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class DenseFlowTests: XCTestCase {
    private let sizes = [(5, 7), (1, 4), (3, 1), (1, 1)]

    func testPointsAgainstTheNaiveReference() {
        for alignCorners in [false, true] {
            for (height, width) in sizes {
                let flow: Tensor<Double> = randomTensor([2, height, width, 2], in: -3..<3)
                let expected = indices(of: [2, height, width]).flatMap { index -> [Double] in
                    let (n, y, x) = (index[0], index[1], index[2])
                    let point = naiveNormalized(Double(x) + flow[n, y, x, 0], Double(y) + flow[n, y, x, 1], width, height, alignCorners)
                    return [point.x, point.y]
                }
                let grid = SamplingGrid(flow: flow, alignCorners: alignCorners)
                XCTAssertEqual([grid.batch, grid.height, grid.width], [2, height, width])
                XCTAssertEqual(grid.alignCorners, alignCorners)
                assertClose(grid.points, Tensor(expected, shape: [2, height, width, 2]), tolerance: 1e-14, "\(height)x\(width)")
                let single = SamplingGrid(flow: flow.cast(to: Float.self), alignCorners: alignCorners)
                assertClose(single.points.cast(to: Double.self), grid.points, tolerance: 1e-5, "\(height)x\(width), Float")
            }
        }
    }

    func testNoFlowIsTheIdentity() {
        for alignCorners in [false, true] {
            for (height, width) in sizes {
                XCTAssertEqual(
                    SamplingGrid(flow: Tensor<Double>.zeros([1, height, width, 2]), alignCorners: alignCorners).points,
                    SamplingGrid<Double>(.identity, height: height, width: width, alignCorners: alignCorners).points)
            }
        }
    }

    /// A flow of whole pixels moves them as they are.
    func testWholePixels() {
        let image: Tensor<Float> = randomTensor([1, 2, 6, 7])
        let flow = Tensor<Float>([2, -1]).broadcast(to: [1, 6, 7, 2])
        for alignCorners in [false, true] {
            let found = BilinearSampler(alignCorners: alignCorners).sample(image, at: SamplingGrid(flow: flow, alignCorners: alignCorners))
            let expected = image.sliced(axis: 3, 2..<7).padded(axis: 3, before: 0, after: 2).sliced(axis: 2, 0..<5)
                .padded(axis: 2, before: 1, after: 0)
            assertClose(found, expected, tolerance: 1e-5)
        }
    }

    /// Pixels of a source of another size than the target; a single flow for several targets, and the other way round.
    func testDisplacedMatrices() {
        let matrices: Tensor<Double> = randomTensor([2, 3, 3], seed: 2) * 0.2 + Tensor(Matrix3.identity.elements, shape: [3, 3])
        for (targets, flows) in [(2, 2), (1, 2), (2, 1)] {
            let flow: Tensor<Double> = randomTensor([flows, 3, 4, 2], in: -3..<3, seed: 3)
            let grid = SamplingGrid(matrices: matrices[0..<targets], height: 3, width: 4)
            let found = grid.displaced(by: flow, source: (10, 20)).points
            assertClose(found, grid.points + flow * Tensor([2.0 / 20, 2.0 / 10]), tolerance: 1e-14, "\(targets), \(flows)")
        }
    }

    /// Boxes stay those of their images, also where one box takes several flows.
    func testDisplacedBoxes() {
        let image: Tensor<Double> = randomTensor([2, 1, 4, 4])
        for (boxes, flows) in [(2, 2), (2, 1), (1, 2)] {
            let grid = SamplingGrid(
                boxes: Tensor([0, 0, 4, 4], shape: [1, 4]).broadcast(to: [boxes, 4]), images: [Int](repeating: 1, count: boxes), height: 4,
                width: 4, source: (4, 4))
            let found = BilinearSampler().sample(image, at: grid.displaced(by: Tensor<Double>.zeros([flows, 4, 4, 2]), source: (4, 4)))
            assertClose(found, image[1..<2].broadcast(to: [2, 1, 4, 4]), tolerance: 1e-14)
        }
    }

    func testPreconditions() {
        let grid = SamplingGrid<Float>(matrices: .zeros([2, 3, 3]), height: 3, width: 4)
        assertTraps("flow of the form of an image") { _ = SamplingGrid(flow: Tensor<Float>.zeros([1, 2, 3, 4])) }
        assertTraps("another size") { _ = grid.displaced(by: .zeros([2, 4, 3, 2]), source: (5, 5)) }
        assertTraps("another batch") { _ = grid.displaced(by: .zeros([3, 3, 4, 2]), source: (5, 5)) }
    }
}
