import Cases
import Foundation
import LinWarp

/// What the linearized sampler's solvers cost, how exact they are, and how well they align.
extension SamplerOverhead {
    /// Forward with each solver, at matrices and at a grid of points.
    func reportSolvers(_ shape: SamplingCase.Shape) {
        for variable in [SamplingCase.Variable.matrices, .points] {
            print("\(shape), \(variable.rawValue), by solver")
            let samplers: [(String, any Sampler)] =
                LinearizedSampler.Solver.allCases.map { ($0.rawValue, LinearizedSampler(solver: $0)) }
                + [("bilinear", BilinearSampler(propagatesToImage: false))]
            let times = timed(samplers.map { SamplingCase($0.1, shape, .forward, variable) }, repetitions: 1)
            for (sampler, times) in zip(samplers, times) { print("  forward: \(sampler.0) \(Summary(times))") }
        }
    }

    /// The largest error of Float's values and slopes of an image of numbers from 0 to 1: their difference from Double's `.blas` under the same
    /// normals.
    func reportAccuracy() {
        let (count, side) = (8, 50)
        var random = RandomSource(seed: 1)
        let image = Tensor<Double>.uniform([count, 3, side, side], in: 0..<1, from: &random)
        let matrix = Matrix3.rotation(0.1) * Matrix3.scaling(0.9, 1.1)
        print("\(count)x3x\(side)x\(side), largest error in Float of values, and of slopes a pixel")
        for solver in LinearizedSampler.Solver.allCases {
            let normals = Tensor<Double>.normal([count, 7, 4, 1, 1], from: &random)
            var sampler = LinearizedSampler(noise: .normals(normals), solver: solver)
            if solver != .sharedNoise { sampler.noise = .normals(normals + Tensor.normal([side, side], from: &random)) }
            let single = sampler.linearization(
                of: image.cast(to: Float.self), at: SamplingGrid<Float>(matrix, height: side, width: side))
            if solver == .sharedNoise { sampler.noise = .normals(normals + Tensor.zeros([side, side])) }
            sampler.solver = .blas
            let exact = sampler.linearization(of: image, at: SamplingGrid<Double>(matrix, height: side, width: side))
            func error(_ found: Tensor<Float>, _ expected: Tensor<Double>) -> Double {
                (found.cast(to: Double.self) - expected).scalars.map { $0.magnitude }.max()!
            }
            let slopes = [error(single.slopeU!, exact.slopeU!), error(single.slopeV!, exact.slopeV!)].max()! * 2 / Double(side)
            print("  \(solver.rawValue): \(error(single.values, exact.values)), \(slopes)")
        }
    }

    /// How many of some scenes are found again in a turned, scaled and moved view of a quarter of their resolution, by the paper's search: Adam,
    /// 200 steps. `.blas` draws the noise of `.fused`, and ends where that does.
    func reportAlignment() throws {
        let (count, steps, size) = (80, 200, (height: 120, width: 160))
        let start = Matrix3.scaling(0.5, 0.5)
        var random = RandomSource(seed: 1)
        let truths = (0..<count).map { _ in
            let n = Tensor<Double>.normal([5], from: &random).scalars
            return Matrix3.translation(0.2 * n[0], 0.2 * n[1]) * Matrix3.rotation(.pi / 8 * n[2]) * start
                * Matrix3.scaling(exp2(0.25 * n[3]), exp2(0.25 * n[4]))
        }
        let sources = concatenate(
            (0..<count).map { ProceduralScene(seed: UInt32($0)).image(height: size.height, width: size.width) }
                .map { $0.reshaped([1] + $0.shape) }, axis: 0)
        let matrices = Tensor(truths.flatMap(\.elements).map { Float($0) }, shape: [count, 3, 3])
        let views = BilinearSampler().sample(
            sources, at: SamplingGrid<Float>(matrices: matrices, height: size.height, width: size.width))
        let targets = areaAveraged(views, height: size.height / 8, width: size.width / 8)
        print(
            "\(count) scenes, found again at a quarter of their resolution: share within 0.02, 0.1, 0.2; median distance of those within 0.2"
        )
        for regularization in [1e-3, 1] {
            for solver in [LinearizedSampler.Solver.fused, .sharedNoise] {
                let settings = AlignmentSettings.paper(
                    sampler: LinearizedSampler(regularization: regularization, solver: solver), optimizer: .adam(), initial: start,
                    iterations: steps)
                let distances = zip(try align(sources, toBatch: targets, settings), truths).map { $0.matrix.cornerDistance(to: $1) }
                let shares = [0.02, 0.1, 0.2].map { limit in Double(distances.count { $0 <= limit }) / Double(count) }
                print("  \(solver.rawValue), epsilon \(regularization): \(shares), \(Summary(distances.filter { $0 <= 0.2 }).median)")
            }
        }
    }
}
