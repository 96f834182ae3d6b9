import Foundation
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
        let (here, there) = (Placement(middle, source, target), Placement(matrix, source, target))
        guard let relative = here.linear.inverted?.times(there.linear) else { return false }
        let turned = abs(atan2(relative.c - relative.b, relative.a + relative.d))
        let scale = abs(relative.a * relative.d - relative.b * relative.c).squareRoot()
        return turned <= turn + 0.2 && (octaves.lowerBound - 0.5...octaves.upperBound + 0.5).contains(log2(scale))
            && hypot(there.x - here.x, there.y - here.y) <= 1.5 * shift * Double(source.height) / 2
    }
}

/// A matrix in the target's middle: where that lies, in pixels from the source's middle, and the linear map of pixels around it.
struct Placement: Sendable {
    let x, y: Double
    let linear: Linear2

    /// - Parameter matrix: From normalized target to normalized source coordinates.
    init(_ matrix: Matrix3, _ source: ComparedImage, _ target: ComparedImage) {
        let m = matrix.elements
        let (u, v) = matrix.apply(0, 0)
        let (w, h) = (Double(source.width), Double(source.height))
        let (tw, th) = (Double(target.width) * m[8], Double(target.height) * m[8])
        (x, y) = (u * w / 2, v * h / 2)
        linear = Linear2(
            a: (m[0] - u * m[6]) * w / tw, b: (m[1] - u * m[7]) * w / th, c: (m[3] - v * m[6]) * h / tw, d: (m[4] - v * m[7]) * h / th)
    }
}

/// A 2x2 matrix, (a b; c d).
struct Linear2: Sendable {
    var a, b, c, d: Double

    static func rotation(_ angle: Double) -> Linear2 { Linear2(a: cos(angle), b: -sin(angle), c: sin(angle), d: cos(angle)) }

    /// Longer by a factor along a direction and shorter by it across.
    static func stretch(_ factor: Double, along angle: Double) -> Linear2 {
        rotation(angle).times(Linear2(a: factor, b: 0, c: 0, d: 1 / factor)).times(rotation(-angle))
    }

    func times(_ other: Linear2) -> Linear2 {
        Linear2(
            a: a * other.a + b * other.c, b: a * other.b + b * other.d, c: c * other.a + d * other.c, d: c * other.b + d * other.d)
    }

    func scaled(_ factor: Double) -> Linear2 { Linear2(a: factor * a, b: factor * b, c: factor * c, d: factor * d) }

    var inverted: Linear2? {
        let determinant = a * d - b * c
        guard determinant != 0, determinant.isFinite else { return nil }
        return Linear2(a: d / determinant, b: -b / determinant, c: -c / determinant, d: a / determinant)
    }

    /// How much it enlarges, on average.
    var scale: Double { abs(a * d - b * c).squareRoot() }
}
