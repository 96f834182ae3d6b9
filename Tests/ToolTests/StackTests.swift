import Foundation
import LinWarp
import TestSupport
import XCTest

/// `linwarp stack`.
final class StackTests: ToolTestCase {
    /// Writes five frames of a scene, each moved by (n, 2 n) pixels; the fourth is of another scene, or missing.
    private func writeFrames(stranger: Bool = true) throws {
        let scene = ProceduralScene(seed: 3).image(height: 120, width: 160)
        let other = ProceduralScene(seed: 9).image(height: 80, width: 100)
        for n in 0..<5 where n != 3 || stranger {
            let place = Matrix3.scaling(0.625, 80.0 / 120) * .translation(-2 * Double(n) / 100, -4 * Double(n) / 80)
            let view = resampled(scene, place, height: 80, width: 100, interpolation: .cubic, padding: .border)
            try (n == 3 ? other : view).writeImage(to: path("frame\(n).png"))
        }
    }

    private struct Report: Decodable {
        struct Frame: Decodable {
            var file: String
            var used: Bool
            var verdict: String?
            var matrix: [[Double]]?
            var reason: String?
        }
        var frames: [Frame]
        var window: StackWindow
    }

    private func stack(_ arguments: [String], stranger: Bool = true) throws -> Report {
        let run = try linwarp(["stack", "frame*.png", "--json"] + arguments)
        XCTAssertEqual(run.code, 0, run.error)
        XCTAssertEqual(
            run.error,
            stranger ? "linwarp: frame3.png: found a failed alignment to the reference, expected a trusted one; left out\n" : "")
        return try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
    }

