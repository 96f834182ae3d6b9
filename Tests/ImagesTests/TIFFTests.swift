import CTIFF
import CTestTIFF
import Images
import TestSupport
import Tensors
import XCTest

final class TIFFTests: ImageTestCase {
    private func page(
        bits: Int32 = 8, samples: Int32 = 3, format: Int32 = SAMPLEFORMAT_UINT, photometric: Int32 = PHOTOMETRIC_RGB,
        compression: Int32 = COMPRESSION_NONE
    ) -> test_tiff {
        test_tiff(
            width: 37, height: 29, bits: bits, samples: samples, format: format, photometric: photometric, compression: compression,
            predictor: 1, is_planar: false, tile: 0, strip: 8, orientation: ORIENTATION_TOPLEFT, alpha: -1, inks: 0, is_subsampled: false)
    }

    /// Values of a page by row, column and sample: whole numbers from 0 to `largest`.
    private func values(_ page: test_tiff, largest: Int) -> [Double] {
        (0..<Int(page.width * page.height) * Int(page.samples)).map { Double(($0 * 7919 + $0 / 11 * 104_729) % (largest + 1)) }
    }

    private func written(_ page: test_tiff, _ values: [Double], palette: [UInt16]? = nil, mode: String = "w") throws -> String {
        var page = page
        XCTAssertTrue(test_tiff_write(path("image.tif"), mode, &page, values, palette))
        return path("image.tif")
    }

    /// Channels of the image that is expected, by the naive way: one pixel after the other.
    private func assertRead(
        _ page: test_tiff, _ values: [Double], palette: [UInt16]? = nil, channels: Int, accuracy: Float = 0, _ what: String,
        _ expected: (_ samples: [Double], _ channel: Int) -> Double
    ) throws {
        let image = try Tensor<Float>(imageAt: try written(page, values, palette: palette))
        let (width, height, samples) = (Int(page.width), Int(page.height), Int(page.samples))
        XCTAssertEqual(image.shape, [channels, height, width], what)
        let found = image.scalars
        for channel in 0..<channels {
            for pixel in 0..<width * height {
                let value = Float(expected(Array(values[pixel * samples..<(pixel + 1) * samples]), channel))
                guard abs(found[channel * width * height + pixel] - value) > accuracy else { continue }
                return XCTFail("\(what): found \(found[channel * width * height + pixel]) at \(channel), \(pixel), expected \(value)")
            }
        }
    }

    func testRoundTrips() throws {
        for channels in 1...4 {
            for depth in [SampleDepth.eight, .sixteen] {
                let image = testImage(channels: channels, height: 5, width: 7, bits: depth.bits)
                try image.writeImage(to: path("image.tif"), depth: depth)
                let found = try Tensor(imageAt: path("image.tif"))
                XCTAssertEqual(found.shape, image.shape)
                XCTAssertEqual(found.scalars, image.scalars, "\(channels) channels of \(depth)")
            }
            // Floats are not clamped. Several strips.
            let image: Tensor<Float> = randomTensor([channels, 300, 401], in: -3..<5)
            try image.writeImage(to: path("image.tiff"), depth: .float)
            XCTAssertEqual(try Tensor(imageAt: path("image.tiff")).scalars, image.scalars)
        }
    }

    func testEveryArrangement() throws {
        let kinds = [
            (1, SAMPLEFORMAT_UINT), (2, SAMPLEFORMAT_UINT), (4, SAMPLEFORMAT_UINT), (8, SAMPLEFORMAT_UINT), (16, SAMPLEFORMAT_UINT),
        ]
        let floats = [(16, SAMPLEFORMAT_IEEEFP), (32, SAMPLEFORMAT_IEEEFP), (64, SAMPLEFORMAT_IEEEFP)]
        for (bits, format) in kinds + floats {
            for samples in [1, 3] {
                for (tile, isPlanar) in [(0, false), (0, true), (16, false), (16, true)] {
                    for mode in ["wl", "wb", "w8"] {
                        var page = page(
                            bits: Int32(bits), samples: Int32(samples), format: format,
                            photometric: samples == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB)
                        (page.tile, page.is_planar) = (Int32(tile), isPlanar)
                        let largest = format == SAMPLEFORMAT_UINT ? 1 << bits - 1 : 1000
                        let values = values(page, largest: largest)
                        let what = "\(bits) bits, \(samples) samples, tiles \(tile), planar \(isPlanar), \(mode)"
                        _ = try written(page, values, mode: mode)
                        try assertRead(page, values, channels: samples, what) { samples, channel in
                            format == SAMPLEFORMAT_UINT ? Double(Float(samples[channel]) / Float(largest)) : samples[channel]
                        }
                    }
                }
            }
        }
    }

