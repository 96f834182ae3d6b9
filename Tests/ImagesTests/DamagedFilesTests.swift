import Images
import Tensors
import TestSupport
import XCTest

/// Files that are not whole images: each must give an error or an image, in time, and touch no memory but its own.
final class DamagedFilesTests: ImageTestCase {
    private func samples() throws -> [(name: String, bytes: [UInt8])] {
        let image = testImage(channels: 3, height: 20, width: 24)
        let names = ["image.png", "image.jpg", "image.ppm", "image.tif", "image.webp"]
        var samples = try names.map { name in
            try image.writeImage(to: path(name))
            return (name, try bytes(name))
        }
        let palette = TestPNG(
            width: 9, height: 9, bitDepth: 4, colorType: 3, isInterlaced: true, palette: Array(0..<48), transparency: [0, 9],
            sample: { x, y, _ in (x + y) % 16 })
        samples.append(("palette.png", palette.bytes))
        samples.append(("progressive.jpg", TestJPEG.bytes(TestJPEG.progressive)))
        samples.append(("cmyk.jpg", TestJPEG.bytes(TestJPEG.adobeCMYK)))
        samples.append(("plain.ppm", Array("P3 2 2 255 1 2 3 4 5 6 7 8 9 10 11 12 ".utf8)))
        return samples
    }

    func testTruncationAnywhereIsReported() throws {
        for (name, bytes) in try samples() {
            // In plain PPM the last number's end, and the blank after it, cannot be missed.
            let whole = name == "plain.ppm" ? bytes.count - 2 : bytes.count
            // A part of these signatures may be text.
            for length in (name.hasSuffix("tif") || name.hasSuffix("webp") ? 4 : 1)..<min(whole, 4096) {
                let path = try write(Array(bytes.prefix(length)))
                let error = thrownError { () throws(ImageError) in _ = try Tensor(imageAt: path) }
                // The others' libraries don't always tell whether something is missing or wrong.
                if name.hasSuffix("tif") || name.hasSuffix("webp"), case .corrupt(_, _, _) = error { continue }
                guard case .truncated(_, _, length) = error else {
                    XCTFail("\(name), \(length) of \(bytes.count) bytes: \(String(describing: error))")
                    break
                }
            }
        }
    }

    func testRandomDamage() throws {
        var generator = TestGenerator(state: 11)
        for (name, bytes) in try samples() {
            var intact = 0
            for _ in 0..<1500 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    // The headers are the more interesting part.
                    let end = Bool.random(using: &generator) ? bytes.count : min(bytes.count, 64)
                    damaged[Int.random(in: 0..<end, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
                let path = try write(damaged)
                do throws(ImageError) {
                    let image = try Tensor(imageAt: path)
                    XCTAssert(image.rank == 3 && (1...4).contains(image.shape[0]) && image.count > 0)
                    XCTAssert(image.withScalars { $0.allSatisfy { (0...1).contains($0) } }, name)
                    intact += 1
                } catch {
                    XCTAssertFalse(error.description.contains("\n"))
                }
            }
            // Checksums find nearly all damage in PNG.
            if name.hasSuffix("png") { XCTAssertLessThan(intact, 30, name) }
        }
    }

    /// PNG's own data, not just the envelope: the checksums are right here, the compressed data are not.
    func testRandomCompressedData() throws {
        var generator = TestGenerator(state: 12)
        for _ in 0..<1000 {
            let png = TestPNG(
                width: .random(in: 1...40, using: &generator), height: .random(in: 1...40, using: &generator), bitDepth: 8,
                colorType: [0, 2, 3, 4, 6].randomElement(using: &generator)!, isInterlaced: .random(using: &generator),
                sample: { _, _, _ in 0 })
            var data = TestPNG.zlibStored([UInt8](repeating: 1, count: .random(in: 0...2000, using: &generator)))
            data[.random(in: 2..<7, using: &generator)] = .random(in: 0 ... .max, using: &generator)
            let bytes =
                TestPNG.signature + TestPNG.chunk("IHDR", png.header) + TestPNG.chunk("PLTE", [1, 2, 3])
                + TestPNG.chunk("IDAT", data) + TestPNG.chunk("IEND", [])
            _ = try? read(bytes)
        }
    }

    /// Headers that claim far more than the file holds fail before memory is taken for the claim.
    func testHugeClaims() throws {
        func png(_ width: Int, _ height: Int) -> [UInt8] {
            let png = TestPNG(width: width, height: height, bitDepth: 8, colorType: 6, sample: { _, _, _ in 0 })
            return TestPNG.signature + TestPNG.chunk("IHDR", png.header) + TestPNG.chunk("IDAT", TestPNG.zlibStored([0, 0]))
        }
        var jpeg = TestJPEG.bytes(TestJPEG.progressive)
        let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC2 }!
        func claimInJPEG(_ side: Int) -> [UInt8] {
            for offset in [5, 7] {
                jpeg[frame + offset] = UInt8(side >> 8)
                jpeg[frame + offset + 1] = UInt8(side & 0xFF)
            }
            return jpeg
        }
        let claims = [
            (png(100_000, 100_000), true), (png(Int(Int32.max), Int(Int32.max)), true), (png(16000, 16000), false),
            (claimInJPEG(65000), true), (claimInJPEG(16000), false),
            (Array("P6 100000 100000 255 ".utf8), true), (Array("P6 9999999999 9999999999 255 ".utf8), true),
            (Array("P6 16000 16000 255 abc".utf8), false), (Array("P3 16000 16000 255 1 2 3".utf8), false),
        ]
        let seconds = try processorSeconds {
            for (bytes, isTooLarge) in claims {
                let path = try write(bytes)
                switch thrownError({ () throws(ImageError) in _ = try Tensor(imageAt: path) }) {
                case .tooLarge: XCTAssert(isTooLarge)
                case .truncated: XCTAssertFalse(isTooLarge)
                case let error: XCTFail("\(String(describing: error))")
                }
            }
        }
        XCTAssertLessThan(seconds, 1, "of processor time")
    }

    /// What is not a file of an image at all.
    func testOtherThings() throws {
        func error(_ path: String) -> ImageError? { thrownError { () throws(ImageError) in _ = try Tensor(imageAt: path) } }
        XCTAssertEqual(error(path("missing.png")), .missing(path: path("missing.png")))
        XCTAssertEqual(error(directory), .isDirectory(path: directory))
        XCTAssertEqual(error(try write([], "empty.png")), .empty(path: path("empty.png")))
        XCTAssertEqual(error("/dev/null"), .unreadable(path: "/dev/null", reason: "it is not a regular file"))
        for (content, found) in [
            ("Just some words.\n", "a text file"), ("GIF89a....", "a GIF image"),
            ("P4 1 1 0", "a PBM image"), ("\u{1}\u{2}\u{3}\u{4}", "data of an unknown kind that start with the bytes 01 02 03 04"),
        ] {
            let path = try write(Array(content.utf8), "other.png")
            XCTAssertEqual(error(path), .notAnImage(path: path, found: found))
        }
        let description = error(path("other.png"))?.description ?? ""
        XCTAssert(description.hasPrefix(path("other.png")) && description.contains("PNG, JPEG, TIFF, WebP, PPM or PGM"), description)
    }

    /// The name has no say in what is read.
    func testContentDecidesOnFormat() throws {
        let image = testImage(channels: 1, height: 3, width: 3)
        try image.writeImage(to: path("image.png"))
        XCTAssertEqual(try Tensor(imageAt: write(bytes("image.png"), "photo.jpg")).scalars, image.scalars)
    }
}
