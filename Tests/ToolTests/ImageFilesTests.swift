import LinWarp
import TestSupport
import XCTest

/// What commands read and write: formats, depths, what goes along with pixels, standard streams.
final class ImageFilesTests: ToolTestCase {
    private func file(_ name: String) throws -> ImageFile { try ImageFile(at: path(name)) }

    /// A picture with values that 8 bits do not hold.
    private func write(_ name: String, depth: SampleDepth, channels: Int = 3, from least: Float = 0, to most: Float = 1) throws {
        let pixels = Tensor<Float>(shape: [channels, 20, 30]) { out in
            for i in out.indices { out[i] = least + (most - least) * Float(i * 7919 % 65536) / 65535 }
        }
        try ImageFile(pixels: pixels, depth: depth, resolution: .init(x: 11811, y: 11811)).write(to: path(name))
    }

    /// As deep as what was read, as far as the format goes; nothing is lost on the way.
    func testDepthGoesOn() throws {
        try write("deep.png", depth: .sixteen)
        try write("float.tif", depth: .float, from: -2, to: 3)
        for (source, out, depth) in [
            ("deep.png", "out.png", .sixteen), ("deep.png", "out.tif", .sixteen), ("deep.png", "out.webp", .eight),
            ("deep.png", "out.jpg", .eight), ("float.tif", "out.tif", .float),
        ] as [(String, String, SampleDepth)] {
            try succeed(["warp", source, "--out", out])
            XCTAssertEqual(try file(out).depth, depth, out)
            if depth != .eight { XCTAssertEqual(try file(out).pixels.scalars, try file(source).pixels.scalars) }
            if !out.hasSuffix("webp") { XCTAssertEqual(try XCTUnwrap(try file(out).resolution).x, 11811, accuracy: 1) }
        }
        try succeed(["warp", "deep.png", "--depth", "8", "--out", "out.png"])
        XCTAssertEqual(try file("out.png").depth, .eight)
        try succeed(["warp", "deep.png", "--format", "tiff", "--depth", "float", "--out", "any.name"])
        XCTAssertEqual(try file("any.name").depth, .float)
    }

    func testWhatIsClippedIsSaid() throws {
        try write("float.tif", depth: .float, from: -2, to: 3)
        let run = try linwarp(["warp", "float.tif", "--depth", "8", "--out", "out.tif"])
        XCTAssertEqual(run.code, 0)
        XCTAssertEqual(run.error, "linwarp: out.tif: found values outside of 0...1, which 8 bits do not hold: they are clipped\n")
        try write("within.tif", depth: .float)
        try succeed(["warp", "within.tif", "--depth", "16", "--out", "out.tif"])
    }

    func testAlignmentsKeepDepthAndAlpha() throws {
        let scene = try writeScene("scene.ppm", width: 96, height: 72)
        let alpha = Tensor<Float>(shape: [1, 72, 96]) { out in for i in out.indices { out[i] = i < 12 * 96 ? 0 : 1 } }
        try ImageFile(pixels: concatenate([scene, alpha], axis: 0), depth: .float).write(to: path("source.tif"))
        try succeed(["align", "source.tif", "scene.ppm", "--family", "similarity", "--out", "out"])
        let found = try file("out/aligned.tif")
        XCTAssertEqual(found.depth, .float)
        XCTAssertEqual(found.pixels.shape, [4, 72, 96])
        try succeed(["align", "source.tif", "scene.ppm", "--family", "similarity", "--format", "png", "--depth", "16", "--out", "out"])
        XCTAssertEqual(try file("out/aligned.png").depth, .sixteen)
    }

    func testStandardStreams() throws {
        try write("deep.png", depth: .sixteen)
        try succeed(["warp", "deep.png", "--rotate", "180", "--out", "turned.png"])
        let run = try shell("\"$0\" warp - --rotate 180 --format png --out - < deep.png > piped.png")
        XCTAssertEqual(run.code, 0, run.error)
        XCTAssertEqual(try bytes("piped.png"), try bytes("turned.png"))
        let empty = try shell("\"$0\" warp - --out out.png < /dev/null")
        XCTAssertEqual(empty.code, 1)
        XCTAssertTrue(empty.error.contains("standard input: found an empty file"), empty.error)
        let text = try shell("echo words | \"$0\" warp - --out out.png")
        XCTAssertTrue(text.error.contains("standard input: found a text file, expected"), text.error)
        let full = try shell("\"$0\" warp deep.png --format png --out - > /dev/full")
        XCTAssertEqual(full.code, 1)
        XCTAssertTrue(full.error.contains("standard output: cannot be written"), full.error)
    }

