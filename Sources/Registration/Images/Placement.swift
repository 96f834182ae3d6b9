import Glibc
import Sampling

/// A matrix in the target's middle: where that lies, in pixels from the source's middle, and the linear map of pixels around it.
struct Placement: Sendable {
    let x, y: Double
    let linear: Linear2

    /// - Parameters:
    ///   - matrix: From normalized target to normalized source coordinates.
    ///   - source: In pixels.
    ///   - target: In pixels.
    init(_ matrix: Matrix3, source: (height: Int, width: Int), target: (height: Int, width: Int)) {
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
