import Foundation
import LinWarp
import XCTest

/// `linwarp points`, and conventions wherever matrices go in and out.
final class PointsTests: ToolTestCase {
    private func points(_ text: String, _ arguments: [String]) throws -> String {
        try text.write(toFile: path("points.csv"), atomically: false, encoding: .utf8)
        return try succeed(["points", "points.csv"] + arguments)
    }

    private let sizes = ["--source-size", "80x48", "--target-size", "20x30"]

    func testMatrices() throws {
        // A shift by 5 and -3 pixels, from the source's pixels to the target's.
        let shift = ["--matrix", "1,0,5,0,1,-3", "--convention", "opencv"] + sizes
        XCTAssertEqual(try points("0,0\n7.5,2\n", shift), "-5.0,3.0\n2.5,5.0\n")
        XCTAssertEqual(try points("0,0\n7.5,2\n", shift + ["--from", "source"]), "5.0,-3.0\n12.5,-1.0\n")
        XCTAssertEqual(
            try points("name,Y, X\neye,1,2\n\nnose,3,4\r\n", shift + ["--from", "source"]), "name,Y, X\neye,-2.0,7.0\nnose,0.0,9.0\n")
        XCTAssertEqual(try points("0,0\n", ["--matrix", "1,0,5,0,1,-3", "--convention", "skimage"] + sizes), "5.0,-3.0\n")
        // Nothing is at infinity.
        let horizon = ["--matrix", "1,0,0,0,1,0,-1,0,1", "--convention", "skimage"] + sizes
        XCTAssertEqual(try points("1,0\n0,0\n", horizon), "nan,nan\n0.0,0.0\n")
        XCTAssertEqual(try points("", shift), "")
        XCTAssertEqual(try points("1,1\n", shift + ["--out", "mapped.csv"]), "")
        XCTAssertEqual(try String(contentsOfFile: path("mapped.csv"), encoding: .utf8), "-4.0,4.0\n")
    }

    /// What `align` has found in any convention maps points alike.
    func testAlignments() throws {
        try writeScene("source.ppm", width: 96, height: 72)
        let warped: WarpJSON = try json([
            "warp", "source.ppm", "--rotate", "6", "--scale", "0.9", "--size", "64x64", "--padding", "border", "--out", "target.png",
        ])
        let truth = try MatrixConvention.skimage.matrix(of: matrix(warped.matrix), source: (72, 96), target: (64, 64))
        for convention in MatrixConvention.allCases {
            let report: AlignmentJSON = try json([
                "align", "source.ppm", "target.png", "--convention", convention.rawValue, "--out", "out",
            ])
            XCTAssertEqual(report.convention, convention.rawValue)
            let lines = try points("10,20\n50,40\n", ["--alignment", "out/result.json"]).split(separator: "\n")
            for (line, point) in zip(lines, [(10.0, 20.0), (50, 40)]) {
                let (found, expected) = (line.split(separator: ",").compactMap { Double($0) }, truth.apply(point.0, point.1))
                XCTAssertEqual(found[0], expected.x, accuracy: 0.2, convention.rawValue)
                XCTAssertEqual(found[1], expected.y, accuracy: 0.2, convention.rawValue)
            }
            // The same matrix, given back, is where a search starts and what a warp does.
            let text = report.matrix.joined().map { "\($0)" }.joined(separator: ",")
            let again: AlignmentJSON = try json([
                "align", "source.ppm", "target.png", "--convention", convention.rawValue, "--initial", text, "--out", "again",
            ])
            XCTAssertEqual(again.results[0].starts?.count, 1)
            let (a, b) = (report.matrix.joined(), again.matrix.joined())
            for (x, y) in zip(a, b) { XCTAssertEqual(x, y, accuracy: 1e-3 * max(1, abs(x)), convention.rawValue) }
            let other: WarpJSON = try json([
                "warp", "source.ppm", "--matrix", text, "--convention", convention.rawValue, "--size", "64x64", "--out", "warped.png",
            ])
            for (x, y) in zip(a, other.matrix.joined()) { XCTAssertEqual(x, y, accuracy: 1e-9 * max(1, abs(x)), convention.rawValue) }
        }
    }

    /// Points on standard input; what stands beside them stays, tabs too.
    func testStandardInput() throws {
        let arguments = "--matrix 1,0,5,0,1,-3 --convention opencv --source-size 9x9 --target-size 9x9"
        let run = try shell("printf 'x,y,name\\n1,2,a\\tb\\n' | $0 points - \(arguments)")
        XCTAssertEqual(run.code, 0, run.error)
        XCTAssertEqual(run.output, "x,y,name\n-4.0,5.0,a\tb\n")
        let directory = try shell("$0 points - \(arguments) < .")
        XCTAssertFalse(directory.wasKilled)
        XCTAssertEqual(directory.code, 1)
        XCTAssertTrue(directory.error.contains("standard input: cannot be read"), directory.error)
    }

    func testBadInput() throws {
        let matrix = ["--matrix", "1,0,5,0,1,-3"]
        try "1,2\n".write(toFile: path("points.csv"), atomically: false, encoding: .utf8)
        for (arguments, code, message) in [
            ([], 64, "--alignment and --matrix: found neither, expected one of them"),
            (matrix, 64, "--source-size: found none with --matrix, expected the image's size"),
            (["--alignment", "none.json", "--source-size", "2x2"], 64, "--source-size: found it with --alignment, expected none"),
            (["--alignment", "none.json"], 1, "none.json: found no such file"),
            (["--alignment", "points.csv"], 1, "points.csv: found another content, expected the result.json of an alignment"),
            (matrix + sizes + ["--convention", "matlab"], 64, "normalized, opencv, itk, skimage, torch"),
            (["--matrix", "1,0,0,0,1,0,0.1,0,1", "--convention", "itk"] + sizes, 64, "itk: found a homography, expected an affine map"),
        ] as [([String], Int32, String)] {
            try assertFails(["points", "points.csv"] + arguments, code: code, naming: message)
        }
        for (text, line) in [("1,2\n3\n", 2), ("a,b\n1,2\n", 1), ("1,2\n1e999,2\n", 2), ("x,y\n1,nan\n", 2)] {
            try text.write(toFile: path("points.csv"), atomically: false, encoding: .utf8)
            try assertFails(["points", "points.csv"] + matrix + sizes, code: 1, naming: "points.csv: line \(line): found")
        }
        try writeScene("source.ppm", width: 32, height: 32)
        try assertFails(
            ["align", "source.ppm", "source.ppm", "--family", "homography", "--convention", "torch", "--out", "nothing"], code: 64,
            naming: "torch: found a homography, expected an affine map")
    }
}