    func testCompressions() throws {
        let all = [
            COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_PACKBITS, COMPRESSION_LZMA, COMPRESSION_ZSTD,
            COMPRESSION_WEBP,
        ].filter { TIFFIsCODECConfigured(UInt16($0)) != 0 }
        XCTAssertGreaterThanOrEqual(all.count, 4)
        for compression in all {
            for predictor in [1, 2] as [Int32] where predictor == 1 || [COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE].contains(compression) {
                var page = page(compression: compression)
                page.predictor = predictor
                let values = values(page, largest: 255)
                try assertRead(page, values, channels: 3, "compression \(compression)") { Double(Float($0[$1]) / 255) }
            }
        }
        for compression in [COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4] {
            let page = page(bits: 1, samples: 1, photometric: PHOTOMETRIC_MINISWHITE, compression: compression)
            try assertRead(page, values(page, largest: 1), channels: 1, "compression \(compression)") { samples, _ in 1 - samples[0] }
        }
        for isSubsampled in [false, true] {
            var page = page(photometric: PHOTOMETRIC_YCBCR, compression: COMPRESSION_JPEG)
            (page.is_subsampled, page.strip) = (isSubsampled, 16)
            // Smooth, as photographs are.
            let values = (0..<37 * 29 * 3).map { (i: Int) -> Double in
                let (x, y, channel) = (i / 3 % 37, i / 111, i % 3)
                return Double(60 + 3 * x + 2 * y - 9 * channel)
            }
            try assertRead(page, values, channels: 3, accuracy: 0.03, "JPEG") { $0[$1] / 255 }
        }
    }

    func testColorsOfEveryKind() throws {
        var white = page(samples: 1, photometric: PHOTOMETRIC_MINISWHITE)
        try assertRead(white, values(white, largest: 255), channels: 1, "0 is white") { samples, _ in Double(Float(255 - samples[0]) / 255)
        }
        white.bits = 16
        try assertRead(white, values(white, largest: 65535), channels: 1, "0 is white") { samples, _ in
            Double(Float(65535 - samples[0]) / 65535)
        }
        for bits in [1, 2, 4, 8] as [Int32] {
            let page = page(bits: bits, samples: 1, photometric: PHOTOMETRIC_PALETTE)
            let palette = (0..<3 << bits).map { UInt16($0 * 12345 & 65535) }
            try assertRead(page, values(page, largest: 1 << bits - 1), palette: palette, channels: 3, "palette") { samples, channel in
                Double(Float(palette[channel << bits + Int(samples[0])]) / 65535)
            }
        }
        var inks = page(samples: 4, photometric: PHOTOMETRIC_SEPARATED)
        inks.inks = INKSET_CMYK
        try assertRead(inks, values(inks, largest: 255), channels: 3, accuracy: 1e-6, "CMYK") { samples, channel in
            (1 - samples[channel] / 255) * (1 - samples[3] / 255)
        }
    }

    func testAlpha() throws {
        for (kind, isAlpha) in [(EXTRASAMPLE_UNASSALPHA, true), (EXTRASAMPLE_ASSOCALPHA, true), (EXTRASAMPLE_UNSPECIFIED, false)] {
            for (samples, photometric) in [(2, PHOTOMETRIC_MINISBLACK), (4, PHOTOMETRIC_RGB), (5, PHOTOMETRIC_RGB)] {
                for isPlanar in [false, true] {
                    var page = page(samples: Int32(samples), photometric: photometric)
                    (page.alpha, page.is_planar) = (kind, isPlanar)
                    let colors = photometric == PHOTOMETRIC_RGB ? 3 : 1
                    var values = values(page, largest: 255)
                    // No color is stronger than its alpha lets it be.
                    for i in values.indices where kind == EXTRASAMPLE_ASSOCALPHA && i % samples < colors {
                        values[i] = min(values[i], values[i / samples * samples + colors])
                    }
                    let what = "kind \(kind), \(samples) samples, planar \(isPlanar)"
                    try assertRead(page, values, channels: colors + (isAlpha ? 1 : 0), accuracy: 1e-6, what) { samples, channel in
                        let alpha = samples[colors]
                        guard kind == EXTRASAMPLE_ASSOCALPHA, channel < colors, alpha > 0 else { return samples[channel] / 255 }
                        return samples[channel] / alpha
                    }
                }
            }
        }
    }

    func testOrientations() throws {
        var page = page(samples: 1, photometric: PHOTOMETRIC_MINISBLACK)
        (page.width, page.height) = (3, 2)
        // As displayed, row by row: where the first row and the first column of the file are.
        let displayed: [[Double]] = [
            [0, 1, 2, 3, 4, 5], [2, 1, 0, 5, 4, 3], [5, 4, 3, 2, 1, 0], [3, 4, 5, 0, 1, 2], [0, 3, 1, 4, 2, 5], [3, 0, 4, 1, 5, 2],
            [5, 2, 4, 1, 3, 0], [2, 5, 1, 4, 0, 3],
        ]
        for (orientation, expected) in zip(1..., displayed) {
            page.orientation = Int32(orientation)
            let image = try Tensor<Float>(imageAt: try written(page, (0..<6).map { 40 * Double($0) }))
            XCTAssertEqual(image.shape, orientation < 5 ? [1, 2, 3] : [1, 3, 2])
            XCTAssertEqual(image.scalars, expected.map { Float(40 * $0) / 255 }, "orientation \(orientation)")
        }
    }

