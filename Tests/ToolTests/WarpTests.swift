import LinWarp
import XCTest

/// `linwarp warp` with good arguments.
final class WarpTests: ToolTestCase {
    /// Warps `image.ppm` by some options and returns the result.
    private func warp(_ options: [String], line: UInt = #line) throws -> Tensor<Float> {
        let report: WarpJSON = try json(["warp", "image.ppm", "--out", "out.png"] + options, line: line)
        let result = try image("out.png")
        XCTAssertEqual(result.shape, [3, report.height, report.width], line: line)
        return result
    }

    /// The same but for the rounding to 8 bits.
    private func assertSame(_ a: Tensor<Float>, _ b: Tensor<Float>, line: UInt = #line) {
        XCTAssertEqual(a.shape, b.shape, line: line)
        XCTAssertLessThan(zip(a.scalars, b.scalars).map { abs($0 - $1) }.max()!, 1.1 / 255, line: line)
    }

    func testMatrixAsInTheLibrary() throws {
        let source = try writeScene("image.ppm", width: 50, height: 40)
        let matrix = Matrix3([0.9, -0.2, 0.1, 0.3, 0.8, -0.05, 0.02, -0.1, 1])
        let option = ["--matrix", matrix.elements.map { "\($0)" }.joined(separator: ","), "--size", "33x21", "--seed", "5"]
        let samplers: [(String, any Sampler)] = [
            ("bilinear", BilinearSampler(padding: .border)), ("multi-scale", MultiScaleSampler(padding: .border)),
            ("linearized", LinearizedSampler(noise: .seed(5), padding: .border)),
        ]
        for (name, sampler) in samplers {
            _ = try warp(option + ["--sampler", name, "--padding", "border"])
            let expected = sampler.sample(
                source.reshaped([1] + source.shape), at: SamplingGrid<Float>(matrix, height: 21, width: 33))
            try expected.reshaped([3, 21, 33]).writeImage(to: path("expected.png"))
            XCTAssertEqual(try bytes("out.png"), try bytes("expected.png"), name)
        }
    }

    func testNothingAskedForIsACopy() throws {
        let source = try writeScene("image.ppm", width: 30, height: 20)
        assertSame(try warp([]), source)
    }

    func testScaleShowsTheCentre() throws {
        let source = try writeScene("image.ppm", width: 64, height: 48)
        assertSame(try warp(["--scale", "0.5", "--size", "32x24"]), source.sliced(axis: 1, 12..<36).sliced(axis: 2, 16..<48))
    }

    func testTranslationMovesThePartThatIsShown() throws {
        let source = try writeScene("image.ppm", width: 64, height: 48)
        let moved = try warp(["--translate", "0.5,-0.25"])
        assertSame(moved.sliced(axis: 1, 6..<48).sliced(axis: 2, 0..<48), source.sliced(axis: 1, 0..<42).sliced(axis: 2, 16..<64))
        for outside in [moved.sliced(axis: 1, 0..<6), moved.sliced(axis: 2, 48..<64)] { XCTAssertEqual(outside.scalars.max(), 0) }
    }

    /// What is shown is turned clockwise: at a quarter turn its upper edge is the image's right edge.
    func testRotationIsClockwise() throws {
        let source = try writeScene("image.ppm", width: 32, height: 32)
        for (degrees, isClockwise) in [("90", true), ("-90", false)] {
            let turned = try warp(["--rotate", degrees])
            let expected = Tensor<Float>(shape: [3, 32, 32]) { out in
                for i in 0..<3 * 32 * 32 {
                    let (c, y, x) = (i / 1024, i / 32 % 32, i % 32)
                    let (row, column) = isClockwise ? (x, 31 - y) : (31 - x, y)
                    out[i] = source.scalars[c * 1024 + row * 32 + column]
                }
            }
            assertSame(turned, expected)
        }
    }

    /// A turn of an image that isn't square turns its pixels, not its normalized coordinates.
    func testRotationKeepsShapes() throws {
        try writeScene("image.ppm", width: 64, height: 32)
        let report: WarpJSON = try json(["warp", "image.ppm", "--rotate", "30", "--out", "out.png"])
        XCTAssertEqual(report.matrix[0][1], -0.5 / 2, accuracy: 1e-12)
        XCTAssertEqual(report.matrix[1][0], 0.5 * 2, accuracy: 1e-12)
    }

    func testNegativeNumbersAreValues() throws {
        let source = try writeScene("image.ppm", width: 20, height: 10)
        let mirrored = try warp(["--matrix", "-1,0,0,0,1,0"])
        XCTAssertEqual(mirrored.sliced(axis: 2, 0..<1).scalars, source.sliced(axis: 2, 19..<20).scalars)
        XCTAssertNotEqual(try warp(["--translate", "-0.3,-.2"]).scalars, source.scalars)
    }

    func testSinglePixels() throws {
        let source = try writeScene("image.ppm", width: 1, height: 1)
        assertSame(try warp([]), source)
        for sampler in ["bilinear", "multi-scale", "linearized"] {
            XCTAssertEqual(try warp(["--size", "5x3", "--sampler", sampler, "--padding", "border"]).shape, [3, 3, 5])
        }
        try writeScene("image.ppm")
        XCTAssertEqual(try warp(["--size", "1x1"]).shape, [3, 1, 1])
    }

    func testEveryFormat() throws {
        try writeScene("image.ppm")
        try writeScene("grey.pgm")
        for (input, output) in [
            ("image.ppm", "o.png"), ("image.ppm", "o.JPG"), ("image.ppm", "o.jpeg"), ("image.ppm", "o.ppm"), ("grey.pgm", "o.pgm"),
        ] {
            XCTAssertEqual(try succeed(["warp", input, "--out", output]), output + "\n")
            XCTAssertEqual(try image(output).shape, try image(input).shape)
        }
        try assertFails(["warp", "image.ppm", "--out", "out.pgm"], code: 1, naming: "out.pgm", "expected")
    }
}
