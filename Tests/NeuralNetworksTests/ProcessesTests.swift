import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

private let images: Tensor<Float> = randomTensor([6, 1, 20, 20], in: 0..<1)
private let labels = [0, 1, 2, 2, 0, 1]

/// By default from a seed with which no ReLU's input is so near zero that rounding decides about its gradient: one such unit changes the
/// transformer's gradient by a hundredth and more, and whole batches and parts of them are rounded differently.
private func makeTrainer(_ transformer: NetworkConfiguration.Transformer, _ communicator: some Communicator, seed: UInt64 = 12) -> Trainer {
    let configuration = NetworkConfiguration(
        architecture: .linLucey, transformer: transformer, sampler: .linearized, downsampling: transformer == .none ? 2 : 1,
        channels: 1,
        side: 20, classes: 3)
    let network = ClassificationNetwork(configuration)
    let parameters = network.initialParameters(seed: seed, as: Float.self)
    let optimizer = Optimizer<Float>(.sgd(momentum: 0.9), groups: [ParameterGroup(learningRate: 1e-3)], for: parameters)
    return Trainer(network, Checkpoint(parameters: parameters, optimizer: optimizer, network: "n"), communicator: communicator)
}

final class ProcessesTests: XCTestCase {
    /// Each process trains on its part of each batch; all end where one ends that trains on whole batches.
    func testProcessesTrainAsOneDoes() throws {
        for transformer in NetworkConfiguration.Transformer.allCases {
            var single = makeTrainer(transformer, SingleProcess())
            let losses = try (0..<4).map { _ in try single.step(images, labels) }
            for count in [2, 3] {
                let size = 6 / count
                let trained = ThreadProcess.run(count) { process in
                    var trainer = makeTrainer(transformer, process)
                    let part = process.rank * size..<(process.rank + 1) * size
                    let losses = (0..<4).compactMap { _ in try? trainer.step(images[part], Array(labels[part])) }
                    return (trainer: trainer, losses: losses)
                }
                for process in trained {
                    let found = "\(transformer), \(process.trainer.communicator.rank) of \(count)"
                    XCTAssertEqual(process.trainer.checkpoint, trained[0].trainer.checkpoint, found)
                    XCTAssertEqual(process.trainer.communication, .seconds(4), found)
                    assertClose(Tensor(process.losses), Tensor(losses), tolerance: 1e-4, found)
                    for (a, b) in zip(process.trainer.checkpoint.parameters.tensors, single.checkpoint.parameters.tensors) {
                        assertClose(a, b, tolerance: 1e-4, found)
                    }
                }
            }
        }
    }

    /// A part's noise is a matter of its place in the batch, with a transformer and without.
    func testPartOfABatchGetsTheNoiseOfItsPlace() {
        for transformer in [NetworkConfiguration.Transformer.none, .stn] {
            let trainer = makeTrainer(transformer, SingleProcess())
            func transformed(_ part: Range<Int>, firstImage: Int) -> Tensor<Float> {
                var context = Context(trainer.checkpoint.parameters, isTraining: true, call: 5, firstImage: firstImage)
                return trainer.network.transformed(images[part], &context)
            }
            let whole = transformed(0..<6, firstImage: 0)
            XCTAssertEqual(transformed(2..<4, firstImage: 2), whole[2..<4], "\(transformer)")
            XCTAssertNotEqual(transformed(2..<4, firstImage: 0), whole[2..<4], "\(transformer)")
        }
    }

    func testAllStopWhereOneFindsANaN() {
        let errors = ThreadProcess.run(3) { process in
            var trainer = makeTrainer(.stn, process)
            var part = images[2 * process.rank..<2 * process.rank + 2]
            if process.rank == 1 { part.withMutableScalars { $0[7] = .nan } }
            do throws(TrainingError) {
                _ = try trainer.step(part, Array(labels[..<2]))
                return TrainingError?.none
            } catch {
                return error
            }
        }
        XCTAssertEqual(errors, [TrainingError](repeating: .notFinite(iteration: 0), count: 3))
    }

    /// What each of three processes finds, of which the last has `body` for itself.
    private func errors(
        _ body: @escaping @Sendable (Trainer, _ isOdd: Bool) throws(TrainingError) -> Void
    ) -> [TrainingError?] {
        ThreadProcess.run(3) { process in
            do throws(TrainingError) {
                try body(makeTrainer(.none, process), process.rank == 2)
                return nil
            } catch {
                return error
            }
        }
    }

