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

    func testDifferentStartIsReportedOnAllProcesses() {
        func errors(_ change: @escaping @Sendable (inout Trainer) -> Void) -> [TrainingError?] {
            ThreadProcess.run(3) { process in
                var trainer = makeTrainer(.none, process)
                if process.rank == 2 { change(&trainer) }
                do throws(TrainingError) {
                    try trainer.checkAgreement()
                    return TrainingError?.none
                } catch {
                    return error
                }
            }
        }
        XCTAssertEqual(errors { _ in }, [nil, nil, nil])
        let same = TrainingError.differentStart(process: 2, iteration: 0, expected: 0)
        XCTAssertEqual(errors { $0.checkpoint.parameters["classifier.dense1.bias"] = Tensor([0, 0, 1e-30]) }, [same, same, same])
        XCTAssertEqual(errors { $0.checkpoint.settings["seed"] = "1" }, [same, same, same])
        XCTAssertEqual(errors { $0.checkpoint.network = "m" }, [same, same, same])
        XCTAssertEqual(errors { $0.checkpoint.random["dropout"] = RandomSource(seed: 1) }, [same, same, same])
        let later = TrainingError.differentStart(process: 2, iteration: 40, expected: 0)
        XCTAssertEqual(errors { $0.checkpoint.iteration = 40 }, [later, later, later])
    }

    func testConfusionsAreAdded() {
        let sums = ThreadProcess.run(2) { process in
            var confusion = Confusion(classes: 2)
            confusion.add(labels: process.rank == 0 ? [0, 1] : [1, 1, 0], predictions: process.rank == 0 ? [0, 0] : [1, 0, 0])
            return confusion.summed(over: process)
        }
        XCTAssertEqual(sums.map(\.counts), [[[2, 0], [2, 1]], [[2, 0], [2, 1]]])
    }
}
