import Datasets
import Foundation
import LinearAlgebra
import Sampling
import Tensors
import TestSupport
import XCTest

final class CornerPerturbationTests: XCTestCase {
    private let images: Tensor<Float> = randomTensor([6, 2, 20, 24], in: 0.5..<1)

    func testDeterministicByIndex() {
        let perturbation = CornerPerturbation(seed: 3)
        let all = perturbation.perturbed(images, indices: 10..<16)
        // An image's perturbation does not depend on the others in the batch, nor on the number of threads.
        XCTAssertEqual(perturbation.perturbed(images[2..<4], indices: [12, 13]), all[2..<4])
        XCTAssertEqual(Threads.with(count: 1) { perturbation.perturbed(images, indices: 10..<16) }, all)
        XCTAssertNotEqual(perturbation.matrix(0), perturbation.matrix(1))
        XCTAssertNotEqual(perturbation.matrix(0), perturbation.matrix(1 << 32))
        XCTAssertNotEqual(perturbation.matrix(0), CornerPerturbation(seed: 4).matrix(0))
    }

    func testWarpsByItsMatrix() {
        let perturbation = CornerPerturbation(seed: 3)
        let one = perturbation.perturbed(images[0..<1], indices: [5])
        assertClose(
            one, BilinearSampler().sample(images[0..<1], at: SamplingGrid(perturbation.matrix(5), height: 20, width: 24)), tolerance: 1e-4)
        // All images are above 0.5: what is 0 is beyond them.
        XCTAssert(one.scalars.contains(0))
        let none = CornerPerturbation(seed: 3, corners: 0, translation: 0)
        XCTAssertLessThan(none.matrix(1).cornerDistance(to: .identity), 1e-12)
        assertClose(none.perturbed(images, indices: 0..<6), images, tolerance: 1e-5)
    }

    /// The corners' movements have the deviations asked for, and those of two corners share the translation.
    func testDistribution() {
        for (corners, translation) in [(0.125, 0.125), (0.03, 0.1), (0.1, 0)] {
            let perturbation = CornerPerturbation(seed: 1, corners: corners, translation: translation)
            let count = 4000
            let still = Matrix3.identity.corners.flatMap { [$0.x, $0.y] }
            let moves = (0..<count).map { index -> [Double] in
                let moved = perturbation.matrix(index).corners.flatMap { [$0.x, $0.y] }
                return (0..<8).map { (moved[$0] - still[$0]) / 2 }
            }
            func mean(_ value: ([Double]) -> Double) -> Double { moves.reduce(0) { $0 + value($1) } / Double(count) }
            for i in 0..<8 {
                XCTAssertEqual(mean { $0[i] }, 0, accuracy: 0.012)
                for j in 0..<8 {
                    let expected = (i == j ? corners * corners : 0) + (i % 2 == j % 2 ? translation * translation : 0)
                    XCTAssertEqual(mean { $0[i] * $0[j] }, expected, accuracy: 0.0025)
                }
            }
        }
    }

    /// However far the corners move, no image is folded over: the homography's denominator keeps its sign.
    func testNeverFolded() {
        let wild = CornerPerturbation(seed: 1, corners: 0.6, translation: 0.1)
        for index in 0..<500 {
            let m = wild.matrix(index)
            for (x, y) in [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)] { XCTAssertGreaterThan(m[2, 0] * x + m[2, 1] * y + m[2, 2], 0) }
        }
    }
}
