import Sampling
import XCTest

final class MatrixConventionTests: XCTestCase {
    private let source = (height: 48, width: 80), target = (height: 30, width: 20)
    private let affine = Matrix3([0.8, -0.3, 0.1, 0.2, 0.7, -0.05, 0, 0, 1])
    private let homography = Matrix3([0.8, -0.3, 0.1, 0.2, 0.7, -0.05, 0.06, -0.04, 1])

    /// Where the centre of a target's pixel lies among the source's pixels, step by step.
    private func pixel(_ matrix: Matrix3, _ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let (u, v) = matrix.apply((x + 0.5) / Double(target.width) * 2 - 1, (y + 0.5) / Double(target.height) * 2 - 1)
        return ((u + 1) / 2 * Double(source.width) - 0.5, (v + 1) / 2 * Double(source.height) - 0.5)
    }

    func testEachMapsPixelsAsItsProgramDoes() throws {
        for matrix in [affine, homography] {
            for (x, y) in [(0.0, 0.0), (19, 0), (7, 22), (3.25, 28.5)] {
                let expected = pixel(matrix, x, y)
                let there = try MatrixConvention.skimage.matrix(of: matrix, source: source, target: target).apply(x, y)
                XCTAssertEqual(there.x, expected.x, accuracy: 1e-10)
                XCTAssertEqual(there.y, expected.y, accuracy: 1e-10)
                let back = try MatrixConvention.opencv.matrix(of: matrix, source: source, target: target).apply(expected.x, expected.y)
                XCTAssertEqual(back.x, x, accuracy: 1e-10)
                XCTAssertEqual(back.y, y, accuracy: 1e-10)
            }
        }
        XCTAssertEqual(
            try MatrixConvention.itk.matrix(of: affine, source: source, target: target),
            try MatrixConvention.skimage.matrix(of: affine, source: source, target: target))
        XCTAssertEqual(try MatrixConvention.torch.matrix(of: affine, source: source, target: target), affine)
        // Of its two rows the program takes the third to be 0, 0, 1.
        let half = Matrix3(affine.elements.map { $0 / 2 })
        XCTAssertEqual(try MatrixConvention.torch.matrix(of: half, source: source, target: target), affine)
    }

    func testThereAndBack() throws {
        for convention in MatrixConvention.allCases {
            for matrix in convention.isAffine ? [affine] : [affine, homography] {
                let written = try convention.matrix(of: matrix, source: source, target: target)
                let read = try convention.normalized(written, source: source, target: target)
                for (a, b) in zip(read.elements, matrix.elements) { XCTAssertEqual(a, b, accuracy: 1e-12, convention.rawValue) }
            }
        }
    }

    func testWhatAConventionDoesNotHave() {
        for convention in [MatrixConvention.itk, .torch] {
            XCTAssertThrowsError(try convention.matrix(of: homography, source: source, target: target)) {
                XCTAssertEqual($0 as? MatrixConventionError, .homography(convention))
            }
            XCTAssertThrowsError(try convention.normalized(homography, source: source, target: target)) {
                XCTAssertEqual($0 as? MatrixConventionError, .homography(convention))
            }
        }
        for convention in MatrixConvention.allCases {
            XCTAssertThrowsError(try convention.normalized(.scaling(0, 1), source: source, target: target)) {
                XCTAssertEqual($0 as? MatrixConventionError, .singular(convention))
            }
        }
    }
}
