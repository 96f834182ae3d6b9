import Foundation
import LinWarp
import XCTest

/// `linwarp align` and `linwarp demo` with good arguments.
final class AlignTests: ToolTestCase {
    /// A scene and what `linwarp warp` makes of it; returns the transformation between them.
    private func writePair(_ options: [String] = ["--rotate", "6", "--scale", "0.9", "--translate", "0.05,-0.04"]) throws -> Matrix3 {
        try writeScene("source.ppm", width: 96, height: 72)
        let report: WarpJSON = try json(["warp", "source.ppm", "--size", "64x64", "--padding", "border", "--out", "target.png"] + options)
        return matrix(report.matrix)
    }

    private func align(_ options: [String] = [], _ images: [String] = ["source.ppm", "target.png"]) throws -> AlignmentJSON {
        try json(["align"] + images + ["--out", "out"] + options)
    }

    /// A transformation that is near enough for plain bilinear sampling.
    func testEachSamplerFindsTheTransformation() throws {
        let truth = try writePair(["--rotate", "1.5", "--scale", "0.97", "--translate", "0.015,-0.01"])
        let samplers = ["linearized", "bilinear", "multi-scale"]
        let report = try align(["--family", "similarity"] + samplers.flatMap { ["--sampler", $0] })
        XCTAssertEqual(
            [report.source, report.target, report.family, report.optimizer, report.method],
            ["source.ppm", "target.png", "similarity", "levenberg-marquardt", "linearized"])
        XCTAssertEqual(report.results.map(\.method), samplers)
        XCTAssertEqual(report.matrix, report.results[0].matrix)
        XCTAssertEqual(report.status, report.results[0].status)
        for result in report.results {
            XCTAssertLessThan(matrix(result.matrix).cornerDistance(to: truth), 0.01, result.method)
            XCTAssert(["converged", "iteration-limit"].contains(result.status), result.status)
            XCTAssertEqual(result.parameters.count, 4)
            XCTAssertEqual(result.losses.count, result.iterations)
            XCTAssert((result.iterations...result.iterations + 1).contains(result.corners.count), result.method)
            XCTAssert(result.corners.allSatisfy { $0.count == 4 && $0.allSatisfy { $0.count == 2 } })
            XCTAssertLessThan(result.losses.last!, result.losses[0] / 3, result.method)
        }
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted(),
            [
                "aligned-bilinear.png", "aligned-linearized.png", "aligned-multi-scale.png", "comparison.png", "figure.png", "result.json",
            ])
        let (aligned, target) = (try image("out/aligned-linearized.png"), try image("target.png"))
        XCTAssertEqual(aligned.shape, target.shape)
        let difference = zip(aligned.scalars, target.scalars).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / Float(target.count)
        XCTAssertLessThan(difference, 0.005)
        let written = try JSONDecoder().decode(AlignmentJSON.self, from: Data(bytes("out/result.json")))
        XCTAssertEqual(written.results, report.results)
    }

    func testFamilies() throws {
        let truth = try writePair()
        for sampler in [[], ["--sampler", "linearized"]] {
            for (family, count) in [("rotation-scale-translation", 5), ("affine", 6), ("homography", 8)] {
                let report = try align(["--family", family] + sampler)
                XCTAssertEqual(report.family, family)
                XCTAssertEqual(report.results[0].parameters.count, count)
                XCTAssertLessThan(matrix(report.matrix).cornerDistance(to: truth), 0.02, family)
            }
        }
    }

    /// A part of an image at its own scale is a translation, in pixels.
    func testPartCutOutOfAnImage() throws {
        try writeScene("source.ppm", width: 96, height: 72)
        let report: WarpJSON = try json(["warp", "source.ppm", "--size", "48x40", "--translate", "0.125,-0.125", "--out", "target.png"])
        for family in ["translation", "euclidean", "similarity"] {
            let found = try align(["--family", family])
            XCTAssertLessThan(matrix(found.matrix).cornerDistance(to: matrix(report.matrix)), 0.001, family)
            XCTAssertEqual(found.verdict, "trusted", family)
        }
    }

    /// What is transparent, and what masks in files leave out, pulls nobody.
    func testMasks() throws {
        try writeScene("source.ppm", width: 160, height: 120)
        let report: WarpJSON = try json([
            "warp", "source.ppm", "--rotate", "8", "--translate", "0.05,-0.04", "--padding", "border", "--out", "target.png",
        ])
        let truth = matrix(report.matrix)
        func framed(_ name: String) throws -> (picture: Tensor<Float>, mask: Tensor<Float>) {
            let image = try image(name)
            let mask = Tensor<Float>((0..<120 * 160).map { $0 % 160 > 30 && $0 / 160 > 20 ? 1 : 0 }, shape: [1, 120, 160])
            let picture = Tensor<Float>(
                (0..<image.count).map { mask.scalars[$0 % (120 * 160)] > 0 ? image.scalars[$0] : Float($0 % 7) / 7 }, shape: image.shape)
            return (picture, mask)
        }
        for name in ["source.ppm", "target.png"] {
            let (picture, mask) = try framed(name)
            let stem = name.prefix(6)
            try picture.writeImage(to: path("\(stem)-framed.png"))
            try mask.writeImage(to: path("\(stem)-mask.pgm"))
            try concatenate([picture, mask], axis: 0).writeImage(to: path("\(stem)-transparent.png"))
        }
        let masked = try align(
            ["--family", "similarity", "--source-mask", "source-mask.pgm", "--target-mask", "target-mask.pgm"],
            ["source-framed.png", "target-framed.png"])
        let transparent = try align(["--family", "similarity"], ["source-transparent.png", "target-transparent.png"])
        for found in [masked, transparent] {
            XCTAssertLessThan(matrix(found.matrix).cornerDistance(to: truth) * 80, 0.1)
            XCTAssertEqual(found.verdict, "trusted")
        }
        XCTAssertEqual(masked.matrix, transparent.matrix)
        try writeScene("small.pgm", width: 16, height: 12)
        try assertFails(
            ["align", "source.ppm", "target.png", "--source-mask", "small.pgm", "--out", "other"], code: 1,
            naming: "--source-mask small.pgm: found 16x12 pixels, expected 160x120")
        try Tensor<Float>.zeros([1, 120, 160]).writeImage(to: path("nothing.pgm"))
        let run = try linwarp(["align", "source.ppm", "target.png", "--target-mask", "nothing.pgm", "--out", "out"])
        assertReported(run, code: 1, naming: ["--target-mask", "leave out every pixel"], "nothing left")
    }

    func testStrict() throws {
        _ = try writePair()
        try succeed(["align", "source.ppm", "target.png", "--strict", "--out", "out"])
        try ProceduralScene(seed: 8).image(height: 64, width: 64).writeImage(to: path("other.ppm"))
        let run = try linwarp(["align", "source.ppm", "other.ppm", "--strict", "--out", "out"])
        XCTAssertEqual(run.code, 2)
        XCTAssert(run.error.hasPrefix("linwarp: --strict: found a ") && run.error.hasSuffix("expected a trusted one\n"), run.error)
        try assertFails(
            ["align", "source.ppm", "other.ppm", "--strict", "--sampler", "bilinear", "--out", "none"], code: 64, naming: "--strict")
    }

    func testAdam() throws {
        let truth = try writePair()
        let report = try align(["--family", "similarity", "--optimizer", "adam"])
        XCTAssertEqual(report.optimizer, "adam")
        XCTAssertLessThan(matrix(report.matrix).cornerDistance(to: truth), 0.05)
    }

    /// Grey against RGB is aligned in grey, and the paper's search ignores transparency; what is written has all that the source has.
    func testChannelsThatDiffer() throws {
        let truth = try writePair()
        let (source, target) = (try image("source.ppm"), try image("target.png"))
        try source.mean(axes: [0], keepingAxes: true).writeImage(to: path("source.pgm"))
        func transparent(_ image: Tensor<Float>, _ name: String) throws {
            let pixels = image.shape[1] * image.shape[2]
            let alpha = (0..<pixels).map { Float($0 % 7) / 6 }
            try Tensor(image.scalars + alpha, shape: [image.shape[0] + 1, image.shape[1], image.shape[2]]).writeImage(to: path(name))
        }
        try transparent(source, "source.png")
        try transparent(target.mean(axes: [0], keepingAxes: true), "grey.png")
        for (pair, channels) in [
            (["source.pgm", "target.png"], 1), (["source.ppm", "grey.png"], 3), (["source.png", "target.png"], 4),
            (["source.png", "grey.png"], 4),
        ] {
            let report = try align(["--family", "similarity", "--sampler", "linearized"], pair)
            XCTAssertLessThan(matrix(report.matrix).cornerDistance(to: truth), 0.01, "\(pair)")
            XCTAssertEqual(try image("out/aligned-linearized.png").shape[0], channels, "\(pair)")
        }
    }

    /// The same seed, the same bits; whatever the number of threads.
    func testRepeatability() throws {
        _ = try writePair()
        func run(seed: Int, threads: Int) throws -> AlignmentJSON {
            let arguments = ["align", "source.ppm", "target.png", "--out", "out", "--seed", "\(seed)", "--iterations", "20"]
            try succeed(arguments, environment: ["LINWARP_THREADS": "\(threads)"])
            return try JSONDecoder().decode(AlignmentJSON.self, from: Data(bytes("out/result.json")))
        }
        let first = try run(seed: 4, threads: 1)
        XCTAssertEqual(first.seed, 4)
        for threads in [1, 2] {
            let again = try run(seed: 4, threads: threads)
            XCTAssertEqual(again.results[0].corners, first.results[0].corners)
            XCTAssertEqual(again.results[0].losses, first.results[0].losses)
            XCTAssertEqual(again.matrix, first.matrix)
        }
        XCTAssertNotEqual(try run(seed: 5, threads: 1).results[0].corners, first.results[0].corners)
    }

    func testNoIterations() throws {
        _ = try writePair()
        let report = try align(["--iterations", "0", "--initial", "-0.5,0,0.1,0,-0.5,0"])
        XCTAssertEqual(report.status, "iteration-limit")
        let initial = Matrix3([-0.5, 0, 0.1, 0, -0.5, 0, 0, 0, 1])
        XCTAssertEqual(matrix(report.matrix).cornerDistance(to: initial), 0, accuracy: 1e-12)
        XCTAssertEqual(report.results[0].losses, [])
        XCTAssertEqual(report.results[0].corners.count, 1)
        XCTAssert(try succeed(["align", "source.ppm", "target.png", "--iterations", "0"]).contains("after 0 iterations"))
    }

    func testNoOverlap() throws {
        _ = try writePair()
        XCTAssertEqual(try align(["--initial", "1,0,9,0,1,0", "--sampler", "linearized"]).status, "no-overlap")
        let report = try align(["--initial", "1,0,9,0,1,0"])
        XCTAssertEqual(report.status, "no-overlap")
        XCTAssertEqual(report.verdict, "failed")
    }

    func testSinglePixels() throws {
        try writeScene("one.ppm", width: 1, height: 1)
        try writeScene("grey.pgm", width: 20, height: 30)
        for pair in [["one.ppm", "one.ppm"], ["one.ppm", "grey.pgm"], ["grey.pgm", "one.ppm"]] {
            for options in [["--sampler", "bilinear"], ["--sampler", "multi-scale"], ["--sampler", "linearized"], []] {
                let report = try align(options, pair)
                XCTAssert(matrix(report.matrix).isFinite, "\(pair), \(options)")
                XCTAssertNotEqual(report.verdict, "trusted", "\(pair)")
            }
        }
    }

    func testDemo() throws {
        let report: AlignmentJSON = try json(["demo", "--out", "made/below"])
        XCTAssertEqual(report.results.map(\.method), ["bilinear", "multi-scale", "linearized"])
        XCTAssertEqual(report.family, "similarity")
        let errors = report.results.map { $0.cornerError! }
        XCTAssertEqual(errors[2], matrix(report.results[2].matrix).cornerDistance(to: matrix(report.truth!)), accuracy: 1e-12)
        XCTAssertLessThan(errors[2], 0.05)
        XCTAssert(try files.contains("made/below/figure.png"))
    }
}
