import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// An objective at one width of the noise. While samples spread over many target pixels, fewer of these say as much: the target is then
/// averaged to fewer, larger ones.
struct NoiseLevel<Scalar: FloatingScalar> {
    let objective: AlignmentObjective<Scalar>
    private let sampler: any Sampler
    /// How many target pixels along each side one of this level stands for.
    private let factor: Double
    private let sigma: Double

    /// Whether the target is as it was given.
    var isFinest: Bool { factor == 1 }

    init(_ full: AlignmentObjective<Scalar>, _ sampler: any Sampler, sigma: Double, after previous: NoiseLevel? = nil) {
        factor = sampler.drawsNoise ? max(1, exp2(log2(sigma / sigmaPerLevel).rounded(.down))) : 1
        self.sigma = sigma
        self.sampler = sampler.withNoise(sigma: sigma / factor)
        if factor == 1 {
            objective = full
        } else if let previous, previous.factor == factor {
            objective = previous.objective
        } else {
            let (height, width) = (Double(full.target.shape[2]), Double(full.target.shape[3]))
            objective = AlignmentObjective(
                source: full.source,
                target: areaAveraged(
                    full.target, height: max(1, Int((height / factor).rounded())), width: max(1, Int((width / factor).rounded()))),
                outside: full.outside)
        }
    }

    /// The objective and the sampler that it was evaluated with. Noise blurs the values. Once it is narrow, the values at the very
    /// positions may explain the target better, as they do near the solution where the target is sharp: then these are taken, and the
    /// noise only shapes the slopes.
    func evaluate(_ matrix: Matrix3, _ derivatives: [Matrix3], call: Int) -> (AlignmentObjective<Scalar>.Evaluation, any Sampler) {
        let blurred = objective.evaluate(matrix, derivatives, sampler: sampler, call: call)
        guard sigma <= sharpSigma && sampler.drawsNoise else { return (blurred, sampler) }
        let sharp = objective.evaluate(matrix, derivatives, sampler: sampler.unblurred, call: call)
        return sharp.loss < blurred.loss ? (sharp, sampler.unblurred) : (blurred, sampler)
    }
}

/// σ, in pixels of a level, from which on the next coarser level is taken.
private let sigmaPerLevel = 4.0

/// σ, in target pixels, up to which values that the noise does not blur are tried.
private let sharpSigma = 2.0
