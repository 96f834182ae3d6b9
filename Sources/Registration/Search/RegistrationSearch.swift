import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// Where a search started from, and how it went.
public struct AlignmentStart: Sendable {
    /// How it was found.
    public enum Origin: String, Sendable, Codable {
        /// The matrix that was given, or the identity.
        case given
        /// Keypoints that agree.
        case features
        /// Keypoints that agree where opposite gradients count as the same.
        case unsignedFeatures = "unsigned-features"
        /// A turned, scaled and shifted small version of the source that correlates with the target's.
        case correlation
    }

    /// How it was found.
    public var origin: Origin
    /// Normalized target to normalized source coordinates.
    public var matrix: Matrix3
    /// The logarithm of how much likelier it makes a small version of the target than no source at all, after a few steps from there.
    public var evidence: Double
}

/// From starts to a place: the best go on at twice the size with fewer, down to the full size.
struct RegistrationSearch {
    /// In which all is done but the end.
    let grey: PyramidPair
    private let family: TransformationFamily
    private let frame: Frame
    private(set) var starts: [AlignmentStart] = []

    init(grey: PyramidPair, _ family: TransformationFamily, _ frame: Frame) {
        (self.grey, self.family, self.frame) = (grey, family, frame)
    }

    /// The keypoints of both images.
    func features() -> (source: Features, target: Features) {
        let both = [Features](unsafeUninitializedCapacity: 2) { both, count in
            nonisolated(unsafe) let base = both.baseAddress!
            Threads.forEachPiece(of: 2, size: 1) { piece in
                for i in piece { (base + i).initialize(to: Features(i == 0 ? grey.source : grey.target)) }
            }
            count = 2
        }
        return (both[0], both[1])
    }

    /// Starts after a few steps at ever larger sizes, the best first, those that come to the same place once.
    ///
    /// - Parameter earlier: What an earlier attempt has come to.
    mutating func best(of matrices: [(AlignmentStart.Origin, Matrix3)], including earlier: Refinement?) -> [Refinement] {
        var level = grey.target.level(shorterSide: matrices.count > 6 ? 20 : 40)
        let begun = matrices.compactMap { origin, matrix in Refinement(family, frame, at: matrix).map { (origin, matrix, $0) } }
        var candidates = stepped(begun.map(\.2), at: level, steps: 6)
        starts += zip(begun, candidates).map { AlignmentStart(origin: $0.0, matrix: $0.1, evidence: $1.evidence) }
        if let earlier { candidates += stepped([earlier], at: level, steps: 2) }
        var kept = 12
        while true {
            candidates = Array(distinct(candidates).prefix(kept))
            guard level > 0, grey.target.levels[level].shorterSide < 100, !candidates.isEmpty else { return candidates }
            level -= 1
            kept = max(3, kept / 2)
            candidates = stepped(candidates, at: level, steps: 4)
        }
    }

    private func stepped(_ candidates: [Refinement], at level: Int, steps: Int) -> [Refinement] {
        [Refinement](unsafeUninitializedCapacity: candidates.count) { results, count in
            nonisolated(unsafe) let base = results.baseAddress!
            Threads.forEachPiece(of: candidates.count, size: 1) { piece in
                for i in piece {
                    var candidate = candidates[i]
                    candidate.refine(on: grey.level(level, under: candidate.matrix), steps: steps, tolerance: 0.05)
                    (base + i).initialize(to: candidate)
                }
            }
            count = candidates.count
        }
    }

    private func distinct(_ candidates: [Refinement]) -> [Refinement] {
        var kept: [Refinement] = []
        let order = candidates.indices.sorted { (candidates[$1].evidence, $0) < (candidates[$0].evidence, $1) }
        for candidate in order.map({ candidates[$0] }) where candidate.evidence.isFinite && candidate.evidence > 0 {
            if !kept.contains(where: { $0.matrix.cornerDistance(to: candidate.matrix) < 0.05 }) { kept.append(candidate) }
        }
        return kept
    }

