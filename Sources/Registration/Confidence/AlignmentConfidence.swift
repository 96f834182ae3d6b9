import Sampling

/// How sure an alignment is, and on what evidence.
public struct AlignmentConfidence: Sendable {
    /// Whether an alignment worked.
    public enum Verdict: String, Sendable, Codable {
        /// The images agree in far more places than chance would have them, and none of it would move.
        case trusted
        /// They agree in some places, or as well somewhere else.
        case doubtful
        /// They agree no more than images of different things.
        case failed
    }

    /// What the numbers below come to.
    public var verdict: Verdict
    /// Of the parameters: a symmetric matrix, row-major, of the family's number of parameters squared. From the spread of what the tiles of
    /// the target pull, so that noise of neighbouring pixels need not be independent.
    /// Nil where the parameters are not determined.
    public var covariance: [Double]?
    /// The standard deviations of the places of the target's corners (upper left, upper right, lower right, lower left), in source pixels.
    /// Nil where they are not determined.
    public var cornerDeviations: [Double]?
    /// The correlation of the warped source with the target, tile by tile: the root of the mean square.
    public var correlation: Double
    /// The share of the target's pixels that lie in the source and count in both.
    public var overlap: Double
    /// The share of the target's tiles that have structure which correlate and would not move on their own by a pixel.
    public var steadyTiles: Double
    /// Of each channel that was compared at the end, target ≈ gain · source + bias: over all tiles. Of images of more than two million pixels
    /// that is their grey.
    public var gain, bias: [Double]
    /// The evidence for the second best place over that for the best, 0...1; nil where there was no second.
    public var runnerUp: Double?
    /// All starts that were looked at, in the order in which they were found.
    public var starts: [AlignmentStart]
}

/// What is found in one place: by which the search decides whether to go on looking.
struct Assessment: Sendable {
    let agreement: Agreement
    /// How many steady tiles there are beyond what chance would give, in standard deviations of that.
    let surprise: Double

    init(_ agreement: Agreement) {
        self.agreement = agreement
        let tiles = Double(agreement.tiles)
        surprise = tiles > 0 ? (agreement.steady - byChance) * tiles / (tiles * byChance * (1 - byChance)).squareRoot() : 0
    }

    var verdict: AlignmentConfidence.Verdict {
        if agreement.tiles >= fewTiles {
            return surprise >= 4.5 ? .trusted : surprise >= 2.5 ? .doubtful : .failed
        }
        // Small images have few tiles, all of which must agree well: the better the fewer pixels there are, as some place of another picture
        // explains most of a dozen by a dozen.
        guard agreement.steady >= 0.75 else { return .failed }
        func agrees(_ explained: Double, _ evidence: Double) -> Bool { agreement.explained >= explained && agreement.evidence >= evidence }
        if agrees(0.85, 60) || agrees(0.985, 33) { return .trusted }
        return agrees(0.7, 40) || agrees(0.97, 25) ? .doubtful : .failed
    }
}

/// The share of tiles that are steady by chance where a search has found the best place for two images of different things.
private let byChance = 0.25

/// Fewer tiles than this don't make a share.
private let fewTiles = 9
