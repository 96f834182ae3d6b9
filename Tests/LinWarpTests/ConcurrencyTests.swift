import LinWarp
import TestSupport
import XCTest

/// The library called from several tasks at once: under the thread sanitizer a race is a finding, and everywhere results are those of one call at
/// a time.
final class ConcurrencyTests: XCTestCase {
    /// What one task does, as numbers that say what it got.
    private enum Work: Int, CaseIterable {
        case alignment, bilinear, multiScale, linearized, training, warp, tensors

        func result(seed: Int) throws -> [Double] {
            let scene = ProceduralScene().image(height: 96, width: 128)
            let matrix = Matrix3.translation(0.02 * Double(seed), 0.05) * .rotation(0.1) * .scaling(0.8, 0.8)
            let grid = SamplingGrid<Float>(matrix, height: 64, width: 64)
            let view = BilinearSampler().sample(scene[.newAxis, .ellipsis], at: grid)[0, .ellipsis]
            switch self {
            case .alignment: return try align(scene, to: view, AlignmentSettings(family: .affine)).parameters
            case .bilinear: return slopes(BilinearSampler(), scene, matrix)
            case .multiScale: return slopes(MultiScaleSampler(), scene, matrix)
            case .linearized: return slopes(LinearizedSampler(noise: .seed(UInt64(seed))), scene, matrix)
            case .training: return try losses(seed: UInt64(seed))
            case .warp: return resampled(scene, matrix, height: 30, width: 40).scalars.map(Double.init)
            case .tensors:
                let x = scene[0, .ellipsis]
                return einsum("ij,kj->ik", x, x.sorted(axis: 1)).cumulativeSum(axis: 0).scalars.map(Double.init)
            }
        }

        private func slopes(_ sampler: some Sampler, _ scene: Tensor<Float>, _ matrix: Matrix3) -> [Double] {
            let matrices = Tensor(matrix.elements.map { Float($0) }, shape: [1, 3, 3])
            let (value, gradient) = valueWithGradient(at: matrices) { matrices in
                let grid = SamplingGrid(matrices: matrices, height: 48, width: 48)
                return sampler.sample(scene[.newAxis, .ellipsis], at: grid, call: 3).squared().sum()
            }
            return (value.scalars + gradient.scalars).map(Double.init)
        }

        private func losses(seed: UInt64) throws -> [Double] {
            let network = ClassificationNetwork(
                NetworkConfiguration(
                    architecture: .linLucey, transformer: .stn, sampler: .linearized, channels: 1, side: 24, classes: 3))
            let parameters = network.initialParameters(seed: seed, as: Float.self)
            let optimizer = Optimizer<Float>(.adam(), groups: [ParameterGroup(learningRate: 1e-3)], for: parameters)
            var trainer = Trainer(network, Checkpoint(parameters: parameters, optimizer: optimizer, network: ""))
            var random = RandomSource(seed: seed)
            let images = Tensor<Float>.uniform([4, 1, 24, 24], in: 0..<1, from: &random)
            return try (0..<2).map { _ in try trainer.step(images, [0, 1, 2, 0]) }
        }
    }

    func testTasksGetWhatSingleCallsGet() async throws {
        let seeds = 0..<3
        let alone = try Work.allCases.map { work in try seeds.map { try work.result(seed: $0) } }
        let together = try await withThrowingTaskGroup(of: (Work, Int, [Double]).self) { group in
            for work in Work.allCases { for seed in seeds { group.addTask { (work, seed, try work.result(seed: seed)) } } }
            var results = alone.map { $0.map { _ in [Double]() } }
            for try await (work, seed, result) in group { results[work.rawValue][seed] = result }
            return results
        }
        for work in Work.allCases { XCTAssertEqual(together[work.rawValue], alone[work.rawValue], "\(work)") }
    }
}
