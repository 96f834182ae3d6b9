import Datasets
import LinearAlgebra
import Registration
import Sampling
import Tensors
import XCTest

/// The source as the target's camera would have seen it, and the channels that are most like the other image.
final class ViewTests: XCTestCase {
    private let scene = ProceduralScene(seed: 4).image(height: 96, width: 128)
    private let matrix = Matrix3.translation(0.1, -0.05) * .rotation(0.3) * .scaling(0.6, 0.45)

    /// One point after the other, in Double: the mean of bilinear samples of each pixel's area.
    func testMeanOfSamples() {
        let (height, width) = (9, 12)
        let view = CountedImage(scene, counts: nil).view(from: matrix, height: height, width: width)
        let offsets = Footprint(matrix, source: (96, 128), target: (height, width)).offsets
        XCTAssertGreaterThan(offsets.count, 16)
        let pixels = scene.scalars.map { Double($0) }
        func sample(_ channel: Int, _ u: Double, _ v: Double) -> Double {
            let (x, y) = ((u + 1) * 64 - 0.5, (v + 1) * 48 - 0.5)
            let (i, j) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
            func pixel(_ i: Int, _ j: Int) -> Double { pixels[(channel * 96 + min(max(j, 0), 95)) * 128 + min(max(i, 0), 127)] }
            let (a, b) = (x - Double(i), y - Double(j))
            return (1 - b) * ((1 - a) * pixel(i, j) + a * pixel(i + 1, j)) + b * ((1 - a) * pixel(i, j + 1) + a * pixel(i + 1, j + 1))
        }
        var means = [Float](repeating: 0, count: 3 * height * width)
        for i in means.indices {
            let (channel, row, column) = (i / (height * width), i / width % height, i % width)
            let sum = offsets.reduce(0.0) { sum, offset in
                let place = matrix.apply(
                    (2 * Double(column) + 1 + 2 * offset.x) / Double(width) - 1, (2 * Double(row) + 1 + 2 * offset.y) / Double(height) - 1)
                return sum + sample(channel, place.x, place.y)
            }
            means[i] = Float(sum / Double(offsets.count))
        }
        let expected = ComparedImage(smoothing: Tensor(means, shape: [3, height, width]), view.counts, margin: 0)
        for (found, mean) in zip(view.planes.scalars, expected.planes.scalars) { XCTAssertEqual(found, mean, accuracy: 1e-4) }
    }

    /// Equal to a target whose pixels are the means over their areas.
    func testEqualsAnAveragedTarget() {
        for (shrink, tolerance) in [(2, 0.002), (4, 0.0017), (8, 0.0008)] {
            let whole = Matrix3.scaling(0.75, 0.75)
            let fine = BilinearSampler().sample(
                scene.reshaped([1, 3, 96, 128]), at: SamplingGrid<Float>(whole, height: 72 * 4, width: 96 * 4))
            let target = areaAveraged(fine, height: 72 / shrink, width: 96 / shrink).reshaped([3, 72 / shrink, 96 / shrink])
            let view = CountedImage(scene, counts: nil).view(from: whole, height: 72 / shrink, width: 96 / shrink)
            let difference = view.planes - ComparedImage(smoothing: target, nil).planes
            XCTAssertNil(view.counts)
            XCTAssertLessThan((difference * difference).mean().scalars[0].squareRoot(), Float(tolerance), "\(shrink) times")
        }
    }

    /// What lies outside of the source, or on its pixels that do not count, does not count.
    func testCounts() {
        let mask = (0..<96 * 128).map { $0 % 128 < 64 ? UInt8(1) : 0 }
        let view = CountedImage(scene, counts: mask).view(from: .scaling(1, 6 / 4.6), height: 12, width: 16)
        let counts = view.counts!
        for row in 0..<12 {
            for column in 0..<16 {
                // Rows 1 and 10 see the source with six tenths of their pixels; two more on each side are smoothed with them.
                let isInside = (4..<8).contains(row) && column < 6
                XCTAssertEqual(counts[row * 16 + column], isInside ? 1 : 0, "row \(row), column \(column)")
            }
        }
    }

    func testChannelWeights() throws {
        let colors = ComparedImage(smoothing: scene, nil)
        func weights(_ grey: Tensor<Float>) -> [Float]? { channelWeights(of: colors, like: ComparedImage(smoothing: grey, nil)) }
        func combined(_ weights: [Float]) -> Tensor<Float> {
            (scene * Tensor(weights, shape: [3, 1, 1])).sum(axes: [0], keepingAxes: true)
        }
        // As grey is made, in any brightness and contrast; a band; the difference of two.
        for (mixed, expected) in [
            ([0.299, 0.587, 0.114], [0.299, 0.587, 0.114]), ([-0.598, -1.174, -0.228], [0.299, 0.587, 0.114]), ([0.5, 0, 0], [1, 0, 0]),
            ([0.8, -0.2, 0], [0.8, -0.2, 0]),
        ] as [([Float], [Float])] {
            let found = try XCTUnwrap(weights(combined(mixed) + 0.2))
            for c in 0..<3 { XCTAssertEqual(found[c], expected[c], accuracy: 0.01, "\(mixed)") }
        }
        XCTAssertNil(
            channelWeights(
                of: ComparedImage(smoothing: .zeros([3, 20, 20]), nil), like: ComparedImage(smoothing: .ones([1, 20, 20]), nil)))
    }
}
