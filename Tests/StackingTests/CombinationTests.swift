import Foundation
import LinearAlgebra
import Sampling
import Stacking
import TestSupport
import Tensors
import XCTest

/// Frames that lie whole pixels apart, combined pixel by pixel, beside loops in Double.
final class CombinationTests: DirectoryTestCase {
    private let (height, width) = (9, 12)
    /// By which the content of each frame is moved, in pixels.
    private let shifts = [(x: 0, y: 0), (x: 2, y: -1), (x: -3, y: 2), (x: 1, y: 1), (x: 0, y: -2)]

    private func images(channels: Int) -> [Tensor<Float>] {
        shifts.indices.map { randomTensor([channels, height, width], in: 0..<1, seed: UInt64($0 + 1)) }
    }

    private var frames: [StackedFrame] {
        shifts.enumerated().map { n, shift in
            let matrix = Matrix3.translation(2 * Double(shift.x) / Double(width), 2 * Double(shift.y) / Double(height))
            return StackedFrame(index: n, matrix: matrix, verdict: .trusted)
        }
    }

    /// The value of a channel of a frame at a place of the reference; nil where the frame shows nothing.
    private func value(_ images: [[Float]], _ n: Int, _ channel: Int, _ x: Int, _ y: Int) -> Double? {
        let (u, v) = (x + shifts[n].x, y + shifts[n].y)
        guard u >= 0, u < width, v >= 0, v < height else { return nil }
        return Double(images[n][(channel * height + v) * width + u])
    }

    private func check(
        _ combination: Stack.Combination, channels: Int, crop: StackWindow.Crop, tolerance: Float = 1e-5,
        _ naive: (_ values: [Double], _ opacities: [Double]) -> (value: Double, opacity: Double)
    ) throws {
        let images = images(channels: channels)
        let scalars = images.map(\.scalars)
        let stack = Stack(count: images.count) { images[$0] }
        let window = try stack.window(crop, of: frames)
        let colors = channels < 3 ? 1 : 3
        let result = try stack.combined(frames, as: combination, window: window, transparent: crop == .all, scratch: directory)
        let hasAlpha = channels % 2 == 0 || crop == .all
        XCTAssertEqual(result.shape, [colors + (hasAlpha ? 1 : 0), window.height, window.width])
        let found = result.scalars
        for y in 0..<window.height {
            for x in 0..<window.width {
                for color in 0..<colors {
                    let shown = images.indices.compactMap { n in
                        value(scalars, n, color, x + window.x, y + window.y).map { value in
                            (value, channels % 2 == 0 ? self.value(scalars, n, channels - 1, x + window.x, y + window.y)! : 1)
                        }
                    }
                    let expected = naive(shown.map(\.0), shown.map(\.1))
                    func at(_ channel: Int) -> Float { found[(channel * window.height + y) * window.width + x] }
                    XCTAssertEqual(at(color), Float(expected.value), accuracy: tolerance, "\(combination) \(x) \(y)")
                    if hasAlpha { XCTAssertEqual(at(colors), Float(expected.opacity), accuracy: tolerance) }
                }
            }
        }
    }

    func testMean() throws {
        for crop in StackWindow.Crop.allCases {
            for channels in 1...4 {
                try check(.mean, channels: channels, crop: crop) { values, opacities in
                    let sum = opacities.reduce(0, +)
                    let mean = zip(values, opacities).map { $0 * $1 }.reduce(0, +) / max(sum, 1e-6)
                    return (mean, sum / max(1, Double(values.count)))
                }
            }
        }
    }

    func testMedian() throws {
        for crop in StackWindow.Crop.allCases {
            for channels in 1...4 {
                try check(.median, channels: channels, crop: crop) { values, opacities in
                    let shown = zip(values, opacities).filter { $0.1 > 0.5 }.map(\.0).sorted()
                    guard !shown.isEmpty else { return (0, 0) }
                    return ((shown[shown.count / 2] + shown[(shown.count - 1) / 2]) / 2, 1)
                }
            }
        }
        let images = images(channels: 1)
        XCTAssertThrowsError(
            try Stack(count: 5) { images[$0] }.combined(
                frames, as: .median, window: StackWindow(x: 0, y: 0, width: 3, height: 3), scratch: path("none"))
        ) { XCTAssertTrue("\($0)".contains("none: what the median puts there for a while: "), "\($0)") }
    }