    /// Whatever differs is named on all processes, with what was found and expected.
    func testDifferentStartIsReportedOnAllProcesses() throws {
        func assertReported(
            _ names: Set<String>, facts: [String: String] = ["iterations": "20"], line: UInt = #line,
            _ change: @escaping @Sendable (inout Checkpoint<Float>) -> Void = { _ in }
        ) throws {
            let errors = errors { (trainer, isOdd) throws(TrainingError) in
                var trainer = trainer
                if isOdd { change(&trainer.checkpoint) }
                try trainer.checkAgreement(on: isOdd ? facts : ["iterations": "20"])
            }
            for error in errors {
                guard case .differentStart(let process, let found, let expected) = error else {
                    return XCTFail("no such error", line: line)
                }
                XCTAssertEqual(process, 2, line: line)
                XCTAssertEqual(Set(found.keys), names, line: line)
                XCTAssertEqual(Set(expected.keys), names, line: line)
                for name in names { XCTAssertNotEqual(found[name], expected[name], line: line) }
            }
        }
        XCTAssertEqual(errors { (trainer, _) throws(TrainingError) in try trainer.checkAgreement() }, [nil, nil, nil])
        try assertReported(["parameters"]) { $0.parameters["classifier.dense1.bias"] = Tensor([0, 0, 1e-30]) }
        try assertReported(["optimizer"]) { $0.optimizer.step = 7 }
        try assertReported(["seed"]) { $0.settings["seed"] = "1" }
        try assertReported(["network"]) { $0.network = "m" }
        try assertReported(["network", "network.side"]) { $0.network = "{\"side\":20}" }
        try assertReported(["random.dropout"]) { $0.random["dropout"] = RandomSource(seed: 1) }
        try assertReported(["iteration"]) { $0.iteration = 40 }
        try assertReported(["patience"]) { $0.earlyStopping = EarlyStopping(patience: 3) }
        try assertReported(["iterations"], facts: ["iterations": "40"])
        try assertReported(["iterations", "images"], facts: ["images": "a long digest"])
    }

    /// Before any number is exchanged, all processes see that one has come with others, at another time, or for something else.
    func testDifferentExchangeIsReportedOnAllProcesses() {
        func assertReported(
            _ found: String, _ expected: String, line: UInt = #line,
            _ body: @escaping @Sendable (inout Trainer, _ isOdd: Bool) throws(TrainingError) -> Void
        ) {
            let errors = errors { (trainer, isOdd) throws(TrainingError) in
                var trainer = trainer
                try body(&trainer, isOdd)
            }
            XCTAssertEqual(
                errors, [TrainingError?](repeating: .differentExchange(process: 2, found: found, expected: expected), count: 3), line: line)
        }
        let count = makeTrainer(.none, SingleProcess()).checkpoint.parameters.tensors.reduce(1) { $0 + $1.count }
        let gradients = "the gradients of iteration 0, \(count) numbers"
        assertReported("the gradients of iteration 5, \(count) numbers", gradients) { (trainer, isOdd) throws(TrainingError) in
            if isOdd { trainer.checkpoint.iteration = 5 }
            _ = try trainer.step(images, labels)
        }
        let other = makeTrainer(.stn, SingleProcess()).checkpoint
        let otherCount = other.parameters.tensors.reduce(1) { $0 + $1.count }
        assertReported("the gradients of iteration 0, \(otherCount) numbers", gradients) { (trainer, isOdd) throws(TrainingError) in
            if isOdd { trainer = makeTrainer(.stn, trainer.communicator) }
            _ = try trainer.step(images, labels)
        }
        assertReported("the end of the program", gradients) { (trainer, isOdd) throws(TrainingError) in
            if isOdd { return try trainer.communicator.meet(for: "the end of the program") }
            _ = try trainer.step(images, labels)
        }
        assertReported("the test, 4 numbers", "the test, 9 numbers") { (trainer, isOdd) throws(TrainingError) in
            _ = try Confusion(classes: isOdd ? 2 : 3).summed(over: trainer.communicator, for: "the test")
        }
        let long = String(repeating: "a long purpose, ", count: 6)
        assertReported("b" + long.dropLast(), long) { (trainer, isOdd) throws(TrainingError) in
            try trainer.communicator.meet(for: (isOdd ? "b" : "") + long + "whatever comes behind")
        }
    }

    func testErrorsAreOneLine() {
        XCTAssertEqual(
            TrainingError.differentStart(process: 3, found: ["seed": "1", "batch": "8"], expected: ["seed": "0", "batch": "9"]).description,
            "process 3: found batch 8, seed 1, expected batch 9, seed 0, as on process 0")
        XCTAssertEqual(
            TrainingError.differentExchange(process: 1, found: "the end of the program", expected: "the test, 4 numbers").description,
            "process 1: found at the end of the program, expected at the test, 4 numbers, as process 0")
    }

    func testConfusionsAreAdded() {
        let sums = ThreadProcess.run(2) { process in
            var confusion = Confusion(classes: 2)
            confusion.add(labels: process.rank == 0 ? [0, 1] : [1, 1, 0], predictions: process.rank == 0 ? [0, 0] : [1, 0, 0])
            return (try? confusion.summed(over: process, for: "the test"))?.counts
        }
        XCTAssertEqual(sums, [[[2, 0], [2, 1]], [[2, 0], [2, 1]]])
    }
}
