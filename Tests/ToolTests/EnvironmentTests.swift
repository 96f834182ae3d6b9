import LinWarp
import XCTest

/// Environment variables that are wrong: a line that names the variable, what was found and what is allowed, before any work.
final class EnvironmentTests: ToolTestCase {
    func testWrongValues() throws {
        try writeScene("image.ppm")
        let before = try files
        for (variable, values, expected) in [
            ("LINWARP_KERNELS", ["foo", "AVX2", "avx2 ", "-1"], "expected one of baseline"),
            ("LINWARP_THREADS", ["0", "-1", "abc", "1.5", " 1", "99999999999999999999"], "expected a whole number from 1"),
            ("LINWARP_KERNELS", [""], "found an empty value"), ("LINWARP_THREADS", [""], "found an empty value"),
            ("LINWARP_DATA", [""], "found an empty value"),
        ] {
            for value in values {
                for command in [["info"], ["warp", "image.ppm", "--out", "out.png"], ["align", "image.ppm", "image.ppm"]] {
                    let run = try linwarp(command, environment: [variable: value])
                    assertReported(
                        run, code: 64, naming: [variable, value.isEmpty ? "empty" : value, expected], "\(variable)=\(value) \(command)")
                }
            }
        }
        XCTAssertEqual(try files, before)
    }

    /// A level that the program knows but this processor lacks is none that is allowed.
    func testLevelsOfOtherProcessors() throws {
        var isUsable = true
        for level in KernelLevel.allCases {
            let run = try linwarp(["info"], environment: ["LINWARP_KERNELS": level.rawValue])
            if run.code == 0 {
                XCTAssert(isUsable, "\(level), but not the level below")
                XCTAssert(run.output.contains("kernels: \(level.rawValue),"), run.output)
            } else {
                assertReported(run, code: 64, naming: ["\"\(level.rawValue)\"", "baseline"], level.rawValue)
                isUsable = false
            }
        }
    }

    func testHelpDespiteWrongValues() throws {
        let wrong = ["LINWARP_KERNELS": "foo", "LINWARP_THREADS": "0", "LINWARP_DATA": ""]
        for arguments in [["--help"], ["--version"], ["warp", "--help"], ["help", "warp"], []] {
            XCTAssertFalse(try succeed(arguments, environment: wrong).isEmpty, "\(arguments)")
        }
    }

    /// As many threads as are of use, whatever is asked for.
    func testManyThreads() throws {
        let run = try linwarp(["info"], environment: ["LINWARP_THREADS": "100000"])
        XCTAssertEqual(run.code, 0)
        XCTAssert(run.error.hasPrefix("linwarp: LINWARP_THREADS: found 100000, using "), run.error)
        XCTAssertEqual(run.error.filter(\.isNewline).count, 1, run.error)
        let used = try XCTUnwrap(run.error.firstMatch(of: /using (\d+), four times the (\d+) processors/))
        XCTAssertEqual(Int(used.1), try XCTUnwrap(Int(used.2)) * 4)
        XCTAssert(run.output.contains("threads: \(used.1)\n"), run.output)
    }

    /// The processors are those that the process may run on.
    func testOneProcessor() throws {
        let allowed = try XCTUnwrap(
            String(contentsOfFile: "/proc/self/status", encoding: .utf8).firstMatch(of: /Cpus_allowed_list:\s+(\d+)/))
        let run = try shell("unset LINWARP_THREADS; exec taskset -c \(allowed.1) \"$0\" info")
        XCTAssert(run.output.contains("threads: 1\n"), run.output + run.error)
    }

    func testDataDirectory() throws {
        try writeMNIST(in: "data/")
        let arguments = ["train", "mnist", "--network", "none", "--batch", "2", "--iterations", "1", "--overwrite", "--out", "out"]
        try succeed(arguments, environment: ["LINWARP_DATA": "data"])
        assertReported(
            try linwarp(arguments, environment: ["LINWARP_DATA": "nowhere"]), code: 1, naming: ["nowhere: found no such directory"], "wrong"
        )
    }
}