    /// Two frames, each blurred in one half.
    func testSharpest() throws {
        let sharp: Tensor<Float> = randomTensor([3, 32, 64], in: 0..<1, seed: 3)
        let blurred = gaussianBlur(sharp, sigma: 2)
        let isLeft = Tensor<Float>(shape: [1, 32, 64]) { out in for i in out.indices { out[i] = i % 64 < 32 ? 1 : 0 } }
        let images = [sharp * isLeft + blurred * (1 - isLeft), blurred * isLeft + sharp * (1 - isLeft)]
        let stack = Stack(count: 2) { images[$0] }
        let frames = (0..<2).map { StackedFrame(index: $0, matrix: .identity, verdict: .trusted) }
        let result = try stack.combined(frames, as: .sharpest, window: StackWindow(x: 0, y: 0, width: 64, height: 32))
        let (found, expected) = (result.scalars, sharp.scalars)
        var same = 0
        for i in found.indices where found[i] == expected[i] { same += 1 }
        // All but where the two meet.
        XCTAssertGreaterThan(same, found.count * 9 / 10)
    }

    /// A pixel that one frame has no number for is the others'.
    func testHoles() throws {
        for channels in 1...4 {
            let images = images(channels: channels)
            var broken = images[1]
            let hole = (y: 4, x: 7)
            broken.withMutableScalars { $0[hole.y * width + hole.x] = .nan }
            let stack = Stack(count: 5) { [broken] in $0 == 1 ? broken : images[$0] }
            let without = Stack(count: 5) { images[$0] }
            let window = try stack.window(.common, of: frames)
            // Where the reference has it.
            let (x, y) = (hole.x - shifts[1].x - window.x, hole.y - shifts[1].y - window.y)
            for combination in Stack.Combination.allCases {
                func combined(_ stack: Stack, _ frames: [StackedFrame]) throws -> [Float] {
                    try stack.combined(frames, as: combination, window: window, scratch: directory).scalars
                }
                let found = try combined(stack, frames)
                XCTAssert(found.allSatisfy(\.isFinite), "\(combination)")
                if combination == .sharpest { continue }
                let (whole, others) = (try combined(without, frames), try combined(without, frames.filter { $0.index != 1 }))
                for i in found.indices {
                    let isHole = i % window.width == x && i / window.width % window.height == y
                    // The opacity of a mean is that over all frames that show the place.
                    if isHole && channels % 2 == 0 && i / (window.width * window.height) == (channels < 3 ? 1 : 3) { continue }
                    XCTAssertEqual(found[i], isHole ? others[i] : whole[i], accuracy: 1e-6, "\(combination) \(i)")
                }
            }
        }
    }

    func testSameBits() throws {
        let images = images(channels: 4)
        let stack = Stack(count: images.count) { images[$0] }
        for combination in Stack.Combination.allCases {
            let results = try [1, 2].map { threads in
                try Threads.with(count: threads) {
                    try stack.combined(frames, as: combination, window: stack.window(.common, of: frames), scratch: directory).scalars
                }
            }
            XCTAssertEqual(results[0].map(\.bitPattern), results[1].map(\.bitPattern))
        }
        // Nothing of what the median has put there is left.
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: directory), [])
    }

    func testAlignedFrames() throws {
        let images = images(channels: 3)
        let stack = Stack(count: images.count) { images[$0] }
        let window = try stack.window(.all, of: frames)
        let scalars = images.map(\.scalars)
        for n in images.indices {
            let result = try stack.aligned(frames[n], window: window, transparent: true)
            XCTAssertEqual(result.shape, [4, window.height, window.width])
            let found = result.scalars
            for y in 0..<window.height {
                for x in 0..<window.width {
                    let pixel = (0..<4).map { found[($0 * window.height + y) * window.width + x] }
                    let expected = (0..<3).map { value(scalars, n, $0, x + window.x, y + window.y) }
                    XCTAssertEqual(pixel, expected.map { Float($0 ?? 0) } + [expected[0] == nil ? 0 : 1])
                }
            }
        }
    }
}
