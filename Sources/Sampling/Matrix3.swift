import Glibc

/// A 3x3 matrix that maps the homogeneous point (x, y, 1) to (u·d, v·d, d); row-major, always in Double.
public struct Matrix3: Equatable, Sendable {
    /// The rows. No array: trainings and searches make many matrices, and none of them is to allocate.
    private var first, second, third: SIMD3<Double>

    /// - Parameter elements: Nine numbers, row by row.
    @inline(__always)
    public init(_ elements: [Double]) {
        precondition(elements.count == 9, "Matrix3: found \(elements.count) elements, expected 9")
        first = SIMD3(elements[0], elements[1], elements[2])
        second = SIMD3(elements[3], elements[4], elements[5])
        third = SIMD3(elements[6], elements[7], elements[8])
    }

    private init(_ first: SIMD3<Double>, _ second: SIMD3<Double>, _ third: SIMD3<Double>) {
        (self.first, self.second, self.third) = (first, second, third)
    }

    /// The nine elements, row by row.
    public var elements: [Double] {
        get { [first[0], first[1], first[2], second[0], second[1], second[2], third[0], third[1], third[2]] }
        set { self = Matrix3(newValue) }
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
        get {
            precondition((0..<3).contains(row), "Matrix3: found row \(row), expected 0 to 2")
            return row == 0 ? first[column] : row == 1 ? second[column] : third[column]
        }
        set {
            precondition((0..<3).contains(row), "Matrix3: found row \(row), expected 0 to 2")
            switch row {
            case 0: first[column] = newValue
            case 1: second[column] = newValue
            default: third[column] = newValue
            }
        }
    }

    /// `a * b` maps as b first, then a.
    public static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
        func row(_ of: SIMD3<Double>) -> SIMD3<Double> { of[0] * b.first + of[1] * b.second + of[2] * b.third }
        return Matrix3(row(a.first), row(a.second), row(a.third))
    }

    /// Of an affine matrix with 1 as its last element: by how much it scales areas, negative where it mirrors. 0 where it is singular.
    public var determinant: Double {
        let (a, b, c) = (first, second, third)
        return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    }

    /// The inverse, or nil where the matrix is singular to working precision or not finite.
    public var inverse: Matrix3? {
        let (a, b, c) = (first, second, third)
        let d = determinant
        // The determinant's terms, of which nothing but rounding is left in a singular matrix, whatever the units of rows and columns.
        let terms =
            abs(a[0]) * (abs(b[1] * c[2]) + abs(b[2] * c[1])) + abs(a[1]) * (abs(b[0] * c[2]) + abs(b[2] * c[0]))
            + abs(a[2]) * (abs(b[0] * c[1]) + abs(b[1] * c[0]))
        guard d.isFinite, abs(d) > 1e-14 * terms else { return nil }
        return Matrix3(
            SIMD3(b[1] * c[2] - b[2] * c[1], a[2] * c[1] - a[1] * c[2], a[1] * b[2] - a[2] * b[1]) / d,
            SIMD3(b[2] * c[0] - b[0] * c[2], a[0] * c[2] - a[2] * c[0], a[2] * b[0] - a[0] * b[2]) / d,
            SIMD3(b[0] * c[1] - b[1] * c[0], a[1] * c[0] - a[0] * c[1], a[0] * b[1] - a[1] * b[0]) / d)
    }

    /// Where the point (x, y) goes. Not finite on the line that goes to infinity.
    public func apply(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let d = third[0] * x + third[1] * y + third[2]
        return ((first[0] * x + first[1] * y + first[2]) / d, (second[0] * x + second[1] * y + second[2]) / d)
    }

    /// Whether every element is finite.
    public var isFinite: Bool {
        func isFinite(_ row: SIMD3<Double>) -> Bool { row[0].isFinite && row[1].isFinite && row[2].isFinite }
        return isFinite(first) && isFinite(second) && isFinite(third)
    }

    /// Where the four corners of the target, (-1, -1), (1, -1), (1, 1), (-1, 1), go.
    public var corners: [(x: Double, y: Double)] {
        [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)].map { apply($0.0, $0.1) }
    }

    /// The mean distance between where this and another matrix put the four corners of the target: the paper's alignment error.
    public func cornerDistance(to other: Matrix3) -> Double {
        zip(corners, other.corners).map { hypot($0.x - $1.x, $0.y - $1.y) }.reduce(0, +) / 4
    }
}

/// As its elements, however they are kept: what is written about settings goes by it.
extension Matrix3: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "Matrix3(elements: \(elements))" }
    public var debugDescription: String { "Sampling.\(description)" }
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
