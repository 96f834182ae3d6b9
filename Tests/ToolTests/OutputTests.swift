import Foundation
import LinWarp
import XCTest

/// What the program prints and where it writes, apart from the images themselves.
final class OutputTests: ToolTestCase {
    /// Tests may run as root, whom permissions don't stop: paths where nobody can write.
    func testPlacesWhereNothingCanBeWritten() throws {
        try writeScene("image.ppm")
        for place in ["image.ppm/out", "/proc/nonexistent/out"] {
            try assertFails(["warp", "image.ppm", "--out", "\(place)/out.png"], code: 1, naming: place)
            for command in [["align", "image.ppm", "image.ppm"], ["demo"]] {
                try assertFails(command + ["--out", place], code: 1, naming: "--out", place)
            }
        }
        try assertFails(["align", "image.ppm", "image.ppm", "--out", "image.ppm"], code: 1, naming: "--out", "image.ppm")
        try assertFails(["warp", "image.ppm", "--out", "missing/out.png"], code: 1, naming: "missing/out.png")
    }

    /// A directory under the name of the file to write is found only when everything is done.
    func testDirectoriesInPlaceOfFiles() throws {
        try writeScene("image.ppm")
        for name in ["out.png", "out/aligned.png"] {
            try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        }
        try assertFails(["warp", "image.ppm", "--out", "out.png"], code: 1, naming: "out.png")
        try assertFails(["align", "image.ppm", "image.ppm", "--out", "out"], code: 1, naming: "out/aligned.png")
        try FileManager.default.removeItem(atPath: path("out/aligned.png"))
        try FileManager.default.createDirectory(atPath: path("out/result.json"), withIntermediateDirectories: false)
        let run = try linwarp(["align", "image.ppm", "image.ppm", "--out", "out"])
        assertReported(run, code: 1, naming: ["out/result.json"], "result.json")
        XCTAssertEqual(
            try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted(),
            ["aligned.png", "comparison.png", "figure.png", "result.json"])
    }

    func testHelpShowsAnExample() throws {
        for arguments in [["--help"], ["help"], []] + ["align", "warp", "demo", "info"].flatMap({ [[$0, "--help"], ["help", $0]] }) {
            let help = try succeed(arguments)
            XCTAssert(help.contains("Example") && help.contains("USAGE:"), "\(arguments)")
        }
        XCTAssertEqual(try succeed(["--version"]).filter(\.isNewline).count, 1)
    }

    func testInformation() throws {
        struct Information: Decodable {
            var version, kernels, openBLAS, openBLASCore, libpng, libjpeg, libtiff, libwebp, cairo: String
            var threads, openBLASThreads: Int
        }
        let information: Information = try json(["info"], environment: ["LINWARP_THREADS": "3"])
        XCTAssertEqual(information.threads, 3)
        XCTAssertEqual(information.openBLASThreads, 1)
        // Those that LINWARP_KERNELS names are in force here and there.
        XCTAssertEqual(information.kernels, KernelLevel.current.rawValue)
        XCTAssertEqual(information.version, try succeed(["--version"]).trimmingCharacters(in: .newlines))
        let text = try succeed(["info"])
        for fact in [
            information.version, information.kernels, information.openBLASCore, information.libpng, information.libtiff, information.cairo,
        ] {
            XCTAssert(text.contains(fact), fact)
        }
    }

    /// Without `--json` it is text.
    func testTextIsNoJSON() throws {
        try writeScene("image.ppm")
        for arguments in [
            ["info"], ["warp", "image.ppm", "--out", "out.png"], ["align", "image.ppm", "image.ppm"], ["demo", "--iterations", "1"],
        ] {
            let output = try succeed(arguments)
            XCTAssertFalse(output.isEmpty)
            XCTAssertThrowsError(try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed), output)
        }
        XCTAssert(try files.contains("linwarp-out/figure.png"), "the directory where none is named")
    }
}
