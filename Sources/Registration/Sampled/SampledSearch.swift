import Glibc
import Sampling

/// Noise that shrinks geometrically: wide at first, so that the slopes see far; narrow at the end, so that the place is found exactly.
public struct NoiseSchedule: Equatable, Sendable {
    /// The noise at first, in target pixels; nil for a sixth of the target's shorter side.
    public var first: Double?
    /// The noise at last, in target pixels.
    public var last: Double

    /// - Parameters:
    ///   - first: The noise at first, in target pixels; nil for a sixth of the target's shorter side.
    ///   - last: The noise at last, in target pixels.
    public init(first: Double? = nil, last: Double = 0.5) {
        precondition(
            (first ?? 1) > 0 && last > 0, "NoiseSchedule: found \(first ?? 1) and \(last) target pixels, expected positive numbers")
        self.first = first
        self.last = last
    }

    /// The noise at a point of the search's progress, 0...1.
    func sigma(at progress: Double, targetSide: Double) -> Double {
        let first = max(last, self.first ?? targetSide / 6)
        return first * pow(last / first, progress)
    }
}

/// A search by a sampler's slopes, from one start.
public struct SampledSearch: Sendable {
    /// How the parameters are improved.
    public enum Optimizer: Sendable {
        /// Levenberg-Marquardt on the per-pixel slopes; a sampler that draws noise is given the schedule's.
        case levenbergMarquardt(NoiseSchedule = NoiseSchedule())
        /// Adam on the gradient of the mean squared difference, the sampler's noise as it is: the paper's way.
        case adam(learningRate: Double = 0.02)
    }

    /// How the source is sampled.
    public var sampler: any Sampler
    /// How the parameters are improved.
    public var optimizer: Optimizer
    /// Where the search starts: the family's nearest to this matrix from normalized target to normalized source coordinates.
    public var initial: Matrix3
    /// The most iterations.
    public var iterations: Int
    /// The search has converged once an iteration moves no corner of the target by more than this, in normalized source coordinates.
    public var tolerance: Double
    /// Whether target pixels outside of the source count, as the paper's experiments try it.
    package var outside = OutsidePixels.leftOut
}
