import Figures
import LinWarp
import TestSupport
import XCTest

/// What a person judges an alignment by.
final class ComparisonTests: XCTestCase {
    private let target = ProceduralScene(seed: 4).image(height: 40, width: 60)

    private func channels(_ image: Tensor<Float>) -> [[Float]] {
        let (all, plane) = (image.scalars, image.shape[1] * image.shape[2])
        return (0..<3).map { Array(all[$0 * plane..<($0 + 1) * plane]) }
    }

    /// Of the same thing, whatever its exposure: grey, no difference.
    func testWhatAgrees() {
        for source in [target, target * 0.5 + 0.1, target.mean(axes: [0], keepingAxes: true) * 0.8] {
            let comparison = Comparison(source, at: .identity, with: target)
            XCTAssertLessThan(comparison.meanDifference, 1e-5)
            let overlay = channels(comparison.overlay)
            let difference = channels(comparison.difference(scale: 0.1))
            for i in overlay[0].indices {
                XCTAssertEqual(overlay[0][i], overlay[1][i], accuracy: 1e-4)
                XCTAssertEqual(overlay[1][i], overlay[2][i])
                for channel in 0..<3 { XCTAssertEqual(difference[channel][i], 1, accuracy: 1e-3) }
            }
        }
    }

    /// A quarter of the target lies beyond the source: grey, and counts for nothing.
    func testWhatOnlyTheTargetShows() {
        let comparison = Comparison(target, at: .translation(0.5, 0), with: target)
        for image in [comparison.overlay, comparison.difference(scale: 0.1), comparison.checkerboard(tile: 5)] {
            let found = channels(image)
            for i in found[0].indices where i % 60 >= 45 { XCTAssertEqual(found.map { $0[i] }, [0.5, 0.5, 0.5]) }
        }
        XCTAssertGreaterThan(comparison.meanDifference, 0.01)
        let apart = Comparison(target, at: .translation(3, 0), with: target)
        XCTAssertEqual(apart.meanDifference, 0)
        XCTAssertTrue(apart.overlay.scalars.allSatisfy { $0 == 0.5 })
    }

    /// Brighter is orange, darker blue.
    func testDifferences() {
        // Half of the pixels are brighter, the others darker, by little: least squares leave that nearly as it is.
        let values = (0..<2400).map { Float($0 % 60) / 120 + 0.2 }
        let target = Tensor<Float>(values, shape: [1, 40, 60])
        let source = Tensor<Float>(values.enumerated().map { $1 + ($0 / 60 % 2 == 0 ? 0.02 : -0.02) }, shape: [1, 40, 60])
        let comparison = Comparison(source, at: .identity, with: target)
        XCTAssertEqual(comparison.meanDifference, 0.02, accuracy: 1e-3)
        let found = channels(comparison.difference(scale: 0.02))
        for i in found[0].indices {
            if i / 60 % 2 == 0 {
                XCTAssertGreaterThan(found[0][i], found[2][i] + 0.3)
            } else {
                XCTAssertGreaterThan(found[2][i], found[0][i] + 0.3)
            }
        }
    }

    func testCheckerboard() {
        // Another scene, so that its values are its own.
        let source = ProceduralScene(seed: 9).image(height: 40, width: 60)
        let comparison = Comparison(source, at: .identity, with: target)
        let (found, expected) = (channels(comparison.checkerboard(tile: 10)), channels(target))
        for i in found[0].indices {
            let isSource = (i % 60 / 10 + i / 60 / 10).isMultiple(of: 2)
            if !isSource { XCTAssertEqual(found.map { $0[i] }, expected.map { $0[i] }) }
        }
        let others = found[0].indices.filter { (i: Int) in (i % 60 / 10 + i / 60 / 10).isMultiple(of: 2) && found[0][i] == expected[0][i] }
        XCTAssertLessThan(others.count, 60)
    }

    /// For any sizes and channels.
    func testFigure() {
        for (source, target) in [
            ([3, 40, 60], [3, 40, 60]), ([1, 7, 9], [3, 30, 20]), ([3, 300, 200], [1, 1, 1]), ([1, 2, 900], [1, 900, 2]),
        ] {
            let (a, b): (Tensor<Float>, Tensor<Float>) = (randomTensor(source, in: 0..<1), randomTensor(target, in: 0..<1, seed: 2))
            let figure = comparisonFigure(source: a, target: b, before: .identity, after: .rotation(0.1))
            XCTAssertEqual(figure.shape[0], 3)
            XCTAssertLessThanOrEqual(figure.shape[2], 3 * 560 + 64)
            XCTAssertTrue(figure.withScalars { $0.allSatisfy { (0...1).contains($0) } })
        }
    }
}
