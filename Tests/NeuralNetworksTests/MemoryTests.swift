import Foundation
import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class MemoryTests: XCTestCase {
    /// After the first steps a training lives on the memory that it has: the pool takes no block more from the system.
    func testTrainingTakesNoMemoryAfterItsFirstSteps() throws {
        try skip(under: .address, .thread, because: "each tensor gets a block of its own from the system")
        XCTAssertEqual(try growth(after: 5).blocks, 0)
    }

    /// Nor does the process as a whole; on one thread, as a new thread is memory too. Its small objects come to lie in another order in each
    /// step: it takes more steps until the heap has had the worst one.
    func testProcessDoesNotGrow() throws {
        try skip(under: .address, .thread, because: "the process has the sanitizer's memory too")
        XCTAssertEqual(try Threads.with(count: 1) { try growth(after: 60) }.kilobytes, 0)
    }

    /// By how much pool and process grow within 20 training steps of two networks each, after some first ones. Where one of the process's other
    /// threads ends meanwhile, and gives back its stack, 20 more are measured.
    private func growth(after first: Int) throws -> (blocks: Int, kilobytes: Int) {
        let steps = [NetworkConfiguration.Transformer.stn, .icstn].map(makeStep)
        func train(_ count: Int) throws { for step in steps { for _ in 0..<count { try step() } } }
        try train(first)
        while true {
            let (blocks, before) = (StoragePool.statistics.systemAllocations, try status())
            try train(20)
            let after = try status()
            guard after.threads == before.threads else { continue }
            return (StoragePool.statistics.systemAllocations - blocks, after.kilobytes - before.kilobytes)
        }
    }

    private func makeStep(_ transformer: NetworkConfiguration.Transformer) -> () throws -> Void {
        let network = ClassificationNetwork(
            NetworkConfiguration(transformer: transformer, sampler: .linearized, channels: 3, side: 24, classes: 4))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        var trainer = Trainer(
            network,
            Checkpoint(
                parameters: parameters,
                optimizer: Optimizer(.adam(), groups: [ParameterGroup(prefix: "", learningRate: 1e-6)], for: parameters), network: ""))
        let images: Tensor<Float> = randomTensor([8, 3, 24, 24])
        let labels = (0..<8).map { $0 % 4 }
        return { _ = try trainer.step(images, labels) }
    }

    /// Kilobytes of data that the process has from the system, and how many threads it has.
    private func status() throws -> (kilobytes: Int, threads: Int) {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let match = try XCTUnwrap(status.firstMatch(of: /VmData:\s+(\d+) kB[^$]*Threads:\s+(\d+)/))
        return (try XCTUnwrap(Int(match.1)), try XCTUnwrap(Int(match.2)))
    }
}
