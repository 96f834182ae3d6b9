import Sampling
import Stacking
import TestSupport
import Tensors
import XCTest

/// Crops, beside a search of all rectangles.
final class StackWindowTests: XCTestCase {
    private let (height, width) = (14, 19)

    private func frames(_ matrices: [Matrix3]) -> [StackedFrame] {
        matrices.enumerated().map { StackedFrame(index: $0, matrix: $1, verdict: .trusted) }
    }

    private func stack(_ count: Int) -> Stack {
        let image = Tensor<Float>.zeros([1, height, width])
        return Stack(count: count) { _ in image }
    }

    /// Whether the frame shows the centre of a pixel of the reference.
    private func shows(_ matrix: Matrix3, _ x: Int, _ y: Int) -> Bool {
        let place = matrix.apply((Double(x) + 0.5) * 2 / Double(width) - 1, (Double(y) + 0.5) * 2 / Double(height) - 1)
        return max(abs(place.x), abs(place.y)) <= 1
    }

    private let places: [[Matrix3]] = [
        [.identity],
        [.identity, .translation(0.3, -0.2)],
        [.identity, .rotation(0.2), .translation(-0.1, 0.1) * .scaling(0.8, 0.8)],
        [.identity, Matrix3([1.05, 0.1, 0.02, -0.05, 0.95, 0.1, 0.1, -0.15, 1]), Matrix3([-1.2, 0, 0, 0, -1.2, 0, 0, 0, -1])],
        [.rotation(.pi / 4)],
    ]

    func testCommon() throws {
        for matrices in places {
            let window = try stack(matrices.count).window(.common, of: frames(matrices))
            let common = (0..<height).map { y in (0..<width).map { x in matrices.allSatisfy { shows($0, x, y) } } }
            var largest = 0
            for top in 0..<height {
                for left in 0..<width {
                    for bottom in top..<height {
                        for right in left..<width where (top...bottom).allSatisfy({ common[$0][left...right].allSatisfy { $0 } }) {
                            largest = max(largest, (bottom - top + 1) * (right - left + 1))
                        }
                    }
                }
            }
            XCTAssertEqual(window.width * window.height, largest)
            for y in window.y..<window.y + window.height {
                for x in window.x..<window.x + window.width { XCTAssertTrue(common[y][x], "\(matrices) \(x) \(y)") }
            }
        }
        let apart = frames([.identity, .translation(2.5, 0)])
        XCTAssertEqual(stackError { try stack(2).window(.common, of: apart) }, .nothingInCommon)
    }

    func testAll() throws {
        for matrices in places {
            let window = try stack(matrices.count).window(.all, of: frames(matrices))
            // Nothing that a frame shows lies outside, and each side has something: a pixel at least in part.
            var (left, top, right, bottom) = (0.0, 0.0, Double(width), Double(height))
            for matrix in matrices {
                for corner in matrix.inverse!.corners {
                    let (x, y) = ((corner.x + 1) * Double(width) / 2, (corner.y + 1) * Double(height) / 2)
                    (left, top, right, bottom) = (min(left, x), min(top, y), max(right, x), max(bottom, y))
                }
            }
            XCTAssertEqual(Double(window.x), left, accuracy: 1)
            XCTAssertEqual(Double(window.y), top, accuracy: 1)
            XCTAssertEqual(Double(window.x + window.width), right, accuracy: 1)
            XCTAssertEqual(Double(window.y + window.height), bottom, accuracy: 1)
            XCTAssertLessThan(Double(window.x), left + 1e-2)
            XCTAssertGreaterThan(Double(window.y + window.height), bottom - 1e-2)
        }
        let toTheHorizon = frames([.identity, Matrix3([1, 0, 0, 0, 1, 0, 1.5, 0, 1])])
        XCTAssertThrowsError(try stack(2).window(.all, of: toTheHorizon)) {
            XCTAssertEqual($0 as? StackError, .tooLarge(frame: 1, limit: 1 << 28))
        }
        let farApart = frames([.identity, .translation(3e3, 3e3)])
        XCTAssertEqual(
            stackError { try stack(2).window(.all, of: farApart) }, .tooLarge(frame: nil, limit: 1 << 28))
    }

    func testReference() throws {
        let window = try stack(2).window(.reference, of: frames([.identity, .translation(0.3, 0.1)]))
        XCTAssertEqual(window, StackWindow(x: 0, y: 0, width: width, height: height))
    }
}
