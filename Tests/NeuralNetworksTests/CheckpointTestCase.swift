import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

/// A test case with a directory of its own, and a small network in training.
class CheckpointTestCase: DirectoryTestCase {
    func path() -> String { path("checkpoint") }

    @discardableResult
    func write(_ bytes: [UInt8]) throws -> String { try write(bytes, "checkpoint") }

    /// The beginning of training.
    func beginning<Scalar: FloatingScalar>(
        _ network: String = "a small one", method: OptimizerMethod = .adam(), as type: Scalar.Type = Scalar.self
    ) -> Checkpoint<Scalar> {
        let module = Chain([DenseLayer("classifier.dense1", 3, 2), BatchNormalizationLayer("classifier.norm", channels: 2)])
        let parameters = module.initialParameters(seed: 1, as: Scalar.self)
        let optimizer = Optimizer(method, groups: [ParameterGroup(learningRate: 0.01)], for: parameters)
        return Checkpoint(parameters: parameters, optimizer: optimizer, network: network)
    }

    /// Trains for some iterations, with everything that a checkpoint holds in use.
    func train<Scalar: FloatingScalar>(_ checkpoint: inout Checkpoint<Scalar>, iterations: Int) {
        for _ in 0..<iterations {
            var source = checkpoint.random["batches"] ?? RandomSource(seed: .max - 5, stream: 3)
            let gradients = checkpoint.parameters.trainable.map { place in
                Tensor<Scalar>.normal(checkpoint.parameters.tensors[place].shape, from: &source)
            }
            checkpoint.random["batches"] = source
            checkpoint.optimizer.update(&checkpoint.parameters, gradients: gradients)
            checkpoint.iteration += 1
            var stopping = checkpoint.earlyStopping ?? EarlyStopping(patience: 5)
            _ = stopping.record(Double(globalNorm(gradients)), at: checkpoint.iteration)
            checkpoint.earlyStopping = stopping
        }
    }
}
