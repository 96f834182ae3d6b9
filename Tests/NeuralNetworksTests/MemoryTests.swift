import Foundation
import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class MemoryTests: XCTestCase {
    /// After the first steps a training lives on the memory that it has: the pool takes no block more from the system.
    func testTrainingTakesNoMemoryAfterItsFirstSteps() throws {
        try skipUnderSanitizers(because: "each tensor gets a block of its own from the system")
        let (blocks, _) = try growth(steps: 20)
        XCTAssertEqual(blocks, 0)
    }

    /// Nor does the process as a whole; on one thread, as a new thread is memory too.
    func testProcessDoesNotGrow() throws {
        try skipUnderSanitizers(because: "the process has the sanitizer's memory too")
        let (_, kilobytes) = try Threads.with(count: 1) { try growth(steps: 20) }
        XCTAssertEqual(kilobytes, 0)
    }

    /// By how much training steps after a few first ones make pool and process grow.
    private func growth(steps: Int) throws -> (blocks: Int, kilobytes: Int) {
        var growth = (blocks: 0, kilobytes: 0)
        for transformer in [NetworkConfiguration.Transformer.stn, .icstn] {
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
            func step() throws { _ = try trainer.step(images, labels) }
            for _ in 0..<5 { try step() }
            let (blocks, data) = (StoragePool.statistics.systemAllocations, try dataSize())
            for _ in 0..<steps { try step() }
            growth.blocks += StoragePool.statistics.systemAllocations - blocks
            growth.kilobytes += try dataSize() - data
        }
        return growth
    }

    /// Kilobytes of data that the process has from the system.
    private func dataSize() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let match = try XCTUnwrap(status.firstMatch(of: /VmData:\s+(\d+) kB/))
        return try XCTUnwrap(Int(match.1))
    }
}
