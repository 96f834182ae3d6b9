import XCTest

/// `linwarp experiment`: what it refuses. What experiments do is tested without the program.
final class ExperimentTests: ToolTestCase {
    func testArguments() throws {
        try assertFails(["experiment", "x"], code: 64, naming: "'x'", "optimization-path", "gradient-field", "collapse-ablation", "timing")
        try assertFails(["experiment"], code: 64, naming: "name")
        try assertFails(["experiment", "gradient-field", "--seed", "-1"], code: 64, naming: "--seed")
        for option in ["--out", "--data"] {
            try assertFails(["experiment", "gradient-field", option, ""], code: 64, naming: option, "expected a path")
        }
    }

    /// Options that concern some experiments alone are refused by the others.
    func testOptionsOfTrainings() throws {
        for option in [["--rates", "1e-5"], ["--seeds", "2"], ["--iterations", "5"], ["--network", "icstn"], ["--downsample", "4"]] {
            try assertFails(
                ["experiment", "classification"] + option, code: 64, naming: option[0], "classification", "compares no trainings")
        }
        try assertFails(["experiment", "timing", "--noise", "authors"], code: 64, naming: "--noise", "timing")
        for (option, value) in [
            ("--rates", "1e-5,x"), ("--rates", "0"), ("--rates", ""), ("--seeds", "0"), ("--iterations", "1.5"), ("--network", "none"),
            ("--downsample", "0"), ("--noise", "x"),
        ] { try assertFails(["experiment", "better-sampler", option, value], code: 64, naming: option) }
    }

    func testMissingData() throws {
        try assertFails(
            ["experiment", "gradient-field", "--data", "nowhere", "--out", "."], code: 1, naming: "nowhere: found no such directory",
            "expected")
        let run = try linwarp(["experiment", "gradient-field"])
        assertReported(run, code: 1, naming: ["--data: found none and no LINWARP_DATA", "VOC2012", "--quick"], "no data")
    }

    func testPlacesWhereNothingCanBeWritten() throws {
        try write("words", "file")
        try assertFails(["experiment", "gradient-field", "--quick", "--out", "file"], code: 1, naming: "--out", "file")
    }
}