    func testManyFiles() throws {
        for name in ["a.png", "b.tif"] { try write(name, depth: .sixteen) }
        XCTAssertEqual(try succeed(["warp", "a.png", "b.tif", "--rotate", "90", "--out", "turned"]), "turned/a.png\nturned/b.tif\n")
        XCTAssertEqual(try succeed(["warp", "a.png", "b.tif", "--format", "jpeg", "--quiet", "--out", "other"]), "")
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: path("other")).sorted(), ["a.jpg", "b.jpg"])
        try succeed(["warp", "a.png", "--rotate", "90", "--out", "one.png"])
        XCTAssertEqual(try bytes("turned/a.png"), try bytes("one.png"))
        try write("a.tif", depth: .eight)
        let run = try linwarp(["warp", "a.png", "a.tif", "--format", "png", "--out", "same"])
        XCTAssertEqual(run.code, 1)
        XCTAssertTrue(run.error.contains("a.tif: found that it would be written to same/a.png, as another image is"), run.error)
        // Nothing is written over what is still to be read, under whatever name.
        let before = try bytes("a.tif")
        try FileManager.default.createSymbolicLink(atPath: path("here"), withDestinationPath: directory)
        try assertFails(
            ["warp", "a.png", "a.tif", "--format", "tiff", "--out", "here"], code: 1, naming: "--out: found here",
            "here/a.tif, which is read")
        XCTAssertEqual(try bytes("a.tif"), before)
        try assertFails(["warp", "a.png", "b.tif", "--depth", "float", "--out", "deep"], code: 64, naming: "--depth", "deep/a.png")
    }

    /// Of a color: what lies outside, in part where a pixel is covered in part; and with alpha.
    func testFill() throws {
        try write("image.png", depth: .sixteen)
        try succeed(["warp", "image.png", "--translate", "1,0", "--fill", "0.25,0.5,1", "--out", "out.png"])
        let (image, found) = (try file("image.png").pixels.scalars, try file("out.png").pixels.scalars)
        for i in found.indices {
            let (x, channel) = (i % 30, i / 600)
            XCTAssertEqual(found[i], x < 15 ? image[i + 15] : [0.25, 0.5, 1][channel], accuracy: 1e-5)
        }
        try write("alpha.png", depth: .sixteen, channels: 4)
        try succeed(["warp", "alpha.png", "--translate", "1,0", "--fill", "0.5", "--out", "out.png"])
        let (transparent, filled) = (try file("alpha.png").pixels.scalars, try file("out.png").pixels.scalars)
        for i in filled.indices {
            let (x, channel) = (i % 30, i / 600)
            // Colors of what is nearly transparent are rounded.
            guard x >= 15 || transparent[i % 600 + 1800 + 15] > 0.01 else { continue }
            XCTAssertEqual(filled[i], x < 15 ? transparent[i + 15] : channel == 3 ? 1 : 0.5, accuracy: 1e-4)
        }
    }

    /// A part of the result is what it is in the whole.
    func testCrop() throws {
        try write("image.png", depth: .sixteen)
        for options in [[], ["--rotate", "20", "--size", "50x40"], ["--scale", "3"], ["--interpolation", "bilinear", "--rotate", "5"]] {
            try succeed(["warp", "image.png", "--out", "whole.png"] + options)
            let report: WarpJSON = try json(["warp", "image.png", "--crop", "11x9+13+6", "--out", "part.png"] + options)
            XCTAssertEqual([report.width, report.height], [11, 9])
            let expected = try file("whole.png").pixels.sliced(axis: 1, 6..<15).sliced(axis: 2, 13..<24).scalars
            let found = try file("part.png").pixels.scalars
            for (a, b) in zip(found, expected) { XCTAssertEqual(a, b, accuracy: options.isEmpty ? 0 : 3 / 65535) }
        }
    }

    func testPages() throws {
        // Two pages: the directory of the first leads to that of the second file, whose offsets move along.
        try write("image.tif", depth: .eight)
        XCTAssertEqual(try succeed(["warp", "image.tif", "--page", "1", "--out", "out.png"]), "out.png\n")
        try assertFails(
            ["warp", "image.tif", "--page", "2", "--out", "second.png"], code: 1, naming: "image.tif: found 1 page, expected page 2")
    }

    func testBadInput() throws {
        try write("image.png", depth: .eight, channels: 4)
        let command = ["warp", "image.png", "--out"]
        try assertFails(command + ["out.jpg", "--depth", "16"], code: 64, naming: "--out", "out.jpg", "16", "JPEG")
        try assertFails(
            command + ["out.x", "--format", "jpeg", "--depth", "float"], code: 64, naming: "--depth: found float", "expected 8")
        try assertFails(command + ["out.jpg"], code: 1, naming: "out.jpg: found an image of the shape [4, 20, 30]", "1 or 3 channels")
        try assertFails(command + ["out.png", "--depth", "12"], code: 64, naming: "--depth", "12", "8, 16, float")
        try assertFails(command + ["out.png", "--format", "gif"], code: 64, naming: "--format", "gif", "png, jpeg, tiff, webp, ppm, pgm")
        try assertFails(command + ["out.png", "--quality", "0"], code: 64, naming: "--quality")
        try assertFails(command + ["-"], code: 64, naming: "--out: found - without --format")
        try assertFails(["warp", "image.png", "image.png", "--out", "-"], code: 64, naming: "--out: found - for 2 images")
        try assertFails(command + ["out.png", "--fill", "1,2"], code: 64, naming: "--fill")
        try assertFails(
            command + ["out.png", "--fill", "1", "--padding", "border"], code: 64, naming: "--fill: found together with --padding")
        try assertFails(command + ["out.png", "--crop", "10x10+25+0"], code: 1, naming: "--crop: found a part of 10x10 pixels at 25,0")
        try assertFails(command + ["out.png", "--crop", "10x10"], code: 64, naming: "--crop", "320x240+10+20")
        try assertFails(["align", "-", "-", "--out", "out"], code: 64, naming: "SOURCE and TARGET: found - as both")
    }
}
