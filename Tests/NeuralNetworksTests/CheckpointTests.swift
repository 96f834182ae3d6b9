import Glibc
import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class CheckpointTests: CheckpointTestCase {
    private func checkResuming<Scalar: FloatingScalar>(_ method: OptimizerMethod, _ type: Scalar.Type) throws {
        var straight: Checkpoint<Scalar> = beginning(method: method)
        straight.settings = ["batch": "100", "": "é\n"]
        train(&straight, iterations: 4)
        try straight.write(to: path())
        var resumed: Checkpoint<Scalar> = beginning(method: method)
        try resumed.restore(from: path())
        XCTAssertEqual(resumed, straight)
        train(&straight, iterations: 7)
        train(&resumed, iterations: 7)
        XCTAssertEqual(resumed, straight)
        XCTAssertEqual(resumed.optimizer.step, 11)
        XCTAssertNotEqual(resumed.parameters, beginning(method: method).parameters)
    }

    func testResumedTrainingIsTheSameBitForBit() throws {
        for method in [OptimizerMethod.adam(), .sgd(momentum: 0.9)] {
            try checkResuming(method, Float.self)
            try checkResuming(method, Double.self)
        }
    }

    func testWithoutEarlyStopping() throws {
        let written: Checkpoint<Float> = beginning()
        try written.write(to: path())
        var read: Checkpoint<Float> = beginning()
        train(&read, iterations: 2)
        try read.restore(from: path())
        XCTAssertEqual(read, written)
    }

    /// As `evaluate` does: the file says which network, and the network what to read.
    func testRebuildingTheNetwork() throws {
        var written: Checkpoint<Float> = beginning("dense 3 2")
        written.settings = ["seed": "7"]
        train(&written, iterations: 3)
        try written.write(to: path())
        let file = try CheckpointFile(path())
        XCTAssertEqual(file.network, "dense 3 2")
        XCTAssertEqual(file.settings, ["seed": "7"])
        XCTAssertEqual(file.iteration, 3)
        XCTAssertEqual(try file.parameters(written.parameters.specifications), written.parameters)
    }

    /// The error of restoring the file after a change, and that nothing is restored.
    private func error(
        _ expected: Checkpoint<Float>? = nil, file: StaticString = #filePath, line: UInt = #line, changing: (inout Safetensors) -> Void
    ) throws -> CheckpointError? {
        var checkpoint: Checkpoint<Float> = beginning()
        train(&checkpoint, iterations: 2)
        try checkpoint.write(to: path())
        var contents = try Safetensors(contentsOf: path())
        changing(&contents)
        try contents.write(to: path())
        let before = expected ?? beginning()
        var after = before
        let error = thrownError({ () throws(CheckpointError) in try after.restore(from: path()) }, file: file, line: line)
        XCTAssertEqual(after, before, "changed by a failure", file: file, line: line)
        return error
    }

    func testTensorsThatDoNotFit() throws {
        for name in ["parameters.classifier.dense1.weight", "optimizer.adam.mean.classifier.dense1.weight"] {
            XCTAssertEqual(try error { $0.tensors[name] = nil }, .missingTensor(path: path(), tensor: name))
            XCTAssertEqual(
                try error { $0.tensors[name] = .float(.ones([3, 2])) },
                .wrongShape(path: path(), tensor: name, found: [3, 2], expected: [2, 3]))
            XCTAssertEqual(
                try error { $0.tensors[name] = .double(.ones([2, 3])) },
                .wrongType(path: path(), tensor: name, found: "F64", expected: "F32"))
            for number in [Float.nan, .infinity, -.infinity] {
                XCTAssertEqual(
                    try error { $0.tensors[name] = .float(Tensor([0, 0, 0, 0, 0, number], shape: [2, 3])) },
                    .notFinite(path: path(), tensor: name, found: "\(number)"))
            }
        }
        for name in ["other", "parameters.other", "optimizer.other", ""] {
            XCTAssertEqual(try error { $0.tensors[name] = .float(.ones([1])) }, .unknownTensor(path: path(), tensor: name))
        }
        XCTAssertEqual(
            try error(beginning(method: .sgd(momentum: 0.9))) { _ in },
            .missingTensor(path: path(), tensor: "optimizer.sgd.momentum.classifier.dense1.weight"))
    }

    func testOtherNetworkOrNone() throws {
        XCTAssertEqual(
            try error(beginning("a large one")) { _ in }, .otherNetwork(path: path(), found: "a small one", expected: "a large one"))
        XCTAssertEqual(
            try error { $0.metadata = ["format": "pt"] }, .notACheckpoint(path: path(), found: "a file of the format \"pt\""))
        XCTAssertEqual(try error { $0.metadata = [:] }, .notACheckpoint(path: path(), found: "a safetensors file of another kind"))
    }

    func testDamagedMetadata() throws {
        for key in ["network", "iteration", "optimizerStep", "random"] {
            XCTAssertEqual(
                try error { $0.metadata[key] = nil }, .invalidMetadata(path: path(), key: key, found: "nothing", expected: "an entry"))
        }
        for (key, values) in [
            "iteration": ["", "-1", "1.5", "9223372036854775807", "4611686018427387904", "2147483649", "one"],
            "optimizerStep": ["-3", "99999999999999999999", "4611686018427387904"],
            "random": [
                "", "[]", "{\"a\":{}}", "{\"a\":{\"seed\":1,\"stream\":0,\"position\":18446744073709551615}}",
                String(repeating: "[", count: 100_000),
            ],
            "earlyStopping": [
                "{}", "{\"patience\":0,\"bestIteration\":0}", "{\"patience\":1,\"bestIteration\":-9223372036854775808}",
                "{\"patience\":1,\"bestIteration\":3}",
            ],
        ] {
            for value in values {
                guard case .invalidMetadata(_, key, _, _) = try error(changing: { $0.metadata[key] = value }) else {
                    XCTFail("\(key): \(value)")
                    continue
                }
            }
        }
    }

    func testTruncationAnywhereIsReported() throws {
        var checkpoint: Checkpoint<Float> = beginning()
        train(&checkpoint, iterations: 2)
        try checkpoint.write(to: path())
        let whole = try bytes("checkpoint")
        for length in 0..<whole.count {
            try write(Array(whole.prefix(length)), "part")
            var restored: Checkpoint<Float> = beginning()
            let error = thrownError { () throws(CheckpointError) in try restored.restore(from: path("part")) }
            guard case .wrongSize(_, length, _) = error else {
                XCTFail("\(length) of \(whole.count) bytes: \(String(describing: error))")
                break
            }
        }
    }

    func testRandomDamage() throws {
        var checkpoint: Checkpoint<Float> = beginning()
        train(&checkpoint, iterations: 2)
        try checkpoint.write(to: path())
        let whole = try bytes("checkpoint")
        var random = RandomSource(seed: 11)
        var intact = 0
        for _ in 0..<4000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            try write(damaged, "damaged")
            var restored: Checkpoint<Float> = beginning()
            do throws(CheckpointError) {
                try restored.restore(from: path("damaged"))
                // Training can go on from whatever was accepted.
                train(&restored, iterations: 1)
                intact += 1
            } catch {
                XCTAssertFalse(error.description.contains("\n"))
            }
        }
        XCTAssert((1..<2000).contains(intact), "\(intact)")
    }

    func testNothingIsWrittenThatCannotBeRestored() throws {
        var checkpoint: Checkpoint<Double> = beginning()
        try checkpoint.write(to: path())
        let before = try bytes("checkpoint")
        checkpoint.parameters["classifier.dense1.bias"] = Tensor([0, .nan])
        XCTAssertEqual(
            thrownError { () throws(CheckpointError) in try checkpoint.write(to: path()) },
            .notFinite(path: path(), tensor: "parameters.classifier.dense1.bias", found: "nan"))
        XCTAssertEqual(try bytes("checkpoint"), before)
    }

    func testUnusableDirectories() throws {
        try write([1], "file")
        let checkpoint: Checkpoint<Float> = beginning()
        XCTAssertEqual(mkdir(path("directory"), 0o755), 0)
        for name in ["missing/checkpoint", "file/checkpoint", "directory", String(repeating: "x", count: 300)] {
            guard case .cannotWrite = thrownError({ () throws(CheckpointError) in try checkpoint.write(to: path(name)) }) else {
                XCTFail("\(name): no such error")
                continue
            }
        }
        XCTAssertEqual(try files, ["directory", "file"])
    }

    /// A limit on the size of files stands in for a full disk: writing gets part of the way.
    func testFailureHalfway() throws {
        var checkpoint: Checkpoint<Float> = beginning()
        try checkpoint.write(to: path())
        let before = checkpoint
        train(&checkpoint, iterations: 2)
        let error = withLargestFile(1000) {
            thrownError { () throws(CheckpointError) in try checkpoint.write(to: path()) }
        }
        guard case .cannotWrite = error else { return XCTFail("\(String(describing: error))") }
        XCTAssertEqual(try files, ["checkpoint"])
        try checkpoint.restore(from: path())
        XCTAssertEqual(checkpoint, before, "the file from before is gone")
    }
}
