import Images
import Tensors
import TestSupport
import XCTest

final class NetpbmTests: ImageTestCase {
    func testRoundTrip() throws {
        for (channels, name) in [(1, "image.pgm"), (3, "image.ppm")] {
            for depth in [SampleDepth.eight, .sixteen] {
                let image = testImage(channels: channels, height: 4, width: 5, bits: depth.bits)
                try image.writeImage(to: path(name), depth: depth)
                let found = try Tensor(imageAt: path(name))
                XCTAssertEqual(found.shape, image.shape)
                XCTAssertEqual(found.scalars, image.scalars)
            }
        }
    }

    func testPlainWithComments() throws {
        let grey = try read(Array("P2 # kind\n#\n 3\t2 # size\n7\n0 1 2\n3 # in between\n4 7".utf8))
        XCTAssertEqual(grey.shape, [1, 2, 3])
        XCTAssertEqual(grey.scalars, [0, 1, 2, 3, 4, 7].map { $0 / 7 })
        let color = try read(Array("P3\r\n2 1\r\n65535\r\n1 2 3 40000 50000 65535\r\n".utf8))
        XCTAssertEqual(color.shape, [3, 1, 2])
        XCTAssertEqual(color.scalars, [1, 40000, 2, 50000, 3, 65535].map { $0 / 65535 })
    }

    /// The largest value scales, and decides between one and two bytes; a byte of the raster may look like white space or a comment.
    func testBinaryMaxima() throws {
        for (maximum, values) in [(1, [0, 1]), (100, [35, 100]), (255, [10, 32]), (256, [10, 256]), (65535, [8995, 65535])] {
            let raster = values.flatMap { maximum > 255 ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0)] }
            let image = try read(Array("P5\n2 1\n\(maximum)\n".utf8) + raster)
            XCTAssertEqual(image.scalars, values.map { Float($0) / Float(maximum) })
        }
    }

    func testWhatFollowsTheImageIsIgnored() throws {
        XCTAssertEqual(try read(Array("P5 1 1 255 AP5 1 1 255 B".utf8)).scalars, [65.0 / 255])
    }

    func testMalformedHeadersAndValues() throws {
        for text in [
            "P2 2 x 255 0 0", "P2 -1 1 255 0", "P2 0 1 255 ", "P2 1 1 0 0", "P2 1 1 65536 0", "P2 1 1 7 8", "P5 1 1 7 \u{8}",
            "P5 1 1 255# A", "P2 99999999999 1 255 0", "P2 1 1 255 1x", "P3 1 1 255 1 2 -3",
        ] {
            let path = try write(Array(text.utf8))
            guard case .corrupt = thrownError({ () throws(ImageError) in _ = try Tensor(imageAt: path) }) else {
                XCTFail("\(text): not reported as damaged")
                continue
            }
        }
    }
}
