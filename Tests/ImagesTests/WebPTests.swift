import Images
import TestSupport
import Tensors
import XCTest

final class WebPTests: ImageTestCase {
    /// To the bit, also what lies under transparent pixels. Grey comes back as RGB.
    func testRoundTrips() throws {
        for channels in 1...4 {
            let image = testImage(channels: channels, height: 9, width: 14)
            try image.writeImage(to: path("image.webp"))
            let found = try Tensor(imageAt: path("image.webp"))
            let colors = image[0..<(channels < 3 ? 1 : 3)].scalars
            let expected =
                (channels < 3 ? colors + colors + colors : colors) + (channels % 2 == 0 ? image[channels - 1..<channels].scalars : [])
            XCTAssertEqual(found.shape, [channels % 2 == 0 ? 4 : 3, 9, 14])
            XCTAssertEqual(found.scalars, expected, "\(channels) channels")
        }
    }

    /// With a quality it is lossy, and smaller.
    func testQuality() throws {
        let image = Tensor<Float>(shape: [3, 60, 80]) { out in for i in out.indices { out[i] = Float(i % 80 + i / 80 % 60) / 140 } }
        var sizes: [Int] = []
        for quality in [nil, 90, 20] as [Int?] {
            try image.writeImage(to: path("image.webp"), quality: quality)
            let found = try Tensor(imageAt: path("image.webp"))
            let error = (found - image).squared().mean().scalars[0]
            XCTAssertLessThan(error, quality == nil ? 1e-5 : 1e-3)
            sizes.append(try bytes("image.webp").count)
        }
        XCTAssertGreaterThan(sizes[1], sizes[2])
    }

    /// What a file claims to hold beyond its bytes is not even asked for.
    func testHugeClaims() throws {
        func assertTruncated(_ bytes: [UInt8]) throws {
            let file = try write(bytes)
            guard case .truncated = thrownError({ () throws(ImageError) in _ = try Tensor(imageAt: file) }) else {
                return XCTFail("\(bytes.count) bytes")
            }
        }
        // A canvas of 18951 x 4722 pixels, and nothing on it.
        let canvas: [UInt8] = [0x74, 6, 0, 0, 0x06, 0x4A, 0, 0x71, 0x12, 0]
        try assertTruncated(Array("RIFF".utf8) + [10, 1, 0, 0] + Array("WEBPVP8X".utf8) + [10, 0, 0, 0] + canvas)
        // A lossy image of 16000 x 16000 pixels, its sizes behind the mark 9D 01 2A.
        try testImage(channels: 3, height: 9, width: 14).writeImage(to: path("image.webp"), quality: 50)
        var lossy = try bytes("image.webp")
        let mark = try XCTUnwrap(lossy.indices.first { lossy[$0...].starts(with: [0x9D, 1, 0x2A]) })
        lossy.replaceSubrange(mark + 3..<mark + 7, with: [0x80, 0x3E, 0x80, 0x3E])
        try assertTruncated(lossy)
    }

    func testWhatIsNotWritten() throws {
        func error(_ image: Tensor<Float>, _ depth: SampleDepth) -> ImageError? {
            thrownError { () throws(ImageError) in try image.writeImage(to: path("image.webp"), depth: depth) }
        }
        XCTAssertEqual(
            error(.zeros([3, 2, 2]), .sixteen), .unsupportedDepth(path: path("image.webp"), found: .sixteen, format: .webp))
        XCTAssertEqual(
            error(.zeros([1, 1, 16384]), .eight), .tooLarge(path: path("image.webp"), width: 16384, height: 1, limit: "16383 pixels a side")
        )
    }

    /// The container's header says that it is one.
    func testAnimationsAreNotRead() throws {
        let flags: UInt8 = 2
        let header = Array("RIFF".utf8) + [40, 0, 0, 0] + Array("WEBPVP8X".utf8) + [10, 0, 0, 0, flags, 0, 0, 0, 3, 0, 0, 3, 0, 0]
        let file = try write(header + Array("ANIM".utf8) + [6, 0, 0, 0] + [UInt8](repeating: 0, count: 20))
        XCTAssertEqual(
            thrownError { () throws(ImageError) in _ = try Tensor(imageAt: file) },
            .unsupportedKind(path: file, format: "WebP", found: "an animation"))
    }
}
