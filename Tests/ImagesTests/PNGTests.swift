import Images
import LinearAlgebra
import Tensors
import XCTest

final class PNGTests: ImageTestCase {
    func testRoundTripOfEveryChannelCountAndDepth() throws {
        for channels in 1...4 {
            for depth in [SampleDepth.eight, .sixteen] {
                let image = testImage(channels: channels, height: 5, width: 7, bits: depth.bits)
                try image.writeImage(to: path("image.png"), depth: depth)
                let found = try Tensor(imageAt: path("image.png"))
                XCTAssertEqual(found.shape, [channels, 5, 7])
                XCTAssertEqual(found.scalars, image.scalars, "\(channels) channels of \(depth)")
            }
        }
    }

    /// Compressed and read in several pieces: the same pixels, and the same bytes on any number of threads. Noise and stripes take other filters
    /// than what is smooth.
    func testLargeImages() throws {
        let threads = Threads.count
        defer { Threads.count = threads }
        for (channels, depth) in [(1, SampleDepth.eight), (3, .eight), (4, .sixteen)] {
            let (height, width) = (1500, 500)
            let noise = testImage(channels: channels, height: height, width: width, bits: depth.bits).scalars
            let largest = Float(1 << depth.bits - 1)
            let image = Tensor<Float>(shape: [channels, height, width]) { out in
                for i in 0..<out.count {
                    let (x, y) = (i % width, i / width % height)
                    let value = [Float(x + y) / 2000, Float(y) / 1500, Float(x % 2)]
                    out[i] = y % 400 < 100 ? noise[i] : (value[y % 400 / 100 - 1] * largest).rounded() / largest
                }
            }
            let files = try [1, 2, 5].map { count in
                Threads.count = count
                try image.writeImage(to: path("image.png"), depth: depth)
                XCTAssertEqual(try Tensor(imageAt: path("image.png")).scalars, image.scalars, "\(channels) channels of \(depth)")
                return try bytes("image.png")
            }
            XCTAssertEqual(Set(files).count, 1)
        }
    }

    func testWriterClampsAndRounds() throws {
        let values: [Float] = [-1, -.infinity, .nan, 2, .infinity, 0.4999 / 255, 0.5001 / 255, 254.4 / 255]
        try Tensor(values, shape: [1, 1, 8]).writeImage(to: path("image.png"))
        let found = try Tensor(imageAt: path("image.png"))
        XCTAssertEqual(found.scalars, [0, 0, 0, 255, 255, 0, 1, 254].map { $0 / 255 })
    }

    /// Every kind of PNG that stores its values directly, against values worked out from the samples.
    func testValuesOfEveryKind() throws {
        for (colorType, depths) in [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (4, [8, 16]), (6, [8, 16])] {
            for depth in depths {
                for isInterlaced in [false, true] {
                    let largest = (1 << depth) - 1
                    let sample = { (x: Int, y: Int, channel: Int) in (x * 7919 + y * 104_729 + channel * 31 + x * y) & largest }
                    let png = TestPNG(
                        width: 11, height: 9, bitDepth: depth, colorType: colorType, isInterlaced: isInterlaced, sample: sample)
                    let image = try read(png.bytes)
                    XCTAssertEqual(image.shape, [png.channels, 9, 11])
                    let expected = (0..<png.channels * 99).map { i in
                        Float(sample(i % 11, i / 11 % 9, i / 99)) / Float(largest)
                    }
                    XCTAssertEqual(image.scalars, expected, "color type \(colorType), \(depth) bits, interlaced \(isInterlaced)")
                }
            }
        }
    }

    func testPalette() throws {
        let palette: [UInt8] = [255, 0, 0, 0, 51, 0, 0, 0, 102, 10, 20, 30]
        for depth in [2, 4, 8] {
            for isInterlaced in [false, true] {
                var png = TestPNG(
                    width: 4, height: 3, bitDepth: depth, colorType: 3, isInterlaced: isInterlaced, palette: palette,
                    sample: { x, y, _ in (x + y) % 4 })
                let opaque = try read(png.bytes)
                XCTAssertEqual(opaque.shape, [3, 3, 4])
                png.transparency = [0, 128]  // the colors that it does not reach are opaque
                let image = try read(png.bytes)
                XCTAssertEqual(image.shape, [4, 3, 4])
                for y in 0..<3 {
                    for x in 0..<4 {
                        let index = (x + y) % 4
                        for channel in 0..<3 {
                            let expected = Float(palette[3 * index + channel]) / 255
                            XCTAssertEqual(opaque[channel, y, x], expected)
                            XCTAssertEqual(image[channel, y, x], expected)
                        }
                        XCTAssertEqual(image[3, y, x], [0, 128.0 / 255, 1, 1][index])
                    }
                }
            }
        }
    }

    /// A single transparent grey or color makes an alpha channel, with 16 bits as well.
    func testTransparentColor() throws {
        var png = TestPNG(width: 3, height: 1, bitDepth: 2, colorType: 0, transparency: [0, 2], sample: { x, _, _ in x + 1 })
        var image = try read(png.bytes)
        XCTAssertEqual(image.shape, [2, 1, 3])
        XCTAssertEqual(image.scalars, [85.0 / 255, 170.0 / 255, 1, 1, 0, 1])
        png = TestPNG(
            width: 2, height: 1, bitDepth: 16, colorType: 2, transparency: [1, 0, 1, 1, 1, 2],
            sample: { x, _, channel in 256 + channel + x })
        image = try read(png.bytes)
        XCTAssertEqual(image.shape, [4, 1, 2])
        XCTAssertEqual(image.scalars.suffix(2), [0, 1])
        XCTAssertEqual(image[2, 0, 1], 259.0 / 65535)
    }

    /// Gamma, color profiles and text do not change values and cannot do harm.
    func testOtherChunksAreSkipped() throws {
        let png = TestPNG(width: 2, height: 2, bitDepth: 8, colorType: 0, sample: { x, y, _ in 60 * (x + 2 * y) })
        let bytes = png.inserting(
            TestPNG.chunk("gAMA", TestPNG.bigEndian(100_000)) + TestPNG.chunk("iCCP", Array("nonsense".utf8)))
        XCTAssertEqual(try read(bytes).scalars, [0, 60, 120, 180].map { $0 / 255 })
    }
}
