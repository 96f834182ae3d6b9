import Foundation
import LinearAlgebra
import Sampling
import Tensors

/// Noise that shrinks geometrically: wide at first, so that the slopes see far; narrow at the end, so that the place is found exactly.
public struct NoiseSchedule: Equatable, Sendable {
    /// The noise at first, in target pixels; nil for a sixth of the target's shorter side.
    public var first: Double?
    /// The noise at last, in target pixels.
    public var last: Double

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

/// How an alignment is searched for.
public struct AlignmentSettings: Sendable {
    /// How the parameters are improved.
    public enum Optimizer: Sendable {
        /// Levenberg-Marquardt on the per-pixel slopes; a sampler that draws noise is given the schedule's.
        case levenbergMarquardt(NoiseSchedule = NoiseSchedule())
        /// Adam on the gradient of the mean squared difference, the sampler's noise as it is: the paper's way.
        case adam(learningRate: Double = 0.02)
    }

    /// The family that is searched.
    public var family: TransformationFamily
    /// How the source is sampled.
    public var sampler: any Sampler
    public var optimizer: Optimizer
    /// Where the search starts: the family's nearest to this matrix from normalized target to normalized source coordinates.
    public var initial: Matrix3
    /// The most iterations.
    public var iterations: Int
    /// The search has converged once an iteration moves no corner of the target by more than this, in normalized source coordinates.
    public var tolerance: Double
    /// Whether target pixels outside of the source count, as the paper's experiments try it.
    package var outside = OutsidePixels.leftOut

    /// The default sampler is the linearized one, regularized by one squared source pixel.
    public init(
        family: TransformationFamily = .affine, sampler: any Sampler = LinearizedSampler(regularization: 1),
        optimizer: Optimizer = .levenbergMarquardt(), initial: Matrix3 = .identity, iterations: Int = 60, tolerance: Double = 1e-5
    ) {
        precondition(iterations >= 0, "AlignmentSettings: found \(iterations) iterations, expected at least 0")
        self.family = family
        self.sampler = sampler
        self.optimizer = optimizer
        self.initial = initial
        self.iterations = iterations
        self.tolerance = tolerance
    }
}

/// What an alignment has found.
public struct Alignment: Sendable {
    /// Why the search stopped.
    public enum Status: String, Sendable, Codable {
        /// An iteration moved no corner by more than the tolerance.
        case converged
        /// The iterations were used up.
        case iterationLimit = "iteration-limit"
        /// No target pixel falls into the source any more.
        case noOverlap = "no-overlap"
        /// The difference is not a finite number: the images hold a NaN or an infinity.
        case notFinite = "not-finite"
    }

    public var status: Status
    public var family: TransformationFamily
    /// The family's parameters.
    public var parameters: [Double]
    /// The aspect ratios of the two images, in whose coordinates the parameters act.
    public var frame: Frame
    /// The mean squared difference at the beginning of each iteration, over the pixels whose centre falls into the source.
    public var losses: [Double]
    /// The matrix before the first iteration and after each: one more than there were iterations.
    public var path: [Matrix3]

    /// The transformation found, from normalized target to normalized source coordinates.
    public var matrix: Matrix3 { frame.normalized(family.matrix(parameters)) }

    /// Where the target's corners (upper left, upper right, lower right, lower left) lie in normalized source coordinates, along `path`.
    public var cornerPath: [[(x: Double, y: Double)]] { path.map(\.corners) }

    /// The transformation found, as a batch of one.
    public func transformation<Scalar: FloatingScalar>(as type: Scalar.Type = Scalar.self) -> Transformation<Scalar> {
        Transformation(family, parameters: Tensor(parameters.map { Scalar($0) }, shape: [1, parameters.count]), frame: frame)
    }
}

/// An alignment that can't begin.
public enum AlignmentError: Error, Equatable, CustomStringConvertible {
    /// No transformation of the family is near the initial matrix: it is singular, not finite, or mirrors and the family can't.
    case initialMatrixOutsideFamily(TransformationFamily)

