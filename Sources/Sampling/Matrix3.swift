import Glibc

/// A 3x3 matrix that maps the homogeneous point (x, y, 1) to (u·d, v·d, d); row-major, always in Double.
public struct Matrix3: Equatable, Sendable {
    /// The nine elements, row by row.
    public var elements: [Double]

    /// - Parameter elements: Nine numbers, row by row.
    public init(_ elements: [Double]) {
        precondition(elements.count == 9, "Matrix3: found \(elements.count) elements, expected 9")
        self.elements = elements
    }

    /// Leaves every point where it is.
    public static let identity = Matrix3([1, 0, 0, 0, 1, 0, 0, 0, 1])

    /// Scales x and y.
    public static func scaling(_ x: Double, _ y: Double) -> Matrix3 { Matrix3([x, 0, 0, 0, y, 0, 0, 0, 1]) }

    /// Moves by (x, y).
    public static func translation(_ x: Double, _ y: Double) -> Matrix3 { Matrix3([1, 0, x, 0, 1, y, 0, 0, 1]) }

    /// Turns by `angle` radians, from the x axis (right) towards the y axis (down).
    public static func rotation(_ angle: Double) -> Matrix3 {
        let (c, s) = (cos(angle), sin(angle))
        return Matrix3([c, -s, 0, s, c, 0, 0, 0, 1])
    }

    /// The element of a row and a column, 0...2 each.
    public subscript(row: Int, column: Int) -> Double {
        get { elements[row * 3 + column] }
        set { elements[row * 3 + column] = newValue }
    }

    /// `a * b` maps as b first, then a.
    public static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
        var product = [Double](repeating: 0, count: 9)
        for i in 0..<3 {
            for j in 0..<3 { product[i * 3 + j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j] }
        }
        return Matrix3(product)
    }

    /// Of an affine matrix with 1 as its last element: by how much it scales areas, negative where it mirrors. 0 where it is singular.
    public var determinant: Double {
        let m = elements
        return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6])
    }

    /// The inverse, or nil where the matrix is singular to working precision or not finite.
    public var inverse: Matrix3? {
        let m = elements
        let adjugate = [
            m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
            m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
            m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
        ]
        let d = determinant
        let size = m.map(abs).max()!
        guard d.isFinite, abs(d) > 1e-14 * size * size * size else { return nil }
        return Matrix3(adjugate.map { $0 / d })
    }

    /// Where the point (x, y) goes. Not finite on the line that goes to infinity.
    public func apply(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let m = elements
        let d = m[6] * x + m[7] * y + m[8]
        return ((m[0] * x + m[1] * y + m[2]) / d, (m[3] * x + m[4] * y + m[5]) / d)
    }

    /// Whether every element is finite.
    public var isFinite: Bool { elements.allSatisfy(\.isFinite) }

    /// Where the four corners of the target, (-1, -1), (1, -1), (1, 1), (-1, 1), go.
    public var corners: [(x: Double, y: Double)] {
        [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { apply($0.0, $0.1) }
    }

    /// The mean distance between where this and another matrix put the four corners of the target: the paper's alignment error.
    public func cornerDistance(to other: Matrix3) -> Double {
        zip(corners, other.corners).map { hypot($0.x - $1.x, $0.y - $1.y) }.reduce(0, +) / 4
    }
}

extension Matrix3: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let elements = try container.decode([Double].self)
        guard elements.count == 9 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(elements.count) numbers, expected 9")
        }
        self.init(elements)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(elements)
    }
}
