import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class TrainerTests: XCTestCase {
    /// Whole steps of every network, and the losses they find.
    func testSameBitsOnAnyNumberOfThreads() throws {
        let images: Tensor<Float> = randomTensor([9, 3, 24, 24], in: 0..<1)
        let labels = (0..<9).map { $0 % 4 }
        for architecture in [NetworkConfiguration.Architecture.paper, .linLucey] {
            for transformer in NetworkConfiguration.Transformer.allCases {
                let network = ClassificationNetwork(
                    NetworkConfiguration(
                        architecture: architecture, transformer: transformer, sampler: .linearized, channels: 3, side: 24, classes: 4))
                func train(_ threads: Int) throws -> (losses: [Double], checkpoint: Checkpoint<Float>) {
                    try Threads.with(count: threads) {
                        let parameters = network.initialParameters(seed: 1, as: Float.self)
                        let optimizer = Optimizer<Float>(.adam(), groups: [ParameterGroup(learningRate: 1e-4)], for: parameters)
                        var trainer = Trainer(
                            network, Checkpoint(parameters: parameters, optimizer: optimizer, network: ""), largestGradient: 1)
                        let losses = try (0..<3).map { _ in try trainer.step(images, labels) }
                        return (losses, trainer.checkpoint)
                    }
                }
                let one = try train(1)
                for threads in 2...3 {
                    let found = try train(threads)
                    XCTAssertEqual(found.losses, one.losses, "\(architecture), \(transformer), \(threads) threads")
                    XCTAssertEqual(found.checkpoint, one.checkpoint, "\(architecture), \(transformer), \(threads) threads")
                }
            }
        }
    }
}
