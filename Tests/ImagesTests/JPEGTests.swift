import Foundation
import Images
import Tensors
import TestSupport
import XCTest

final class JPEGTests: ImageTestCase {
    func testGreyAndColorRoundTrip() throws {
        for channels in [1, 3] {
            // Smooth, as photos are; more than one row of blocks, and an odd size.
            let image = Tensor<Float>(shape: [channels, 37, 51]) { out in
                for i in 0..<out.count {
                    out[i] = 0.5 + 0.4 * sin(Float(i % 51) / 9 + Float(i / (37 * 51))) * cos(Float(i / 51 % 37) / 7)
                }
            }
            for name in ["image.jpg", "image.JPEG"] {
                try image.writeImage(to: path(name), quality: 100)
                let found = try Tensor(imageAt: path(name))
                XCTAssertEqual(found.shape, image.shape)
                let worst = zip(found.scalars, image.scalars).map { abs($0 - $1) }.max()!
                XCTAssertLessThan(worst, 4.0 / 255, "\(channels) channels")
            }
        }
    }

    /// Read in several pieces, of which each row must come to its place; and cut off in one that is not the first.
    func testLargeImages() throws {
        let image = Tensor<Float>(shape: [3, 1200, 600]) { out in
            for i in 0..<out.count { out[i] = 0.5 + 0.4 * sin(Float(i / 600 % 1200) / 100 + Float(i / (600 * 1200))) }
        }
        try image.writeImage(to: path("image.jpg"), quality: 100)
        let found = try Tensor(imageAt: path("image.jpg"))
        XCTAssertLessThan(zip(found.scalars, image.scalars).map { abs($0 - $1) }.max()!, 4.0 / 255)
        for name in ["image.jpg", "image.png"] {
            try image.writeImage(to: path(name))
            let whole = try bytes(name)
            for share in [0.5, 0.95] {
                let cut = Array(whole.prefix(Int(share * Double(whole.count))))
                let error = thrownError { () throws(ImageError) in _ = try ImageFile(decoding: cut, name: name) }
                guard case .truncated(name, _, cut.count) = error else { return XCTFail("\(name): \(String(describing: error))") }
            }
        }
    }

    func testQualityDecidesOnSize() throws {
        let image = testImage(channels: 3, height: 40, width: 40)
        let sizes = try [10, 50, 95].map { quality in
            try image.writeImage(to: path("image.jpg"), quality: quality)
            return try bytes("image.jpg").count
        }
        XCTAssertEqual(sizes, sizes.sorted())
        XCTAssertLessThan(sizes[0] * 2, sizes[2])
    }

    /// 16 x 8 pixels of two flat halves, stored in ways that the library does not write.
    func testStoredKinds() throws {
        let rgb: [[Float]] = [[200, 40, 90], [10, 160, 250]]
        // Inks 255, 51, 0, 51 and 0, 102, 204, 0.
        let inks: [[Float]] = [[0, 204 * 204 / 255, 204], [255, 153, 51]]
        for (name, base64, expected) in [
            ("progressive", TestJPEG.progressive, rgb), ("RGB", TestJPEG.rgb, rgb), ("arithmetic", TestJPEG.arithmetic, rgb),
            ("CMYK", TestJPEG.cmyk, inks), ("inverted CMYK", TestJPEG.adobeCMYK, inks), ("YCCK", TestJPEG.ycck, inks),
        ] {
            let image = try read(TestJPEG.bytes(base64))
            XCTAssertEqual(image.shape, [3, 8, 16], name)
            for (x, half) in [(0, 0), (7, 0), (8, 1), (15, 1)] {
                for channel in 0..<3 {
                    XCTAssertEqual(image[channel, 3, x] * 255, expected[half][channel], accuracy: 2.5, "\(name), pixel \(x)")
                }
            }
        }
    }

    /// The four corners tell where the first stored row and column went.
    func testAllOrientations() throws {
        // As stored: corners 0, 1/3, 2/3, 1 in reading order, 24 x 16 pixels in flat quarters.
        let stored = Tensor<Float>(shape: [1, 16, 24]) { out in
            for i in 0..<out.count { out[i] = Float((i % 24 >= 12 ? 1 : 0) + (i / 24 >= 8 ? 2 : 0)) / 3 }
        }
        try stored.writeImage(to: path("stored.jpg"), quality: 100)
        let plain = try bytes("stored.jpg")
        let displayed: [Int: [Float]] = [
            1: [0, 1, 2, 3], 2: [1, 0, 3, 2], 3: [3, 2, 1, 0], 4: [2, 3, 0, 1],
            5: [0, 2, 1, 3], 6: [2, 0, 3, 1], 7: [3, 1, 2, 0], 8: [1, 3, 0, 2],
        ]
        for (orientation, corners) in displayed {
            for isLittleEndian in [true, false] {
                let exif = TestJPEG.exif(orientation: orientation, isLittleEndian: isLittleEndian)
                let image = try read(TestJPEG.inserting(exif, into: plain))
                XCTAssertEqual(image.shape, orientation < 5 ? [1, 16, 24] : [1, 24, 16])
                let (bottom, right) = (image.shape[1] - 1, image.shape[2] - 1)
                let found = [image[0, 0, 0], image[0, 0, right], image[0, bottom, 0], image[0, bottom, right]]
                for (a, b) in zip(found, corners) {
                    XCTAssertEqual(a, b / 3, accuracy: 0.01, "orientation \(orientation): \(found)")
                }
            }
        }
    }

    /// An image is displayed as stored if its EXIF data make no sense, wherever they are cut off.
    func testMalformedOrientationIsIgnored() throws {
        let image = testImage(channels: 1, height: 8, width: 16)
        try image.writeImage(to: path("stored.jpg"))
        let plain = try bytes("stored.jpg")
        let exif = TestJPEG.exif(orientation: 6, isLittleEndian: true)
        XCTAssertEqual(try read(TestJPEG.inserting(exif, into: plain)).shape, [1, 16, 8])
        for length in 0..<exif.count - 6 {
            let cut = TestJPEG.inserting(Array(exif.prefix(length)), into: plain)
            XCTAssertEqual(try read(cut).shape, [1, 8, 16], "EXIF data of \(length) bytes")
        }
        for orientation in [0, 9, 65535] {
            let segment = TestJPEG.exif(orientation: orientation, isLittleEndian: false)
            XCTAssertEqual(try read(TestJPEG.inserting(segment, into: plain)).shape, [1, 8, 16])
        }
        var generator = TestGenerator(state: 3)
        for _ in 0..<2000 {
            var segment = exif
            for _ in 0..<3 { segment[Int.random(in: 6..<exif.count, using: &generator)] = .random(in: 0 ... .max, using: &generator) }
            XCTAssertEqual(try read(TestJPEG.inserting(segment, into: plain)).count, 128)
        }
    }
}