    private func contents(_ directory: String) throws -> [String: [UInt8]] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: path(directory))
            .filter { !$0.hasSuffix(".jsonl") && $0 != "aligned" }
        return Dictionary(uniqueKeysWithValues: try files.map { ($0, try bytes("\(directory)/\($0)")) })
    }

    func testFrames() throws {
        try writeFrames()
        let report = try stack(["--family", "translation", "--convention", "skimage", "--out", "out"])
        XCTAssertEqual(report.frames.map(\.used), [true, true, true, false, true])
        for (n, frame) in report.frames.enumerated() where frame.used {
            let matrix = try XCTUnwrap(frame.matrix)
            XCTAssertEqual(matrix[0][2], Double(n), accuracy: 0.1)
            XCTAssertEqual(matrix[1][2], 2 * Double(n), accuracy: 0.1)
        }
        XCTAssertEqual(report.window.x, 0)
        XCTAssertEqual(
            Set(try contents("out").keys),
            [
                "aligned/0001-frame0.png", "aligned/0002-frame1.png", "aligned/0003-frame2.png", "aligned/0005-frame4.png", "drift.csv",
                "drift.gnuplot", "drift.png", "frames.csv",
            ])
        let first = try image("out/aligned/0001-frame0.png")
        let last = try image("out/aligned/0005-frame4.png")
        XCTAssertEqual(first.shape, [3, report.window.height, report.window.width])
        XCTAssertLessThan((first - last).squared().mean().scalars[0], 1e-3)
        let table = try String(contentsOfFile: path("out/frames.csv"), encoding: .utf8).split(separator: "\n")
        XCTAssertEqual(table.count, 6)
        XCTAssertTrue(table[1].hasPrefix("1,frame0.png,yes,trusted,1.0,0.0,0.0,"), String(table[1]))
        XCTAssertTrue(table[4].hasPrefix("4,frame3.png,no,failed,"), String(table[4]))
    }

    func testCombinations() throws {
        try writeFrames()
        for combination in ["mean", "median", "sharpest"] {
            let report = try stack(["--combine", combination, "--crop", "reference", "--out", combination])
            XCTAssertEqual(report.window, StackWindow(x: 0, y: 0, width: 100, height: 80))
            let (result, first) = (try image("\(combination)/stack.png"), try image("frame0.png"))
            XCTAssertEqual(result.shape, first.shape)
            XCTAssertLessThan((result - first).squared().mean().scalars[0], 1e-3, combination)
        }
        let report = try stack(["--combine", "mean", "--crop", "all", "--out", "all"])
        XCTAssertEqual(try image("all/stack.png").shape, [4, report.window.height, report.window.width])
        XCTAssertEqual(report.window.y, -8)
    }

    /// A run that ends anywhere goes on to the same bytes.
    func testResumption() throws {
        try writeFrames(stranger: false)
        for options in [["--combine", "none"], ["--combine", "mean", "--reference", "mean"], ["--reference", "previous"]] {
            _ = try stack(options + ["--out", "whole"], stranger: false)
            let journal = try bytes("whole/stack.jsonl")
            let whole = try contents("whole")
            for part in [0, 1, journal.count / 3, journal.count / 2, journal.count - 2, journal.count] {
                try FileManager.default.createDirectory(atPath: path("part"), withIntermediateDirectories: true)
                try write(Array(journal[0..<part]), "part/stack.jsonl")
                // What was written before it was stopped.
                for file in whole.keys where file.hasPrefix("aligned/") && part > journal.count / 2 {
                    try FileManager.default.createDirectory(atPath: path("part/aligned"), withIntermediateDirectories: true)
                    try write(whole[file]!, "part/\(file)")
                }
                _ = try stack(options + ["--out", "part", "--resume"], stranger: false)
                XCTAssertEqual(try contents("part"), whole, "\(options) \(part)")
                try remove("part")
            }
            try remove("whole")
        }
    }

    /// Aligned frames that were cut otherwise in between, or are gone, are written again.
    func testResumptionWithAnotherCrop() throws {
        try writeFrames(stranger: false)
        _ = try stack(["--out", "out"], stranger: false)
        let first = try contents("out/aligned")
        _ = try stack(["--out", "out", "--resume", "--crop", "reference"], stranger: false)
        XCTAssertNotEqual(try contents("out/aligned"), first)
        try remove("out/aligned/\(try XCTUnwrap(first.keys.sorted().last))")
        _ = try stack(["--out", "out", "--resume"], stranger: false)
        XCTAssertEqual(try contents("out/aligned"), first)
    }

    func testResultsOfAnotherStack() throws {
        try writeFrames()
        let options = ["stack", "frame0.png", "frame1.png", "--out", "out"]
        try succeed(options)
        try assertFails(options, code: 1, naming: "--out out: found the results of a stack (stack.jsonl), expected none; --resume goes on")
        try assertFails(
            options + ["--resume", "--family", "similarity"], code: 1, naming: "--resume: found", "a stack with --family affine")
        try assertFails(options + ["--resume", "--reference", "mean"], code: 1, naming: "another --reference")
        try assertFails(options + ["--resume", "--mask", "frame0.png"], code: 1, naming: "a stack with no --mask")
        try assertFails(
            ["stack", "frame1.png", "frame0.png", "--out", "out", "--resume"], code: 1,
            naming: "a stack with frame0.png where frame1.png is")
        try image("frame2.png").writeImage(to: path("frame1.png"))
        try assertFails(options + ["--resume"], code: 1, naming: "a stack where frame1.png was another file")
        try succeed(["stack", "frame0.png", "frame2.png", "--out", "out", "--overwrite"])
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: path("out/aligned")).sorted(), ["0001-frame0.png", "0002-frame2.png"])
    }

    func testBadInput() throws {
        try writeFrames()
        try Tensor<Float>.zeros([3, 20, 30]).writeImage(to: path("small.png"))
        for (arguments, code, message) in [
            (["frame0.png"], 64, "FRAMES: found one, expected several"),
            (["none*.png"], 1, "none*.png: found no file of such a name"),
            (["frame0.png", "frame1.png", "--reference", "3"], 64, "--reference: found frame 3, expected one of 1 to 2"),
            (["frame0.png", "frame1.png", "--reference", "0"], 64, "expected first, previous, mean or the number of a frame"),
            (["frame0.png", "frame1.png", "--combine", "max"], 64, "none, mean, median, sharpest"),
            (["frame0.png", "frame1.png", "--crop", "tight"], 64, "common, reference, all"),
            (
                ["frame0.png", "frame1.png", "--family", "homography", "--convention", "itk"], 64,
                "found a homography, expected an affine map"
            ),
            (["frame0.png", "frame1.png", "--resume", "--overwrite"], 64, "--overwrite: found together with --resume"),
            (["frame0.png", "frame1.png", "--mask", "small.png"], 1, "--mask small.png: the mask: found the shape [20, 30]"),
            (["none.png", "frame1.png"], 1, "--reference: the reference, frame 1: none.png: found no such file"),
        ] as [([String], Int32, String)] {
            let run = try linwarp(["stack"] + arguments + ["--out", "out"])
            assertReported(run, code: code, naming: [message], "\(arguments)")
            try? remove("out")
        }
        let mixed = try linwarp(["stack", "frame0.png", "small.png", "--out", "out"])
        XCTAssertEqual(mixed.code, 1)
        XCTAssertTrue(
            mixed.error.contains("--reference: found none of 2 frames that could be brought to the reference"), mixed.error)
        XCTAssertTrue(mixed.error.contains("; small.png: found 30x20 pixels"), mixed.error)
        XCTAssertTrue(try succeed(["stack", "frame0.png", "frame1.png", "--out", "other"]).hasPrefix("2 of 2 frames"))
        let three = try linwarp(["stack", "frame0.png", "small.png", "frame1.png", "missing.png", "--out", "named"])
        XCTAssertEqual(three.code, 0)
        XCTAssertEqual(
            three.error,
            """
            linwarp: small.png: found 30x20 pixels of 3 channels, expected 100x80 pixels of 3 channels, as the reference; left out
            linwarp: missing.png: found no such file, expected a PNG, JPEG, TIFF, WebP, PPM or PGM image; left out

            """)
    }
}
