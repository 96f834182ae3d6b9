import Glibc
import Sampling

/// The part of the reference's plane that aligned frames are cut to: a rectangle of whole pixels.
public struct StackWindow: Sendable, Equatable, Codable {
    /// The upper left pixel, counted from that of the reference. May be negative.
    public var x, y: Int
    /// In pixels.
    public var width, height: Int

    /// - Parameters:
    ///   - x: The leftmost column, counted from the reference's.
    ///   - y: The upper row, counted from the reference's.
    ///   - width: In pixels.
    ///   - height: In pixels.
    public init(x: Int, y: Int, width: Int, height: Int) { (self.x, self.y, self.width, self.height) = (x, y, width, height) }

    /// Which part.
    public enum Crop: String, CaseIterable, Sendable, Codable {
        /// The largest rectangle that all frames cover.
        case common
        /// The reference's own.
        case reference
        /// All that any frame shows.
        case all
    }
}

/// A window may have so many pixels, as an image may.
private let pixelLimit = 1 << 28

extension StackWindow {
    /// - Parameters:
    ///   - crop: Which part.
    ///   - places: Of the frames that belong to the stack.
    ///   - size: Of a frame.
    /// - Throws: `StackError` where there is no such part.
    init(_ crop: Crop, places: [(index: Int, matrix: Matrix3)], size: (height: Int, width: Int)) throws(StackError) {
        switch crop {
        case .reference: self.init(x: 0, y: 0, width: size.width, height: size.height)
        case .common: try self.init(common: places.map { Outline($0.matrix, size) }, size)
        case .all: try self.init(around: places, size)
        }
    }

    /// The largest rectangle in what all cover. That is convex, so what two rows have, all rows between them have too.
    private init(common outlines: [Outline], _ size: (height: Int, width: Int)) throws(StackError) {
        // The reference is one of the frames: there is nothing beyond it. Except where it is a mean, which is no frame.
        let rows = (0..<size.height).map { y in
            outlines.reduce(0..<size.width) { $0.clamped(to: $1.columns(y, in: 0..<size.width)) }
        }
        var best: StackWindow?
        for top in 0..<size.height where !rows[top].isEmpty {
            for bottom in top..<size.height {
                let both = rows[top].clamped(to: rows[bottom])
                if both.isEmpty { break }
                if both.count * (bottom - top + 1) > best.map({ $0.width * $0.height }) ?? 0 {
                    best = StackWindow(x: both.lowerBound, y: top, width: both.count, height: bottom - top + 1)
                }
            }
        }
        guard let best else { throw .nothingInCommon }
        self = best
    }

    /// The box around all.
    private init(around places: [(index: Int, matrix: Matrix3)], _ size: (height: Int, width: Int)) throws(StackError) {
        var (left, top, right, bottom) = (0.0, 0.0, Double(size.width), Double(size.height))
        for (index, matrix) in places {
            guard let inverse = (Matrix3.pixels(size) * matrix * Matrix3.pixels(size).inverse!).inverse else {
                throw .tooLarge(frame: index, limit: pixelLimit)
            }
            // Outer edges, where pixel centres are whole numbers.
            for (u, v) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (Double(u * size.width) - 0.5, Double(v * size.height) - 0.5)
                let side = { (x: Double, y: Double) in inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] }
                guard side(x, y) * side(Double(size.width) / 2, Double(size.height) / 2) > 0 else {
                    throw .tooLarge(frame: index, limit: pixelLimit)
                }
                let corner = inverse.apply(x, y)
                (left, top) = (min(left, corner.x + 0.5), min(top, corner.y + 0.5))
                (right, bottom) = (max(right, corner.x + 0.5), max(bottom, corner.y + 0.5))
            }
        }
        // What is less than a thousandth of a pixel is rounding.
        (left, top) = ((left + 1e-3).rounded(.down), (top + 1e-3).rounded(.down))
        (right, bottom) = ((right - 1e-3).rounded(.up), (bottom - 1e-3).rounded(.up))
        guard (right - left) * (bottom - top) <= Double(pixelLimit) else { throw .tooLarge(frame: nil, limit: pixelLimit) }
        self.init(x: Int(left), y: Int(top), width: Int(right - left), height: Int(bottom - top))
    }

    /// From this window's normalized coordinates to a frame's, where `matrix` is from the reference's to the frame's.
    func matrix(_ matrix: Matrix3, size: (height: Int, width: Int)) -> Matrix3 {
        if x == 0, y == 0, width == size.width, height == size.height { return matrix }
        return matrix * .part(x: x, y: y, (height, width), of: size)
    }
}

/// What a frame covers of the reference's plane, row by row.
struct Outline {
    /// Four half planes a·x + b·y + c >= 0 in the reference's pixels: a frame's edge stays straight under a homography.
    private let sides: [(a: Double, b: Double, c: Double)]

    /// - Parameter matrix: From the reference's normalized coordinates to the frame's.
    init(_ matrix: Matrix3, _ size: (height: Int, width: Int)) {
        let m = Matrix3.pixels(size) * matrix * Matrix3.pixels(size).inverse!
        // What lies in front has a positive denominator.
        let middle = m[2, 0] * Double(size.width - 1) / 2 + m[2, 1] * Double(size.height - 1) / 2 + m[2, 2]
        let sign: Double = middle < 0 ? -1 : 1
        func side(_ weights: (u: Double, v: Double, w: Double)) -> (a: Double, b: Double, c: Double) {
            func element(_ column: Int) -> Double {
                sign * (weights.u * m[0, column] + weights.v * m[1, column] + weights.w * m[2, column])
            }
            return (element(0), element(1), element(2))
        }
        // As far as rounding: a frame in the reference's place covers all of it.
        let edge = 0.5 + 1e-6
        sides = [
            side((1, 0, edge)), side((-1, 0, Double(size.width) - 1 + edge)), side((0, 1, edge)),
            side((0, -1, Double(size.height) - 1 + edge)),
        ]
    }

    /// The pixels of row `y` within `limits` whose centres the frame covers.
    func columns(_ y: Int, in limits: Range<Int>) -> Range<Int> {
        var (lower, upper) = (Double(limits.lowerBound), Double(limits.upperBound - 1))
        for side in sides {
            let rest = side.b * Double(y) + side.c
            if side.a > 0 {
                lower = max(lower, (-rest / side.a).rounded(.up))
            } else if side.a < 0 {
                upper = min(upper, (-rest / side.a).rounded(.down))
            } else if rest < 0 {
                return limits.lowerBound..<limits.lowerBound
            }
        }
        guard lower <= upper else { return limits.lowerBound..<limits.lowerBound }
        return Int(lower)..<Int(upper) + 1
    }
}
