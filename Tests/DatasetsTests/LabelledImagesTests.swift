import Datasets
import LinearAlgebra
import Sampling
import Tensors
import TestSupport
import XCTest

final class LabelledImagesTests: XCTestCase {
    /// Image n of channel c has the bytes 40 n + 20 c + pixel.
    private let images = LabelledImages(
        pixels: indices(of: [5, 2, 6]).map { UInt8(40 * $0[0] + 20 * $0[1] + $0[2]) }, channels: 2, height: 2,
        width: 3, labels: [2, 0, 1, 1, 0], classNames: ["a", "b", "c"])

    func testBatch() {
        XCTAssertEqual(images.count, 5)
        XCTAssertEqual(images.classCount, 3)
        let batch = images.batch([4, 0, 4])
        XCTAssertEqual(batch.labels, [0, 2, 0])
        XCTAssertEqual(batch.images.shape, [3, 2, 2, 3])
        for index in indices(of: [3, 2, 2, 3]) {
            let byte = 40 * [4, 0, 4][index[0]] + 20 * index[1] + 3 * index[2] + index[3]
            XCTAssertEqual(batch.images.element(index), Float(byte) / 255)
        }
        XCTAssertEqual(images.batch([]).images.shape, [0, 2, 2, 3])
    }

    func testSubset() {
        let subset = images.subset([3, 1, 4]).subset([2, 0])
        XCTAssertEqual(subset.labels, [0, 1])
        XCTAssertEqual(subset.classNames, images.classNames)
        XCTAssertEqual(subset.batch([0, 1]).images, images.batch([4, 3]).images)
    }

    /// Each image keeps its own start, in subsets and batches.
    func testStarts() {
        XCTAssertNil(images.batch([1]).starts)
        let starts = (0..<5).map { Matrix3.translation(Double($0), 0.5) }
        let moved = images.starting(at: starts)
        let batch = moved.subset([3, 1, 4]).batch([2, 0])
        XCTAssertEqual(batch.images, images.batch([4, 3]).images)
        XCTAssertEqual(batch.starts, Tensor([1, 0, 4, 0, 1, 0.5, 0, 0, 1, 1, 0, 3, 0, 1, 0.5, 0, 0, 1], shape: [2, 3, 3]))
        XCTAssertNotEqual(moved.digest, images.digest)
        XCTAssertNotEqual(moved.digest, images.starting(at: starts.reversed()).digest)
    }

    /// Of what the images are, not of how they are kept; anything that a training could tell apart changes it.
    func testDigest() {
        let bytes = indices(of: [2, 2, 6]).map { UInt8(40 * $0[0] + 20 * $0[1] + $0[2]) }
        func digest(_ bytes: [UInt8], channels: Int = 2, height: Int = 2, labels: [Int] = [2, 0], names: [String] = ["a", "b", "c"])
            -> Digest
        {
            LabelledImages(
                pixels: bytes, channels: channels, height: height, width: 12 / channels / height, labels: labels, classNames: names
            ).digest
        }
        XCTAssertEqual(images.subset([0, 1]).digest, digest(bytes))
        var other = bytes
        other[23] += 1
        for found in [
            images.digest, images.subset([1, 0]).digest, digest(other), digest(bytes, labels: [2, 1]), digest(bytes, channels: 1),
            digest(bytes, height: 3), digest(bytes, names: ["a", "b", "d"]),
        ] {
            XCTAssertNotEqual(found, digest(bytes))
        }
    }

    func testBatchOnOneAndTwoThreads() {
        let pixels = (0..<300 * 784).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let many = LabelledImages(
            pixels: pixels, channels: 1, height: 28, width: 28, labels: Array(repeating: 0, count: 300), classNames: ["a"])
        let reversed = Array(many.labels.indices.reversed())
        XCTAssertEqual(Threads.with(count: 1) { many.batch(reversed).images }, Threads.with(count: 2) { many.batch(reversed).images })
    }
}
