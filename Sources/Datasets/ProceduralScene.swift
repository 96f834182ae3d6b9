import Foundation
import LinearAlgebra
import Tensors

/// A colourful textured scene drawn from a formula: something to warp and to align where no photograph is at hand.
///
/// It has structure at every size, as photographs have: clouds of noise whose strength falls with their frequency, over which lie discs
/// and bars with sharp edges.
public struct ProceduralScene: Sendable {
    /// Which scene: the same seed draws the same picture.
    public var seed: UInt32

    /// A scene of its own for each seed.
    public init(seed: UInt32 = 0) { self.seed = seed }

    /// The scene as an image [3, height, width], 0...1.
    public func image(height: Int, width: Int) -> Tensor<Float> {
        precondition(height > 0 && width > 0, "ProceduralScene: found a size of \(height)x\(width), expected at least 1x1")
        let shapes = self.shapes
        return Tensor(shape: [3, height, width]) { out in
            let out = out.baseAddress!
            Threads.forEachPiece(of: height, size: 8) { rows in
                for row in rows {
                    for column in 0..<width {
                        // One unit is the height; the middle of the image is (0, 0).
                        let x = (Double(column) + 0.5 - Double(width) / 2) / Double(height)
                        let y = (Double(row) + 0.5 - Double(height) / 2) / Double(height)
                        let colour = colour(x, y, shapes)
                        for c in 0..<3 {
                            (out + (c * height + row) * width + column).initialize(to: Float(min(1, max(0, colour[c]))))
                        }
                    }
                }
            }
        }
    }

    private struct Shape {
        var x, y, size, angle: Double
        var isDisc: Bool
        var colour: SIMD3<Double>
    }

    private var shapes: [Shape] {
        (0..<40).map { i in
            func draw(_ j: Int) -> Double { hash(Int32(i), Int32(j), 1000) }
            return Shape(
                x: 1.8 * draw(0) - 0.9, y: 1.2 * draw(1) - 0.6, size: 0.02 + 0.13 * draw(2) * draw(2), angle: 2 * .pi * draw(3),
                isDisc: draw(4) < 0.5, colour: SIMD3(draw(5), draw(6), draw(7)))
        }
    }

    private func colour(_ x: Double, _ y: Double, _ shapes: [Shape]) -> SIMD3<Double> {
        var colour = SIMD3<Double>()
        for c in 0..<3 {
            var (sum, strength, frequency) = (0.5, 0.45, 2.0)
            for octave in 0..<7 {
                sum += strength * (noise(x * frequency, y * frequency, Int32(8 * c + octave)) - 0.5)
                strength *= 0.75
                frequency *= 2.1
            }
            colour[c] = sum
        }
        for shape in shapes {
            let (dx, dy) = (x - shape.x, y - shape.y)
            let along = dx * cos(shape.angle) + dy * sin(shape.angle)
            let across = dy * cos(shape.angle) - dx * sin(shape.angle)
            let inside =
                shape.isDisc ? dx * dx + dy * dy < shape.size * shape.size : abs(along) < 2 * shape.size && abs(across) < shape.size / 4
            if inside { colour = 0.35 * colour + 0.65 * shape.colour }
        }
        return colour
    }

    /// Value noise: random numbers at whole coordinates, smoothly blended in between.
    private func noise(_ x: Double, _ y: Double, _ layer: Int32) -> Double {
        let (x0, y0) = (x.rounded(.down), y.rounded(.down))
        let (i, j) = (Int32(x0), Int32(y0))
        func smooth(_ t: Double) -> Double { t * t * (3 - 2 * t) }
        let (a, b) = (smooth(x - x0), smooth(y - y0))
        let upper = (1 - a) * hash(i, j, layer) + a * hash(i + 1, j, layer)
        let lower = (1 - a) * hash(i, j + 1, layer) + a * hash(i + 1, j + 1, layer)
        return (1 - b) * upper + b * lower
    }

    /// A number in 0..<1 for each triple, as good as random.
    private func hash(_ x: Int32, _ y: Int32, _ z: Int32) -> Double {
        var h =
            seed &* 0x9E37_79B1 ^ UInt32(bitPattern: x) &* 0x85EB_CA6B ^ UInt32(bitPattern: y) &* 0xC2B2_AE35 ^ UInt32(bitPattern: z)
            &* 0x27D4_EB2F
        h = (h ^ h >> 15) &* 0x2C1B_3C6D
        h = (h ^ h >> 12) &* 0x297A_2D39
        return Double(h ^ h >> 15) / 4_294_967_296
    }
}
