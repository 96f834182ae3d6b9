import LinearAlgebra
import Sampling
import Tensors

extension Alignment {
    /// Levenberg-Marquardt: damped Gauss-Newton steps, the damping lowered after a step that lowers the loss, raised after one that does not.
    /// Both losses are taken with the same noise, so that the comparison sees the step alone.
    mutating func searchByLevenbergMarquardt<Scalar: FloatingScalar>(
        _ objective: AlignmentObjective<Scalar>, _ options: AlignmentSettings, _ schedule: NoiseSchedule
    ) {
        var damping = 1e-3
        for iteration in 0..<options.iterations {
            let sampler = options.sampler.withNoise(sigma: schedule.sigma(iteration, of: options.iterations))
            let here = objective.evaluate(parameters, sampler: sampler, call: iteration)
            guard record(here.loss, here.overlap) else { return }
            var moved = 0.0
            for _ in 0..<attempts {
                guard let step = dampedStep(here.gradient, here.curvature, damping) else {
                    damping *= raise
                    continue
                }
                let there = zip(parameters, step).map(+)
                let (loss, overlap) = objective.loss(there, sampler: sampler, call: iteration)
                if loss < here.loss && overlap > leastOverlap * here.overlap {
                    moved = move(to: there)
                    damping = max(damping / lower, 1e-7)
                    break
                }
                damping = min(damping * raise, 1e7)
            }
            if moved == 0 { path.append(matrix) }
            if moved <= options.tolerance && iteration >= options.iterations / 2 {
                status = .converged
                return
            }
        }
    }

    /// Notes an iteration's loss; false where the search has to stop.
    mutating func record(_ loss: Double, _ overlap: Double) -> Bool {
        guard overlap > 0 else {
            status = .noOverlap
            return false
        }
        guard loss.isFinite else {
            status = .notFinite
            return false
        }
        losses.append(loss)
        return true
    }
}

private let attempts = 3
private let raise = 8.0
private let lower = 4.0
/// A step that leaves less than this share of the pixels inside the source is not an improvement, whatever its loss.
private let leastOverlap = 0.7

/// The solution of (H + damping · diag H) step = -gradient; nil where that is not positive definite.
private func dampedStep(_ gradient: [Double], _ curvature: [Double], _ damping: Double) -> [Double]? {
    let count = gradient.count
    var matrix = curvature
    var step = gradient.map { -$0 }
    for j in 0..<count { matrix[j * count + j] += damping * curvature[j * count + j] }
    let solved: Void? = try? matrix.withUnsafeMutableBufferPointer { matrix throws(LinearAlgebraError) in
        try step.withUnsafeMutableBufferPointer { step throws(LinearAlgebraError) in
            try solvePositiveDefinite(count: 1, n: count, rightHandSides: 1, matrix.baseAddress!, step.baseAddress!)
        }
    }
    return solved != nil && step.allSatisfy(\.isFinite) ? step : nil
}
