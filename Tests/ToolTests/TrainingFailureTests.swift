import LinWarp
import TestSupport
import XCTest

/// Trainings that end before their time: what was good before remains.
final class TrainingFailureTests: ToolTestCase {
    override func setUpWithError() throws {
        try super.setUpWithError()
        try writeMNIST(in: "data/")
    }

    /// A limit on the size of files stands in for a full disk: a checkpoint has 150 kB, and half of it can be written.
    func testFullDisk() throws {
        try skip(under: .thread, because: "it keeps a part of its shadow memory in a file beyond the limit")
        func train(_ iterations: Int, onFullDisk isFull: Bool) throws -> Run {
            let limit = isFull ? "ulimit -f 150; " : ""
            let options = ["--interval", "2", "--iterations", "\(iterations)", "--resume"]
            return try shell("\(limit)exec \"$0\" \((quickTraining + options).joined(separator: " "))")
        }
        let written = try files
        assertReported(
            try train(2, onFullDisk: true), code: 1, naming: ["out/best.safetensors: cannot be written: File too large"], "the first")
        XCTAssertEqual(try files, (written + ["out"]).sorted())
        XCTAssertEqual(try train(2, onFullDisk: false).code, 0)
        let before = try (files, bytes("out/checkpoint.safetensors"))
        assertReported(
            try train(8, onFullDisk: true), code: 1, naming: ["out/checkpoint.safetensors: cannot be written: File too large"],
            "a later one")
        XCTAssertEqual(try files, before.0)
        XCTAssertEqual(try bytes("out/checkpoint.safetensors"), before.1)
        XCTAssertEqual(try train(8, onFullDisk: false).code, 0)
        XCTAssertEqual(try CheckpointFile(path("out/checkpoint.safetensors")).iteration, 8)
    }

    /// The first step takes the parameters so far that the next loss is none.
    func testLossThatIsNotFinite() throws {
        let training = quickTraining + ["--iterations", "8", "--interval", "1", "--classifier-rate", "1e30"]
        let run = try linwarp(training)
        assertReported(run, code: 1, naming: ["iteration 1: found a loss or gradient that is not a finite number"], "the loss")
        let checkpoint = try CheckpointFile(path("out/checkpoint.safetensors"))
        XCTAssertEqual(checkpoint.iteration, 1)
        try succeed(["evaluate", "out/checkpoint.safetensors", "--data", "data"])
        // It goes on from there, to the same end.
        assertReported(try linwarp(training + ["--resume"]), code: 1, naming: ["iteration 1: found"], "resumed")
        XCTAssertEqual(try CheckpointFile(path("out/checkpoint.safetensors")).iteration, 1)
    }
}