    public var description: String {
        switch self {
        case .initialMatrixOutsideFamily(let family):
            "the initial matrix is singular, not finite or mirrored: expected one near to the family \(family.rawValue)"
        }
    }
}

/// Finds the transformation that, applied to `source`, gives `target`.
///
/// - Parameters:
///   - source: [C, H, W].
///   - target: [C, h, w], of any size.
///   - settings: How to search, and where to start.
/// - Returns: The transformation from normalized target to normalized source coordinates, and how the search went. Not to converge is a
///   status, not an error.
/// - Throws: `AlignmentError` where the search can't begin.
public func align<Scalar: FloatingScalar>(
    _ source: Tensor<Scalar>, to target: Tensor<Scalar>, _ settings: AlignmentSettings = AlignmentSettings()
) throws(AlignmentError) -> Alignment {
    precondition(
        source.rank == 3 && target.rank == 3 && source.shape[0] == target.shape[0],
        "align: found a source of \(source.shape) and a target of \(target.shape), expected [C, H, W] and [C, h, w]")
    return try align(source.reshaped([1] + source.shape), toBatch: target.reshaped([1] + target.shape), settings)[0]
}

/// Aligns several pairs of the same sizes at once, spread over the threads; each as it would be alone.
///
/// - Parameters:
///   - sources: [N, C, H, W].
///   - targets: [N, C, h, w].
///   - settings: How to search, and where to start: the same for all.
/// - Throws: `AlignmentError` where the search can't begin.
public func align<Scalar: FloatingScalar>(
    _ sources: Tensor<Scalar>, toBatch targets: Tensor<Scalar>, _ settings: AlignmentSettings = AlignmentSettings()
) throws(AlignmentError) -> [Alignment] {
    let (s, t) = (sources.shape, targets.shape)
    precondition(
        s.count == 4 && t.count == 4 && s[..<2] == t[..<2] && s[1...].allSatisfy { $0 > 0 } && t[1...].allSatisfy { $0 > 0 },
        "align: found sources of \(s) and targets of \(t), expected [N, C, H, W] and [N, C, h, w] with at least one pixel")
    let frame = Frame(sourceAspect: Double(s[3]) / Double(s[2]), targetAspect: Double(t[3]) / Double(t[2]))
    guard let initial = settings.family.parameters(nearestTo: frame.denormalized(settings.initial)) else {
        throw .initialMatrixOutsideFamily(settings.family)
    }
    let start = Alignment(
        status: .iterationLimit, family: settings.family, parameters: initial, frame: frame, losses: [],
        path: [frame.normalized(settings.family.matrix(initial))])
    return [Alignment](unsafeUninitializedCapacity: s[0]) { results, count in
        let results = results.baseAddress!
        Threads.forEachPiece(of: s[0], size: 1) { piece in
            for n in piece {
                let objective = AlignmentObjective(
                    source: settings.sampler.prepare(sources[n..<n + 1]), target: targets[n..<n + 1], outside: settings.outside)
                var alignment = start
                alignment.search(objective, settings)
                (results + n).initialize(to: alignment)
            }
        }
        count = s[0]
    }
}

extension Alignment {
    fileprivate mutating func search<Scalar: FloatingScalar>(_ objective: AlignmentObjective<Scalar>, _ settings: AlignmentSettings) {
        switch settings.optimizer {
        case .levenbergMarquardt(let schedule): searchByLevenbergMarquardt(objective, settings, schedule)
        case .adam(let learningRate): searchByAdam(objective, settings, learningRate)
        }
    }

    /// Goes to other parameters; says by how much the farthest corner moved.
    mutating func move(to parameters: [Double]) -> Double {
        let before = matrix
        self.parameters = parameters
        path.append(matrix)
        return zip(before.corners, matrix.corners).map { max(abs($0.x - $1.x), abs($0.y - $1.y)) }.max()!
    }

    /// Notes the loss at the beginning of an iteration; false where the search has to stop.
    mutating func record<Scalar: FloatingScalar>(_ here: AlignmentObjective<Scalar>.Evaluation) -> Bool {
        guard here.overlap > 0 else {
            status = .noOverlap
            return false
        }
        guard here.loss.isFinite else {
            status = .notFinite
            return false
        }
        losses.append(here.loss)
        return true
    }
}
