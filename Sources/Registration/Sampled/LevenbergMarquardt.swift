import Glibc
import LinearAlgebra
import Sampling
import Tensors

extension Alignment {
    /// Levenberg-Marquardt while the sampler's noise shrinks. With noise, the search first explores: it starts from several turns and
    /// scales of the initial transformation, where the widest noise leaves few pixels to look at, and goes on from the best.
    mutating func searchByLevenbergMarquardt<Scalar: FloatingScalar>(
        _ objective: AlignmentObjective<Scalar>, _ settings: SampledSearch, _ schedule: NoiseSchedule
    ) {
        let side = Double(min(objective.target.shape[2], objective.target.shape[3]))
        let exploring = settings.sampler.drawsNoise ? Int(Double(settings.iterations) * exploration) : 0
        if exploring > 0 {
            let sigma = schedule.sigma(at: 0, targetSide: side)
            let level = NoiseLevel(objective, settings.sampler, sigma: sigma)
            let explored = starts().map { start in
                var search = LevenbergMarquardtSearch(alignment: start)
                for iteration in 0..<exploring { search.iterate(level, as: .stage(0, of: family), call: iteration) }
                return search.alignment
            }
            self = explored.min { $0.explorationLoss < $1.explorationLoss }!
            guard status == .iterationLimit else { return }
        }
        var search = LevenbergMarquardtSearch(alignment: self)
        var level: NoiseLevel<Scalar>?
        for iteration in exploring..<settings.iterations {
            let progress = Double(iteration - exploring) / Double(max(1, settings.iterations - exploring - 1))
            let sigma = schedule.sigma(at: progress, targetSide: side)
            level = NoiseLevel(objective, settings.sampler, sigma: sigma, after: level)
            let stage = TransformationFamily.stage(settings.sampler.drawsNoise ? progress : 1, of: family)
            let moved = search.iterate(level!, as: stage, call: iteration)
            if search.alignment.status != .iterationLimit { break }
            if moved <= settings.tolerance && stage == family && level!.isFinest {
                search.alignment.status = .converged
                break
            }
        }
        self = search.alignment
    }

    /// The initial transformation, and it turned and scaled.
    private func starts() -> [Alignment] {
        guard family.closure.includes(.euclidean) else { return [self] }
        let scales = family.closure.includes(.similarity) ? [0.0, -startScale, startScale] : [0.0]
        return [0, -startAngle, startAngle].flatMap { (angle: Double) -> [Alignment] in
            scales.compactMap { scale -> Alignment? in
                let change = TransformationFamily.similarity.matrix([angle, scale, 0, 0])
                guard let start = family.parameters(nearestTo: family.matrix(parameters) * change) else { return nil }
                var alignment = self
                alignment.parameters = start
                return alignment
            }
        }
    }

    private var explorationLoss: Double { status == .noContrast ? .infinity : losses.last ?? .infinity }
}

/// The state of one search.
struct LevenbergMarquardtSearch {
    var alignment: Alignment
    private var damping = 1e-3

    init(alignment: Alignment) {
        self.alignment = alignment
    }

    /// One damped Gauss-Newton step: the damping is lowered after a step that lowers the loss, raised after one that does not. Both losses
    /// are taken with the same noise, so that the comparison sees the step alone.
    /// - Returns: By how much the corners moved; infinity where no step was found to be better.
    @discardableResult
    mutating func iterate<Scalar: FloatingScalar>(_ level: NoiseLevel<Scalar>, as stage: TransformationFamily, call: Int) -> Double {
        guard alignment.status == .iterationLimit else { return 0 }
        let step = StagedStep(alignment, stage)
        let (here, sampler) = level.evaluate(alignment.matrix, step.derivatives, call: call)
        guard alignment.record(here) else { return 0 }
        for _ in 0..<attempts {
            if let change = dampedStep(here.gradient, here.curvature, damping), let there = step.parameters(after: change) {
                let trial = level.objective.evaluate(
                    alignment.frame.normalized(alignment.family.matrix(there)), [], sampler: sampler, call: call)
                if trial.loss < here.loss && trial.overlap > leastOverlap * here.overlap {
                    damping = max(damping / lower, leastDamping)
                    return alignment.move(to: there)
                }
            }
            damping = min(damping * raise, mostDamping)
        }
        _ = alignment.move(to: alignment.parameters)
        return .infinity
    }
}

/// The share of the iterations that explore, and how far its starts are apart: radians and log₂ of the scale.
private let exploration = 0.25
private let startAngle = 0.5
private let startScale = 0.5

private let attempts = 3
private let raise = 8.0
private let lower = 4.0
private let leastDamping = 1e-7
/// Low enough that a few good steps undo it: boundary pixels that come and go can spoil a step at one width of the noise, not at the next.
private let mostDamping = 10.0
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
