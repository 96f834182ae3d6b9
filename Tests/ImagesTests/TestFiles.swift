import Images
import Tensors
import TestSupport
import XCTest

/// A test case that writes and reads images in a directory of its own.
class ImageTestCase: DirectoryTestCase {
    @discardableResult
    func write(_ bytes: [UInt8]) throws -> String { try write(bytes, "image") }

    /// The image in a file of these bytes.
    func read(_ bytes: [UInt8]) throws -> Tensor<Float> { try Tensor(imageAt: write(bytes)) }
}

/// A deterministic generator (SplitMix64).
struct TestGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// An image whose values are all multiples of 1 / (2^bits - 1), each pixel different from its neighbours.
func testImage(channels: Int, height: Int, width: Int, bits: Int = 8) -> Tensor<Float> {
    let largest = (1 << bits) - 1
    var generator = TestGenerator(state: 7)
    let values = (0..<channels * height * width).map { _ in Float(Int.random(in: 0...largest, using: &generator)) / Float(largest) }
    return Tensor(values, shape: [channels, height, width])
}
