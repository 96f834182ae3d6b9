import Foundation
import LinWarp
import XCTest

/// Checkpoints that are damaged or do not fit, wherever a command reads one.
final class BadCheckpointsTests: ToolTestCase {
    private var training: [String] { quickTraining + ["--iterations", "1"] }
    private let file = "out/checkpoint.safetensors"
    private var intact = Safetensors()

    override func setUpWithError() throws {
        try super.setUpWithError()
        try writeMNIST(in: "data/")
        try succeed(training)
        try writeScene("scene.png")
        intact = try Safetensors(contentsOf: path(file))
    }

    /// Expects that every command refuses the file and leaves it; where `train` says something else, that is `resuming`.
    private func assertRefused(_ names: String..., resuming: [String]? = nil, line: UInt = #line) throws {
        let before = try (files, bytes(file))
        for arguments in [["evaluate", file, "--data", "data"], ["predict", file, "scene.png", "--out", "seen"], training + ["--resume"]] {
            let expected = arguments[0] == "train" ? resuming ?? names : names
            let run = try linwarp(arguments)
            assertReported(run, code: 1, naming: [file + ": found"] + expected + ["expected"], arguments[0], line: line)
            XCTAssertEqual(try files, before.0, arguments[0], line: line)
            XCTAssertEqual(try bytes(file), before.1, arguments[0], line: line)
        }
    }

    private func write(changing change: (inout Safetensors) -> Void) throws {
        var contents = intact
        change(&contents)
        try contents.write(to: path(file))
    }

    func testTruncated() throws {
        let whole = try bytes(file)
        for length in [0, 7, 300, whole.count - 1] {
            try write(Array(whole.prefix(length)), file)
            try assertFails(["evaluate", file], code: 1, naming: file, "found \(length) bytes", "expected")
        }
        try write(Array(whole.prefix(whole.count / 2)), file)
        try assertRefused("found \(whole.count / 2) bytes", "\(whole.count)")
    }

    func testTensorsThatDoNotFit() throws {
        let name = "parameters.classifier.dense1.bias"
        XCTAssertEqual(intact.tensors[name]?.shape, [10], "a name that is not in use any more")
        try write { $0.tensors[name] = nil }
        try assertRefused("no tensor \"\(name)\"")
        try write { $0.tensors[name] = .float(.ones([11])) }
        try assertRefused("the shape [11]", name, "[10]")
        try write { $0.tensors[name] = .double(.ones([10])) }
        try assertRefused("the type \"F64\"", name, "F32")
        try write { $0.tensors[name] = .float(Tensor([0, 1, 2, 3, .nan, 5, 6, 7, 8, 9])) }
        try assertRefused("nan", name)
        try write { $0.tensors["parameters.classifier.dense9.bias"] = .float(.ones([1])) }
        try assertRefused("a tensor \"parameters.classifier.dense9.bias\"")
    }

    /// What only training reads.
    func testStateThatDoesNotFit() throws {
        let name = "optimizer.adam.mean.classifier.dense1.bias"
        for (change, found) in [
            ({ $0.tensors[name] = nil }, "no tensor \"\(name)\""), ({ $0.metadata["random"] = "[" }, "\"random\""),
        ] as [((inout Safetensors) -> Void, String)] {
            try write(changing: change)
            try succeed(["predict", file, "scene.png", "--out", "seen"])
            try assertFails(training + ["--resume"], code: 1, naming: file, found, "expected")
        }
    }

    func testOtherNetworks() throws {
        func describe(_ old: String, _ new: String) throws {
            try write { $0.metadata["network"] = $0.metadata["network"]?.replacingOccurrences(of: old, with: new) }
        }
        try describe("\"classes\":10", "\"classes\":11")
        try assertRefused(
            "the shape [10", "[11", resuming: ["found a training with classes 11, expected classes 10"])
        for (old, new, found) in [
            ("\"channels\":1", "\"channels\":2", "2 for \"network.channels\""), ("\"side\":28", "\"side\":0", "0 for \"network.side\""),
            ("\"side\":28", "\"scaleBound\":2,\"side\":28", "2.0 for \"network.scaleBound\" in the metadata, expected none"),
            ("{", "", "for \"network\""), ("\"side\":28", "\"side\":28.5", "for \"network\""),
        ] {
            try describe(old, new)
            try assertRefused(found, resuming: ["a training with"])
        }
        try write { $0.metadata["format"] = "pt" }
        try assertRefused("a file of the format \"pt\"")
        try Safetensors(tensors: ["x": .float(.ones([1]))]).write(to: path(file))
        try assertRefused("a safetensors file of another kind")
    }

    /// A network for other images than those of the data set that its checkpoint names.
    func testOtherImages() throws {
        try write { $0.metadata["setting.dataset"] = "synthetic" }
        try assertFails(["evaluate", file], code: 1, naming: file, "found a network for 1 x 28 x 28", "3 x 50 x 50")
        try write { $0.metadata["setting.dataset"] = "cats" }
        try assertFails(["evaluate", file, "--data", "data"], code: 1, naming: file, "found no data set")
    }
}
