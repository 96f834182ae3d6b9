import Images
import Tensors
import XCTest

/// Color profiles, resolutions and orientations.
final class ExtrasTests: ImageTestCase {
    private func file(channels: Int, depth: SampleDepth = .eight) -> ImageFile {
        ImageFile(
            pixels: testImage(channels: channels, height: 4, width: 6), depth: depth,
            colorProfile: TestProfile.bytes(channels < 3 ? "GRAY" : "RGB ", count: 300), resolution: .init(x: 2835, y: 5669))
    }

    func testProfilesRoundTrip() throws {
        for (name, channels) in [
            ("image.png", [1, 2, 3, 4]), ("image.jpg", [1, 3]), ("image.tif", [1, 2, 3, 4]), ("image.webp", [3, 4]),
        ] {
            for channels in channels {
                var file = file(channels: channels)
                try file.write(to: path(name))
                XCTAssertEqual(try ImageFile(at: path(name)).colorProfile, file.colorProfile, "\(name), \(channels) channels")
                // Longer than a segment of JPEG.
                file.colorProfile = TestProfile.bytes(channels < 3 ? "GRAY" : "RGB ", count: 150_000)
                try file.write(to: path(name))
                XCTAssertEqual(try ImageFile(at: path(name)).colorProfile, file.colorProfile, "\(name), \(channels) channels")
                file.colorProfile = nil
                try file.write(to: path(name))
                XCTAssertNil(try ImageFile(at: path(name)).colorProfile)
            }
        }
    }

    /// Of other colors, of another length, without the signature: the image is written, the profile is not.
    func testProfilesThatDoNotFitAreNotWritten() throws {
        let grey = TestProfile.bytes("GRAY"), rgb = TestProfile.bytes("RGB ")
        for name in ["image.png", "image.jpg", "image.tif"] {
            for (channels, profile) in [(1, rgb), (3, grey), (3, rgb + [0]), (3, Array(rgb.prefix(100))), (3, []), (1, Array(rgb[1...]))] {
                var file = file(channels: channels)
                file.colorProfile = profile
                try file.write(to: path(name))
                let found = try ImageFile(at: path(name))
                XCTAssertNil(found.colorProfile, "\(name), \(channels) channels, \(profile.count) bytes")
                XCTAssertEqual(found.pixels.shape, file.pixels.shape)
            }
        }
    }

    /// Every bit of a profile's header: what is wrong leaves the image as it is.
    func testDamagedProfilesLeaveTheImage() throws {
        let whole = TestProfile.bytes("RGB ")
        for place in 0..<whole.count {
            var profile = whole
            profile[place] ^= 1 << UInt8(place % 8)
            let png = TestPNG(width: 2, height: 2, bitDepth: 8, colorType: 2, sample: { x, y, channel in 9 * x + y + channel })
            let chunk = TestPNG.chunk("iCCP", Array("test\0\0".utf8) + TestPNG.zlibStored(profile))
            let found = try ImageFile(decoding: png.inserting(chunk), name: "image")
            XCTAssertEqual(found.pixels.scalars, try read(png.bytes).scalars, "byte \(place)")
            if let read = found.colorProfile { XCTAssertEqual(read, profile) }
            if (0..<4).contains(place) || (16..<20).contains(place) || (36..<40).contains(place) { XCTAssertNil(found.colorProfile) }
        }
        // The pieces of a JPEG file's profile are numbered: one is missing.
        var file = file(channels: 3)
        file.colorProfile = TestProfile.bytes("RGB ", count: 70_000)
        let jpeg = try file.encoded(as: .jpeg, name: "image")
        let second = try XCTUnwrap(jpeg.indices.first { jpeg[$0...].starts(with: Array("ICC_PROFILE\0".utf8) + [2, 2]) })
        var damaged = jpeg
        damaged[second] = 0
        let found = try ImageFile(decoding: damaged, name: "image")
        XCTAssertNil(found.colorProfile)
        XCTAssertEqual(found.pixels.scalars, try read(jpeg).scalars)
    }

