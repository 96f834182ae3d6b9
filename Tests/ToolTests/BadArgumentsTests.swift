import XCTest

/// Options and arguments that are wrong: exit code 64 and a line that names the option.
final class BadArgumentsTests: ToolTestCase {
    private func assertOptionsRefused(_ command: [String], _ options: [[String]], line: UInt = #line) throws {
        for option in options { try assertFails(command + option, code: 64, naming: option[0], line: line) }
    }

    /// Values that are no matrix which can be inverted.
    private func badMatrices(_ option: String) -> [[String]] {
        ["1,0,0,0,1", "1,0,0,0,nan,0", "1,0,0,0,inf,0", "1,0,0,0,word,0", "1 0,0,0,0,1,0", "1,0,0,1,0,0", "0,0,0,0,0,0,0,0,0", "", ","]
            .map { [option, $0] }
    }

    func testWarpOptions() throws {
        try writeScene("image.ppm")
        let command = ["warp", "image.ppm", "--out", "out.png"]
        try assertOptionsRefused(command, badMatrices("--matrix"))
        try assertOptionsRefused(
            command,
            ["0x10", "10x0", "10", "axb", "x", "", "1x2x3", "-1x10", "999999x999999", "99999999999999999999x1"].map { ["--size", $0] })
        try assertOptionsRefused(command, ["0", "-1", "nan", "inf", "1e-400", "1e300", "word", ""].map { ["--scale", $0] })
        try assertOptionsRefused(command, ["nan", "inf", "1,2", "word"].map { ["--rotate", $0] })
        try assertOptionsRefused(command, ["1", "1,2,3", "1,nan", "1e300,0", "word,1"].map { ["--translate", $0] })
        try assertOptionsRefused(command, [["--sampler", "nearest"], ["--padding", "none"], ["--seed", "-1"], ["--seed", "1.5"]])
        try assertOptionsRefused(command, [["--unknown"], ["--size"], ["--matrix"]])
        try assertFails(command + ["--matrix", "1,0,0,0,1,0", "--rotate", "3"], code: 64, naming: "--matrix", "--rotate")
        try assertFails(command + ["extra"], code: 64, naming: "--out: found out.png for 2 images, expected a directory")
    }

    func testWarpOutputNames() throws {
        try writeScene("image.ppm")
        for name in ["out.gif", "out", "out.", ".png/out"] {
            try assertFails(["warp", "image.ppm", "--out", name], code: 64, naming: "--out", name, "expected .png")
        }
        try assertFails(["warp", "image.ppm", "--out", ""], code: 64, naming: "--out", "expected a path")
        try assertFails(["warp", "image.ppm"], code: 64, naming: "--out")
        try assertFails(["warp", "", "--out", "out.png"], code: 64, naming: "image", "expected a path")
    }

    func testSearchOptions() throws {
        try writeScene("image.ppm")
        for command in [["align", "image.ppm", "image.ppm", "--out", "out"], ["demo", "--out", "out"]] {
            try assertOptionsRefused(command, badMatrices("--initial"))
            try assertOptionsRefused(command, [["--initial", "-1,0,0,0,1,0", "--family", "similarity"]])
            try assertOptionsRefused(command, ["-1", "1.5", "1000001", "99999999999999999999", "word"].map { ["--iterations", $0] })
            try assertOptionsRefused(
                command,
                [["--sampler", "nearest"], ["--family", "projective"], ["--optimizer", "sgd"], ["--seed", "-1"], ["--unknown"]])
            try assertFails(command + ["--out", ""], code: 64, naming: "--out")
        }
        try assertFails(["align", "image.ppm"], code: 64, naming: "target")
    }

    /// The line says what could have been written instead.
    func testChoicesAreListed() throws {
        let run = try linwarp(["demo", "--family", "projective"])
        for name in ["'projective'", "--family", "translation", "rotation-scale-translation", "homography"] {
            XCTAssert(run.error.contains(name), run.error)
        }
    }

    func testCommands() throws {
        try assertFails(["unknown"], code: 64, naming: "unknown")
        try assertFails(["--unknown"], code: 64, naming: "--unknown")
        try assertFails(["info", "extra"], code: 64, naming: "extra")
    }
}
