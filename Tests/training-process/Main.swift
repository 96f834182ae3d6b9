import CHeap
import LinearAlgebra
import NeuralNetworks
import Tensors

/// A process that does nothing but train a network, for `MemoryTests`: `training-process STEPS`. After each step it counts the blocks that the
/// pool has taken from the system so far, and the bytes in use of the heap: a line each, printed when all is done.
@main
enum Main {
    static func main() throws {
        let count = CommandLine.arguments.count == 2 ? Int(CommandLine.arguments[1]) ?? 0 : 0
        precondition(count > 0, "training-process: found \(CommandLine.arguments.dropFirst()), expected the number of steps")
        let step = makeStep()
        // Before anything is counted, as it is memory itself.
        var counts = [(blocks: Int, bytes: Int)](repeating: (0, 0), count: count)
        for i in 0..<count {
            try step()
            counts[i] = (StoragePool.statistics.systemAllocations, heap_bytes_in_use())
        }
        for (blocks, bytes) in counts { print(blocks, bytes) }
    }

    private static func makeStep() -> () throws -> Void {
        let network = ClassificationNetwork(
            NetworkConfiguration(transformer: .icstn, sampler: .linearized, channels: 3, side: 24, classes: 4))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        var trainer = Trainer(
            network,
            Checkpoint(
                parameters: parameters,
                optimizer: Optimizer(.adam(), groups: [ParameterGroup(prefix: "", learningRate: 1e-6)], for: parameters), network: ""))
        var random = RandomSource(seed: 2)
        let images: Tensor<Float> = .uniform([8, 3, 24, 24], in: 0..<1, from: &random)
        let labels = (0..<8).map { $0 % 4 }
        return { _ = try trainer.step(images, labels) }
    }
}
