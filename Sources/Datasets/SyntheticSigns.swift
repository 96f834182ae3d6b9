import Foundation
import LinearAlgebra
import Tensors

/// Pictures like traffic signs, drawn from formulas: something to train a classifier on where no data set is at hand.
///
/// Ten classes differ in their outline and in the mark inside. Each picture shows one sign before a cluttered scene, turned by up to 25
/// degrees, two to four fifths as large as the picture, anywhere in it, and in colors and light that say nothing about the class.
public struct SyntheticSigns: Sendable {
    /// What the classes show.
    public static let classNames = SignShape.all.map(\.name)

    /// Different seeds give different pictures: use one to train and another to test.
    public let seed: UInt64
    /// The side of a picture in pixels.
    public let size: Int
    /// What the signs' backgrounds are cut out of, [3, 8 `size`, 8 `size`].
    private let scene: Tensor<Float>

    /// Pictures of `size` x `size` pixels. The backgrounds are drawn here, which takes a moment.
    public init(seed: UInt64, size: Int = 50) {
        precondition(size > 0, "SyntheticSigns: found a size of \(size), expected at least 1")
        self.seed = seed
        self.size = size
        var source = RandomSource(seed: seed, purpose: .scenes, index: 0)
        scene = ProceduralScene(seed: UInt32(truncatingIfNeeded: source.next())).image(height: 8 * size, width: 8 * size)
    }

    /// The class of the picture with an index: each in turn.
    public func label(_ index: Int) -> Int { index % Self.classNames.count }

    /// The picture with an index, [3, `size`, `size`], 0...1: a function of seed, size and index alone.
    public func image(_ index: Int) -> Tensor<Float> {
        let shape = SignShape.all[label(index)]
        let look = Look(seed: seed, index: index, size: size)
        let (size, sceneSize) = (size, scene.shape[1])
        return Tensor(shape: [3, size, size]) { out in
            scene.withScalars { scene in
                for row in 0..<size {
                    for column in 0..<size {
                        let (outline, mark) = shape.distances(look.signPosition(row: row, column: column))
                        let (sign, face, stroke) = (look.coverage(outline), look.coverage(outline + look.rimWidth), look.coverage(mark))
                        for c in 0..<3 {
                            var value = look.rim[c]
                            value += face * (look.face[c] - value)
                            value += face * stroke * (look.rim[c] - value)
                            let place = (c * sceneSize + look.top + row) * sceneSize + look.left + column
                            let background = Double(scene[place])
                            value = look.light * (background + sign * (value - background))
                            out.initializeElement(at: (c * size + row) * size + column, to: Float(min(1, value)))
                        }
                    }
                }
            }
        }
    }

    /// The pictures with the indices of a range, made from several threads at once.
    public func images(_ indices: Range<Int>) -> LabelledImages {
        LabelledImages(size: size, labels: indices.map(label), classNames: Self.classNames) { image(indices.lowerBound + $0) }
    }
}

/// What is random about a picture.
private struct Look {
    /// The sign's place in the picture and its radius, in pixels.
    private let center: SIMD2<Double>
    private let radius: Double
    private let cosine, sine: Double
    /// As a fraction of the radius.
    let rimWidth: Double
    /// The colors of the rim, which are the mark's as well, and of the face.
    let rim, face: SIMD3<Double>
    let light: Double
    /// Where in the scene the background is.
    let top, left: Int

    init(seed: UInt64, index: Int, size: Int) {
        var source = RandomSource(seed: seed, purpose: .signs, index: index)
        func draw(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &source) }
        let angle = draw(-25...25) * .pi / 180
        (cosine, sine) = (cos(angle), sin(angle))
        radius = Double(size) * draw(0.2...0.4)
        // All of the sign is in the picture.
        center = SIMD2(draw(radius...Double(size) - radius), draw(radius...Double(size) - radius))
        rimWidth = draw(0.12...0.22)
        // One is light and pale, the other dark or saturated: at least one channel of three is low.
        let light = SIMD3(draw(0.75...1), draw(0.75...1), draw(0.75...1))
        var dark = SIMD3(draw(0...0.55), draw(0...0.55), draw(0...0.55))
        dark[Int.random(in: 0...2, using: &source)] = draw(0...0.2)
        (rim, face) = Bool.random(using: &source) ? (light, dark) : (dark, light)
        self.light = draw(0.45...1.1)
        top = Int.random(in: 0...7 * size, using: &source)
        left = Int.random(in: 0...7 * size, using: &source)
    }

    /// Where the centre of a pixel is in the sign's own coordinates.
    func signPosition(row: Int, column: Int) -> SIMD2<Double> {
        let offset = (SIMD2(Double(column), Double(row)) + 0.5 - center) / radius
        return SIMD2(cosine * offset.x + sine * offset.y, cosine * offset.y - sine * offset.x)
    }

    /// How much of a pixel a shape covers whose edge is at a signed distance: edges are smooth over one pixel.
    func coverage(_ distance: Double) -> Double { min(1, max(0, 0.5 - distance * radius)) }
}
