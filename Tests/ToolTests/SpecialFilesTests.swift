import Foundation
import LinWarp
import TestSupport
import XCTest

/// Named pipes in place of files, wherever a command reads one: an error that names it, at once.
final class SpecialFilesTests: ToolTestCase {
    /// Puts a pipe in the place of a file while the commands are run, each of which must fail and leave everything as it is.
    private func assertRefused(_ name: String, _ commands: [String]..., line: UInt = #line) throws {
        let before = FileManager.default.fileExists(atPath: path(name)) ? try bytes(name) : nil
        if before != nil { try remove(name) }
        XCTAssertEqual(mkfifo(path(name), 0o600), 0, name)
        for command in commands {
            try assertFails(command, code: 1, naming: name, "it is not a regular file", line: line)
        }
        try remove(name)
        if let before { try write(before, name) }
    }

    func testImages() throws {
        try writeScene("good.ppm")
        let align = ["align", "good.ppm", "good.ppm", "--out", "out"]
        try assertRefused(
            "pipe.png", ["warp", "pipe.png", "--out", "out.png"], ["align", "pipe.png", "good.ppm", "--out", "out"],
            ["align", "good.ppm", "pipe.png", "--out", "out"], align + ["--source-mask", "pipe.png"], align + ["--target-mask", "pipe.png"])
    }

    func testDataSetsAndTrainings() throws {
        try writeMNIST(in: "data/")
        let fresh = ["train", "mnist", "--data", "data", "--network", "none", "--batch", "2", "--iterations", "1", "--out", "new"]
        for part in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
            try assertRefused("data/\(part)", fresh)
        }
        let training = quickTraining + ["--iterations", "1"]
        try succeed(training)
        try writeScene("scene.png")
        try assertRefused(
            "out/checkpoint.safetensors", training + ["--resume"], ["evaluate", "out/checkpoint.safetensors", "--data", "data"],
            ["predict", "out/checkpoint.safetensors", "scene.png", "--out", "seen"])
        try assertRefused("out/log.jsonl", training + ["--resume"])
        try assertRefused("scene.png", ["predict", "out/checkpoint.safetensors", "scene.png", "--out", "seen"])
        try writeGTSRB(in: "data/GTSRB/")
        let signs = ["train", "gtsrb", "--data", "data", "--network", "none", "--batch", "2", "--iterations", "1", "--out", "new"]
        for part in [
            GTSRBNames.annotations(3), GTSRBNames.testAnnotations, "\(GTSRBNames.folder(17))/\(GTSRBNames.image(track: 1, frame: 0))",
        ] {
            try assertRefused("data/GTSRB/\(part)", signs)
        }
    }

    func testTablesOfExperiments() throws {
        try write("", "out/sample-count-ablation-trials.csv")
        try assertRefused(
            "out/sample-count-ablation-trials.csv", ["experiment", "sample-count-ablation", "--quick", "--resume", "--out", "out"])
    }

    /// Annotations that go on and on, packed into some kilobytes.
    func testAnnotationsWithoutEnd() throws {
        try writeGTSRB(in: "data/GTSRB/")
        let signs = ["train", "gtsrb", "--data", "data", "--network", "none", "--out", "new"]
        let name = "data/GTSRB/\(GTSRBNames.annotations(7))"
        try write(GTSRBNames.header + "\n" + String(repeating: "\n", count: 200_000), name)
        try assertFails(signs, code: 1, naming: name, "found more than 100000 lines", "expected at most 100000")
        try write(GTSRBNames.header + "\n" + String(repeating: "1", count: 5000), name)
        try assertFails(signs, code: 1, naming: "\(name), line 2", "more than 1024 bytes", "expected at most 1024")
    }
}