    func testResolutionsRoundTrip() throws {
        let inch = 1 / 0.0254
        for (name, resolutions) in [
            ("image.png", [(1, 1), (2835, 5669), (1_000_000, 3)]),
            ("image.tif", [(1, 1), (300 * inch, 600 * inch), (1_000_000, 3)]),
            ("image.jpg", [(72 * inch, 72 * inch), (300 * inch, 600 * inch), (2800, 11_900), (100, 6_553_500)]),
        ] {
            for (x, y) in resolutions as [(Double, Double)] {
                var file = file(channels: 1)
                file.resolution = .init(x: x, y: y)
                try file.write(to: path(name))
                let found = try XCTUnwrap(try ImageFile(at: path(name)).resolution)
                XCTAssertEqual(found.x, x, accuracy: 1e-6 * x, name)
                XCTAssertEqual(found.y, y, accuracy: 1e-6 * y, name)
            }
            for (x, y) in [(0, 5), (-1, 5), (.nan, 5), (.infinity, 5), (1e300, 1e300), (0.1, 1)] as [(Double, Double)]
            where x != 0.1 || !name.hasSuffix("tif") {
                var file = file(channels: 1)
                file.resolution = .init(x: x, y: y)
                try file.write(to: path(name))
                XCTAssertNil(try ImageFile(at: path(name)).resolution, "\(name): \(x), \(y)")
            }
        }
        try file(channels: 1).write(to: path("image.pgm"))
        XCTAssertNil(try ImageFile(at: path("image.pgm")).resolution)
    }

    /// A camera's turn swaps the axes' resolutions too. What is written stands as it is displayed.
    func testOrientationIsAppliedOnce() throws {
        let exif = Array(TestJPEG.exif(orientation: 6, isLittleEndian: true).dropFirst(6))
        let png = TestPNG(width: 3, height: 2, bitDepth: 8, colorType: 0, sample: { x, y, _ in 40 * (x + 3 * y) })
        let chunks = TestPNG.chunk("pHYs", TestPNG.bigEndian(1000) + TestPNG.bigEndian(2000) + [1]) + TestPNG.chunk("eXIf", exif)
        let inFront = png.inserting(chunks)
        let behind = png.inserting(Array(chunks.prefix(21)), atEnd: Array(chunks.dropFirst(21)))
        for bytes in [inFront, behind] {
            let found = try ImageFile(decoding: bytes, name: "image")
            XCTAssertEqual(found.pixels.shape, [1, 3, 2])
            XCTAssertEqual(found.pixels.scalars, [3, 0, 4, 1, 5, 2].map { 40 * $0 / 255 })
            XCTAssertEqual(found.resolution, .init(x: 2000, y: 1000))
            try found.write(to: path("image.png"))
            let again = try ImageFile(at: path("image.png"))
            XCTAssertEqual(again.pixels.scalars, found.pixels.scalars)
            XCTAssertEqual(again.resolution, found.resolution)
        }
    }

    func testDepths() throws {
        for (name, depth) in [
            ("image.png", .eight), ("image.png", .sixteen), ("image.jpg", .eight), ("image.ppm", .eight), ("image.ppm", .sixteen),
            ("image.tif", .eight), ("image.tif", .sixteen), ("image.tif", .float), ("image.webp", .eight),
        ] as [(String, SampleDepth)] {
            try file(channels: 3, depth: depth).write(to: path(name))
            XCTAssertEqual(try ImageFile(at: path(name)).depth, depth, name)
        }
    }

    /// Whether clamping changes a value, rather than rounding.
    func testClippedValues() {
        for (value, clips) in [
            (0, false), (1, false), (-0.4 / 255, false), (1 + 0.4 / 255, false), (-0.6 / 255, true), (1 + 0.6 / 255, true), (.nan, true),
            (.infinity, true), (-.infinity, true),
        ] as [(Float, Bool)] {
            let pixels = Tensor<Float>([0.5, value], shape: [1, 1, 2])
            XCTAssertEqual(ImageFile(pixels: pixels).clipsValues, clips, "\(value)")
            XCTAssertEqual(ImageFile(pixels: pixels, depth: .sixteen).clipsValues, clips || (value != 0 && value != 1), "\(value)")
            XCTAssertFalse(ImageFile(pixels: pixels, depth: .float).clipsValues)
        }
    }
}
