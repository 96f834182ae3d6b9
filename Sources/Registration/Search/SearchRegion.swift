import Glibc
import Sampling

/// Where transformations are looked for.
struct SearchRegion: Sendable {
    /// What lies in its middle: a matrix from normalized target to normalized source coordinates.
    let middle: Matrix3
    /// How far the target may be turned to either side.
    let turn: Double
    /// How much larger or smaller than in the middle, log₂.
    let octaves: ClosedRange<Double>
    /// How far the target's middle may move, in half source heights; nil for anywhere.
    let shift: Double?

    /// Every turn and shift, scales from a quarter to four: of the whole images, and in their pixels.
    static func everywhere(source: ComparedImage, target: ComparedImage) -> SearchRegion {
        let shown = log2(Double(target.height) / Double(source.height))
        let aspects = Double(target.width * source.height) / Double(target.height * source.width)
        return SearchRegion(middle: .scaling(aspects, 1), turn: .pi, octaves: min(-2, -2 + shown)...max(2, 2 + shown), shift: nil)
    }

    /// What a start says, roughly: turns up to 120°, half to double scales, shifts by half the source's half height. That is what nearly all of
    /// the paper's random transformations are within (Jiang et al., section 6.4).
    static func around(_ start: Matrix3) -> SearchRegion { SearchRegion(middle: start, turn: .pi * 2 / 3, octaves: -1...1, shift: 0.5) }

    /// Whether a matrix lies within it, with some room for what is no similarity.
    func contains(_ matrix: Matrix3, source: ComparedImage, target: ComparedImage) -> Bool {
        guard let shift else { return true }
        let (here, there) = (
            Placement(middle, source: source.size, target: target.size), Placement(matrix, source: source.size, target: target.size)
        )
        guard let relative = here.linear.inverted?.times(there.linear) else { return false }
        let turned = abs(atan2(relative.c - relative.b, relative.a + relative.d))
        let scale = abs(relative.a * relative.d - relative.b * relative.c).squareRoot()
        return turned <= turn + 0.2 && (octaves.lowerBound - 0.5...octaves.upperBound + 0.5).contains(log2(scale))
            && hypot(there.x - here.x, there.y - here.y) <= 1.5 * shift * Double(source.height) / 2
    }
}
