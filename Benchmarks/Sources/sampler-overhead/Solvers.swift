import Cases
import LinWarp

/// What the linearized sampler's solvers cost, and how exact they are.
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
}
