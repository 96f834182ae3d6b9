import LinWarp
import TestSupport
import XCTest

/// Experiments that train networks.
final class ExperimentTests: ToolTestCase {
    private let classification = ["experiment", "classification", "--quick", "--seed", "3"]
    private let results = ["classification.csv", "classification-trials.csv", "classification.md", "classification.png"]

    /// An experiment that is killed at any moment and resumed ends with the very results of an uninterrupted one.
    func testKilledAndResumed() throws {
        let start = ContinuousClock.now
        try succeed(classification + ["--out", "whole"])
        let duration = (ContinuousClock.now - start) / .seconds(1)
        var random = RandomSource(seed: 5)
        let interrupted = try (0..<4).count { _ in
            let seconds = Double.random(in: 0.1...0.5, using: &random) * duration
            return try shell("timeout -s KILL \(seconds) \"$0\" \(classification.joined(separator: " ")) --out parts --resume").code != 0
        }
        XCTAssertGreaterThanOrEqual(interrupted, 2, "the run is too short")
        try succeed(classification + ["--out", "parts", "--resume"])
        for name in results { XCTAssertEqual(try bytes("parts/\(name)"), try bytes("whole/\(name)"), name) }
    }

    /// Experiments take over what others have trained, and train it where it is missing or was trained in another way.
    func testTrainingsAreShared() throws {
        let swap = ["experiment", "inference-swap", "--quick"]
        try succeed(swap + ["--out", "alone"])
        let checkpoint = "runs/classification-quick/stn-linearized-8x-seed0/checkpoint.safetensors"
        try succeed(["experiment", "average-image", "--quick", "--out", "alone"])
        let before = try bytes("alone/\(checkpoint)")
        var file = try Safetensors(contentsOf: path("alone/\(checkpoint)"))
        file.metadata["setting.batch"] = "7"
        try file.write(to: path("alone/\(checkpoint)"))
        try assertReported(
            linwarp(swap + ["--out", "alone", "--resume"]), code: 1,
            naming: [checkpoint, "found a training with batch 7, expected batch 8"],
            "another training")
        let first = try bytes("alone/inference-swap.csv")
        try succeed(swap + ["--out", "alone"])
        XCTAssertEqual(try bytes("alone/inference-swap.csv"), first)
        XCTAssertEqual(try bytes("alone/\(checkpoint)"), before)
    }
}