    /// Down to half the full size.
    func refined(_ start: Refinement, on pair: PyramidPair) -> Refinement {
        var refinement = start
        for level in (min(1, pair.target.levels.count - 1)...max(1, pair.target.level(shorterSide: 100))).reversed()
        where level < pair.target.levels.count {
            refinement.refine(on: { pair.view(level, from: $0) }, steps: 5, tolerance: 0.02, weighings: 1)
        }
        return refinement
    }

    /// How well the images agree there.
    func assessment(_ refinement: Refinement, on pair: PyramidPair) -> Assessment {
        // Fine structure drowns in noise first: the level that says more.
        let levels = (0..<min(2, pair.target.levels.count)).map { level in
            let view = pair.view(level, from: refinement.matrix)
            return Assessment(Agreement(view.moments(refinement.matrix, nil), view))
        }
        return levels.max { $0.surprise < $1.surprise }!
    }

    /// With all channels, until no corner moves any more.
    ///
    /// - Parameter assessment: Of the start.
    func finished(_ start: Refinement, _ assessment: Assessment, on full: PyramidPair, runnerUp: Double?) -> Alignment {
        var refinement = start
        let pair = refinement.refine(on: { full.view(0, from: $0) }, steps: 8, tolerance: 1e-3, weighings: 2)
        var result = Alignment(family, refinement.parameters, frame)
        result.status = refinement.lastMove <= 1e-3 ? .converged : .iterationLimit
        let moments = refinement.moments
        result.losses = [moments.meanSquare]
        let channels = pair.source.channels
        let tiles = pair.tiles.indices.map { Array(moments[$0 * channels..<($0 + 1) * channels]) }
        let derivatives = family.matrixDerivatives(refinement.parameters).map { frame.normalized($0).elements }
        var confidence = AlignmentConfidence.none(channels: channels)
        (confidence.verdict, confidence.overlap) = (assessment.verdict, assessment.agreement.overlap)
        confidence.correlation = assessment.agreement.explained.squareRoot()
        confidence.steadyTiles = assessment.agreement.steady
        (confidence.runnerUp, confidence.starts) = (runnerUp, starts)
        let light = (0..<channels).map { c in tiles.map { $0[c] }.light }
        (confidence.gain, confidence.bias) = (light.map(\.gain), light.map(\.bias))
        if let covariance = covariance(tiles, pair.derivatives(family, refinement.parameters, frame)) {
            confidence.covariance = covariance
            confidence.cornerDeviations = cornerDeviations(
                covariance, derivatives, refinement.matrix, height: full.source.levels[0].height, width: full.source.levels[0].width)
        }
        // As well elsewhere, or not held by what is seen.
        let farthest = confidence.cornerDeviations?.max() ?? .infinity
        let side = Double(max(full.source.levels[0].height, full.source.levels[0].width))
        let isHeld = 2 * farthest < 0.01 * side && (runnerUp ?? 0) <= 0.9
        if confidence.verdict == .trusted && !isHeld { confidence.verdict = .doubtful }
        result.confidence = confidence
        return result
    }
}

extension [PairMoments] {
    /// What the tiles leave of the target's squares, by pixel.
    fileprivate var meanSquare: Double {
        let counting = filter(\.counts)
        return counting.reduce(0) { $0 + $1.rest } / Swift.max(1, counting.reduce(0) { $0 + $1.weight })
    }

    /// The gain and bias that fit all tiles of a channel together best.
    fileprivate var light: (gain: Double, bias: Double) {
        let all = filter(\.counts).reduce(into: (w: 0.0, s: 0.0, t: 0.0, ss: 0.0, st: 0.0)) { sum, tile in
            let (w, s, t, ss, st) = tile.firstMoments
            sum = (sum.w + w, sum.s + s, sum.t + t, sum.ss + ss, sum.st + st)
        }
        let variance = all.ss - all.s * all.s / Swift.max(1e-300, all.w)
        guard variance > 0 else { return (1, 0) }
        let gain = (all.st - all.s * all.t / all.w) / variance
        return (gain, (all.t - gain * all.s) / all.w)
    }
}