    func testPages() throws {
        for (n, mode) in ["w", "a", "a"].enumerated() {
            var page = page(samples: 1, photometric: PHOTOMETRIC_MINISBLACK)
            page.width = UInt32(10 + n)
            _ = try written(page, values(page, largest: 255).map { _ in Double(50 * n) }, mode: mode)
        }
        let file = path("image.tif")
        XCTAssertEqual(try ImageFile.pageCount(at: file), 3)
        for n in 0..<3 {
            let image = try ImageFile(at: file, page: n).pixels
            XCTAssertEqual(image.shape, [1, 29, 10 + n])
            XCTAssertEqual(image.scalars[0], Float(50 * n) / 255)
        }
        XCTAssertEqual(
            thrownError { () throws(ImageError) in _ = try ImageFile(at: file, page: 3) }, .noSuchPage(path: file, page: 4, count: 3))
        try testImage(channels: 1, height: 2, width: 2).writeImage(to: path("image.png"))
        XCTAssertEqual(try ImageFile.pageCount(at: path("image.png")), 1)
        XCTAssertEqual(
            thrownError { () throws(ImageError) in _ = try ImageFile(at: path("image.png"), page: 1) },
            .noSuchPage(path: path("image.png"), page: 2, count: 1))
    }

    func testWhatIsNotRead() throws {
        let plain = page(samples: 1, photometric: PHOTOMETRIC_MINISBLACK)
        let bytes = Array(
            try Data(contentsOf: URL(fileURLWithPath: try written(plain, values(plain, largest: (1 << Int(plain.bits)) - 1), mode: "wl"))))
        func found(_ bytes: [UInt8]) throws -> ImageError? {
            let path = try write(bytes)
            return thrownError { () throws(ImageError) in _ = try Tensor(imageAt: path) }
        }
        /// With another value of a tag of one short number.
        func patched(_ tag: UInt8, _ value: Int) throws -> [UInt8] {
            let entry = try XCTUnwrap(bytes.indices.first { bytes[$0...].starts(with: [tag, 1, 3, 0, 1, 0, 0, 0]) })
            var bytes = bytes
            (bytes[entry + 8], bytes[entry + 9]) = (UInt8(value & 255), UInt8(value >> 8))
            return bytes
        }
        let image = path("image")
        XCTAssertEqual(try found(patched(3, 32766)), .unsupportedKind(path: image, format: "TIFF", found: "the compression 32766"))
        XCTAssertEqual(
            try found(patched(6, Int(PHOTOMETRIC_CIELAB))),
            .unsupportedKind(path: image, format: "TIFF", found: "photometric interpretation 8"))
        // The last four bytes of the directory lead to the next page: to itself.
        let directory = (0..<4).reduce(0) { $0 | Int(bytes[4 + $1]) << (8 * $1) }
        let entries = Int(bytes[directory]) | Int(bytes[directory + 1]) << 8
        var loop = bytes
        for i in 0..<4 { loop[directory + 2 + 12 * entries + i] = UInt8(directory >> (8 * i) & 255) }
        XCTAssertEqual(try found(loop), .corrupt(path: image, format: "TIFF", found: "pages in a loop"))
    }

    /// What a file claims to hold beyond its bytes is not even asked for.
    func testHugeClaims() throws {
        let grey = page(samples: 1, photometric: PHOTOMETRIC_MINISBLACK)
        let fax = page(bits: 1, samples: 1, photometric: PHOTOMETRIC_MINISBLACK, compression: COMPRESSION_CCITTFAX4)
        for (plain, width, height, isTooLarge) in [(grey, 100_000, 100_000, true), (grey, 16000, 16000, false), (fax, 4000, 34000, false)] {
            var bytes = Array(
                try Data(
                    contentsOf: URL(fileURLWithPath: try written(plain, values(plain, largest: (1 << Int(plain.bits)) - 1), mode: "wl"))))
            for (tag, value) in [(UInt8(0), width), (1, height)] {
                let entry = try XCTUnwrap(bytes.indices.first { bytes[$0...].starts(with: [tag, 1, 3, 0, 1, 0, 0, 0]) })
                bytes[entry + 2] = 4
                for i in 0..<4 { bytes[entry + 8 + i] = UInt8(value >> (8 * i) & 255) }
            }
            let file = try write(bytes)
            switch thrownError({ () throws(ImageError) in _ = try Tensor(imageAt: file) }) {
            case .tooLarge: XCTAssertTrue(isTooLarge)
            case .truncated: XCTAssertFalse(isTooLarge)
            case let error: XCTFail("\(width)x\(height): \(String(describing: error))")
            }
        }
    }
}
