import Glibc
import LinearAlgebra
import Sampling
import Tensors

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
        /// Nothing to go by: an image, or what of it counts, has no contrast beyond rounding. The search has not left the place.
        case noContrast = "no-contrast"
    }

    /// Why the search stopped. Whether to trust what it found, the verdict says.
    public var status: Status
    /// The family that was searched.
    public var family: TransformationFamily
    /// The family's parameters.
    public var parameters: [Double]
    /// The aspect ratios of the two images, in whose coordinates the parameters act.
    public var frame: Frame
    /// The mean squared difference over the pixels that count: in the paper's search at the beginning of each iteration, else that at the end.
    public var losses: [Double]
    /// In the paper's search the matrix before the first iteration and after each: one more than there were iterations. Else the one found.
    public var path: [Matrix3]

    /// How sure it is; nil after the paper's search, which does not say.
    public var confidence: AlignmentConfidence?

    /// Whether it worked; nil after the paper's search, which does not say.
    public var verdict: AlignmentConfidence.Verdict? { confidence?.verdict }

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
    /// A mask is not of its image's size.
    case wrongMaskSize(image: String, found: [Int], expected: [Int])
    /// No pixel of an image counts.
    case nothingCounts(image: String)

    public var description: String {
        switch self {
        case .initialMatrixOutsideFamily(let family):
            "the initial matrix is singular, not finite or mirrored: expected one near to the family \(family.rawValue)"
        case .wrongMaskSize(let image, let found, let expected):
            "the mask of the \(image): found the shape \(found), expected \(expected), as its image"
        case .nothingCounts(let image): "the mask of the \(image): found one that leaves out every pixel, expected one that leaves some"
        }
    }
}

/// Finds the transformation that, applied to `source`, gives `target`.
///
/// - Parameters:
///   - source: [C, H, W].
///   - target: [C, h, w], of any size. Of source and target one may have a single channel where the other has several: it is compared with
///     the combination of them that it is most like. Not in the paper's search.
///   - settings: How to search, and where to start.
/// - Returns: The transformation from normalized target to normalized source coordinates, and how the search went. Not to converge is a
///   status, not an error.
/// - Throws: `AlignmentError` where the search can't begin.
public func align<Scalar: FloatingScalar>(
    _ source: Tensor<Scalar>, to target: Tensor<Scalar>, _ settings: AlignmentSettings = AlignmentSettings()
) throws(AlignmentError) -> Alignment {
    precondition(
        source.rank == 3 && target.rank == 3,
        "align: found a source of \(source.shape) and a target of \(target.shape), expected [C, H, W] and [C, h, w]")
    return try align(source.reshaped([1] + source.shape), toBatch: target.reshaped([1] + target.shape), settings)[0]
}

/// Aligns several pairs of the same sizes at once, spread over the threads; each as it would be alone.
///
/// - Parameters:
///   - sources: [N, C, H, W].
///   - targets: [N, C, h, w]; of one channel, too, as in a single pair.
///   - settings: How to search, and where to start: the same for all.
/// - Throws: `AlignmentError` where the search can't begin.
public func align<Scalar: FloatingScalar>(
    _ sources: Tensor<Scalar>, toBatch targets: Tensor<Scalar>, _ settings: AlignmentSettings = AlignmentSettings()
) throws(AlignmentError) -> [Alignment] {
    let (s, t) = (sources.shape, targets.shape)
    let hasChannels = s.count == 4 && t.count == 4 && (s[1] == t[1] || settings.sampled == nil && min(s[1], t[1]) == 1)
    precondition(
        hasChannels && s[0] == t[0] && s[1...].allSatisfy { $0 > 0 } && t[1...].allSatisfy { $0 > 0 },
        "align: found sources of \(s) and targets of \(t), expected [N, C, H, W] and [N, C, h, w] with at least one pixel")
    guard let sampled = settings.sampled else { return try registered(sources, targets, settings) }
    let frame = Frame(sourceAspect: Double(s[3]) / Double(s[2]), targetAspect: Double(t[3]) / Double(t[2]))
    guard let initial = settings.family.parameters(nearestTo: frame.denormalized(sampled.initial)) else {
        throw .initialMatrixOutsideFamily(settings.family)
    }
    let start = Alignment(settings.family, initial, frame)
    return forEachPair(s[0]) { n in
        let objective = AlignmentObjective(
            source: sampled.sampler.prepare(sources[n..<n + 1]), target: targets[n..<n + 1], outside: sampled.outside)
        var alignment = start
        alignment.search(objective, sampled)
        return alignment
    }
}

/// Aligns each pair of a batch by registration.
private func registered<Scalar: FloatingScalar>(
    _ sources: Tensor<Scalar>, _ targets: Tensor<Scalar>, _ settings: AlignmentSettings
) throws(AlignmentError) -> [Alignment] {
    let (s, t) = (sources.shape, targets.shape)
    let frame = Frame(sourcePixels: (s[2], s[3]), targetPixels: (t[2], t[3]))
    if let initial = settings.start.matrix, settings.family.parameters(nearestTo: frame.denormalized(initial)) == nil {
        throw .initialMatrixOutsideFamily(settings.family)
    }
    let sourceCounts = try counts(settings.sourceMask, "source", [s[2], s[3]])
    let targetCounts = try counts(settings.targetMask, "target", [t[2], t[3]])
    return forEachPair(s[0]) { n in
        Registrar(
            source: sources[n..<n + 1].reshaped(Array(s[1...])).cast(to: Float.self), sourceCounts: sourceCounts,
            target: targets[n..<n + 1].reshaped(Array(t[1...])).cast(to: Float.self),
            targetCounts: targetCounts, frame: frame, settings: settings
        ).alignment()
    }
}

/// 1 where a mask lets a pixel count.
private func counts(_ mask: Tensor<Float>?, _ image: String, _ expected: [Int]) throws(AlignmentError) -> [UInt8]? {
    guard let mask else { return nil }
    guard mask.shape == expected else { throw .wrongMaskSize(image: image, found: mask.shape, expected: expected) }
    let counts = mask.scalars.map { $0 > 0.5 ? UInt8(1) : 0 }
    guard counts.contains(1) else { throw .nothingCounts(image: image) }
    return counts
}

private func forEachPair(_ count: Int, _ align: (Int) -> Alignment) -> [Alignment] {
    [Alignment](unsafeUninitializedCapacity: count) { results, initialized in
        let results = results.baseAddress!
        Threads.forEachPiece(of: count, size: 1) { piece in
            for n in piece { (results + n).initialize(to: align(n)) }
        }
        initialized = count
    }
}

extension Alignment {
    /// Before the first iteration.
    init(_ family: TransformationFamily, _ parameters: [Double], _ frame: Frame) {
        (status, self.family, self.parameters, self.frame, losses) = (.iterationLimit, family, parameters, frame, [])
        path = [frame.normalized(family.matrix(parameters))]
    }

    fileprivate mutating func search<Scalar: FloatingScalar>(_ objective: AlignmentObjective<Scalar>, _ settings: SampledSearch) {
        guard objective.hasContrast(at: matrix, seesAll: settings.sampler.drawsNoise) else {
            status = .noContrast
            return
        }
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
        // All slopes are zero: nothing says where to go.
        guard here.curvature.contains(where: { $0 != 0 }) else {
            status = .noContrast
            return false
        }
        return true
    }
}
