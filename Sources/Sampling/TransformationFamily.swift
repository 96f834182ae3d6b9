import Glibc

/// Which kinds of transformation there are, and the parameters of each.
///
/// Parameters that are all zero are the identity. Angles are in radians, from x (right) towards y (down); scales are log₂, so that -1
/// halves; translations are in the coordinates of the source. A transformation maps target coordinates to source coordinates.
public enum TransformationFamily: String, CaseIterable, Sendable, Codable {
    /// x, y.
    case translation
    /// Angle, x, y.
    case euclidean
    /// Angle, log₂ scale, x, y.
    case similarity
    /// Angle, log₂ scale along x, along y, then x, y: scales first, then turns (the paper's family).
    case rotationScaleTranslation = "rotation-scale-translation"
    /// The first two rows of the matrix, less the identity.
    case affine
    /// The matrix without its last element, which is 1, less the identity.
    case homography

    /// The degrees of freedom: 2 to 8.
    public var parameterCount: Int {
        switch self {
        case .translation: 2
        case .euclidean: 3
        case .similarity: 4
        case .rotationScaleTranslation: 5
        case .affine: 6
        case .homography: 8
        }
    }

    /// The places of log₂ scales among the parameters; none where scales are no parameters.
    public var logScales: Range<Int> {
        switch self {
        case .similarity: 1..<2
        case .rotationScaleTranslation: 1..<3
        case .translation, .euclidean, .affine, .homography: 0..<0
        }
    }

    /// The smallest family that holds the inverses and compositions of this one's transformations.
    public var closure: TransformationFamily { self == .rotationScaleTranslation ? .affine : self }

    /// Whether every transformation of `other` is one of this family, among those that compose: translation ⊂ Euclidean ⊂ similarity ⊂ affine ⊂ homography.
    public func includes(_ other: TransformationFamily) -> Bool { parameterCount >= other.parameterCount }

    /// The matrix for given parameters.
    public func matrix(_ parameters: [Double]) -> Matrix3 {
        let p = checked(parameters)
        switch self {
        case .translation: return .translation(p[0], p[1])
        case .euclidean: return Self.turned(p[0], 1, 1, p[1], p[2])
        case .similarity: return Self.turned(p[0], exp2(p[1]), exp2(p[1]), p[2], p[3])
        case .rotationScaleTranslation: return Self.turned(p[0], exp2(p[1]), exp2(p[2]), p[3], p[4])
        case .affine: return Matrix3([1 + p[0], p[1], p[2], p[3], 1 + p[4], p[5], 0, 0, 1])
        case .homography: return Matrix3([1 + p[0], p[1], p[2], p[3], 1 + p[4], p[5], p[6], p[7], 1])
        }
    }

    /// The derivatives of the matrix by each parameter.
    public func matrixDerivatives(_ parameters: [Double]) -> [Matrix3] {
        let p = checked(parameters)
        func unit(_ place: Int) -> Matrix3 {
            var m = Matrix3([Double](repeating: 0, count: 9))
            m.elements[place] = 1
            return m
        }
        switch self {
        case .translation: return [unit(2), unit(5)]
        case .euclidean: return Self.turnDerivatives(p[0], 1, 1).prefix(1) + [unit(2), unit(5)]
        case .similarity:
            let d = Self.turnDerivatives(p[0], exp2(p[1]), exp2(p[1]))
            return [d[0], Matrix3(zip(d[1].elements, d[2].elements).map(+)), unit(2), unit(5)]
        case .rotationScaleTranslation: return Self.turnDerivatives(p[0], exp2(p[1]), exp2(p[2])) + [unit(2), unit(5)]
        case .affine, .homography: return (0..<parameterCount).map(unit)
        }
    }

    /// The parameters whose matrix comes nearest to a given one: exactly it where it belongs to the family.
    ///
    /// - Returns: nil where nothing is near: a matrix that is singular or not finite, or one that mirrors, in a family that can't.
    public func parameters(nearestTo matrix: Matrix3) -> [Double]? {
        guard matrix.isFinite, matrix.inverse != nil, matrix[2, 2] != 0 else { return nil }
        let m = matrix.elements.map { $0 / matrix[2, 2] }
        if self == .homography { return [m[0] - 1, m[1], m[2], m[3], m[4] - 1, m[5], m[6], m[7]] }
        if self == .affine { return [m[0] - 1, m[1], m[2], m[3], m[4] - 1, m[5]] }
        let translation = [m[2], m[5]]
        guard self != .translation else { return translation }
        guard m[0] * m[4] - m[1] * m[3] > 0 else { return nil }
        if self == .rotationScaleTranslation {
            // What is left of each column along its turned axis is its scale, and the nearest turn leaves the largest sum of squares.
            let angle = atan2(2 * (m[0] * m[3] - m[1] * m[4]), m[0] * m[0] + m[4] * m[4] - m[1] * m[1] - m[3] * m[3]) / 2
            let scaleX = m[0] * cos(angle) + m[3] * sin(angle), scaleY = m[4] * cos(angle) - m[1] * sin(angle)
            // With half a turn more both scales change their signs.
            guard scaleX * scaleY > 0 else { return nil }
            return [scaleX > 0 ? angle : angle + (angle > 0 ? -.pi : .pi), log2(abs(scaleX)), log2(abs(scaleY))] + translation
        }
        let (cosine, sine) = (m[0] + m[4], m[3] - m[1])
        let angle = atan2(sine, cosine)
        return (self == .euclidean ? [angle] : [angle, log2(hypot(cosine, sine) / 2)]) + translation
    }

    private func checked(_ parameters: [Double]) -> [Double] {
        precondition(
            parameters.count == parameterCount,
            "TransformationFamily.\(self): found \(parameters.count) parameters, expected \(parameterCount)")
        return parameters
    }

    private static func turned(_ angle: Double, _ scaleX: Double, _ scaleY: Double, _ x: Double, _ y: Double) -> Matrix3 {
        .translation(x, y) * .rotation(angle) * .scaling(scaleX, scaleY)
    }

    /// By the angle, by log₂ of the scale along x, along y.
    private static func turnDerivatives(_ angle: Double, _ scaleX: Double, _ scaleY: Double) -> [Matrix3] {
        let (c, s) = (cos(angle), sin(angle))
        let ln2 = M_LN2
        return [
            Matrix3([-s * scaleX, -c * scaleY, 0, c * scaleX, -s * scaleY, 0, 0, 0, 0]),
            Matrix3([ln2 * c * scaleX, 0, 0, ln2 * s * scaleX, 0, 0, 0, 0, 0]),
            Matrix3([0, -ln2 * s * scaleY, 0, 0, ln2 * c * scaleY, 0, 0, 0, 0]),
        ]
    }
}
