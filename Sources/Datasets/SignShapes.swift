import Foundation

/// The drawing of one class of synthetic sign: an outline with a mark inside, in coordinates where the outline's circumscribed circle has
/// the radius 1; x right, y down.
struct SignShape {
    let name: String
    /// Clockwise; a circle where there are none.
    let corners: [SIMD2<Double>]
    /// Strokes with round ends.
    let strokes: [(from: SIMD2<Double>, to: SIMD2<Double>)]

    /// Half the width of a stroke.
    private static let strokeRadius = 0.13

    /// Signed distances to the outline and to the mark, negative inside.
    func distances(_ point: SIMD2<Double>) -> (outline: Double, mark: Double) {
        (outlineDistance(point), strokes.map { distance(point, $0.from, $0.to) }.reduce(.infinity, min) - Self.strokeRadius)
    }

    private func outlineDistance(_ point: SIMD2<Double>) -> Double {
        if corners.isEmpty { return length(point) - 1 }
        var nearest = Double.infinity
        var isInside = true
        for (a, b) in zip(corners, corners[1...] + corners.prefix(1)) {
            nearest = min(nearest, distance(point, a, b))
            let (edge, offset) = (b - a, point - a)
            if edge.x * offset.y - edge.y * offset.x < 0 { isInside = false }
        }
        return isInside ? -nearest : nearest
    }

    /// The shapes, each class different from every other in outline or mark, and none another one turned a little.
    static let all: [SignShape] = {
        let triangle = polygon(3, first: -.pi / 2)
        let diamond = polygon(4, first: -.pi / 2)
        let octagon = polygon(8, first: -.pi / 2 - .pi / 8)
        let level = [(SIMD2(-0.5, 0), SIMD2(0.5, 0))]
        let arrow = [(SIMD2(0, 0.45), SIMD2(0, -0.45)), (SIMD2(-0.3, -0.12), SIMD2(0, -0.45)), (SIMD2(0.3, -0.12), SIMD2(0, -0.45))]
        let cross = [(SIMD2(-0.38, -0.38), SIMD2(0.38, 0.38)), (SIMD2(-0.38, 0.38), SIMD2(0.38, -0.38))]
        // Triangles have less room, and more of it below.
        let upright = [(SIMD2(0, -0.25), SIMD2(0, 0.2))]
        let lowCross = cross.map { (0.45 * $0 + SIMD2(0, 0.08), 0.45 * $1 + SIMD2(0, 0.08)) }
        return [
            SignShape(name: "circle with bar", corners: [], strokes: level),
            SignShape(name: "circle with arrow", corners: [], strokes: arrow),
            SignShape(name: "circle with cross", corners: [], strokes: cross),
            SignShape(name: "triangle with bar", corners: triangle, strokes: upright),
            SignShape(name: "triangle with cross", corners: triangle, strokes: lowCross),
            SignShape(name: "inverted triangle", corners: polygon(3, first: .pi / 2), strokes: []),
            SignShape(name: "diamond", corners: diamond, strokes: []),
            SignShape(name: "diamond with arrow", corners: diamond, strokes: arrow.map { (0.8 * $0, 0.8 * $1) }),
            SignShape(name: "octagon with bar", corners: octagon, strokes: level),
            SignShape(name: "octagon with cross", corners: octagon, strokes: cross),
        ]
    }()

    /// The corners of a regular polygon, the first one at an angle from x towards y.
    private static func polygon(_ count: Int, first: Double) -> [SIMD2<Double>] {
        (0..<count).map { i in
            let angle = first + 2 * .pi * Double(i) / Double(count)
            return SIMD2(cos(angle), sin(angle))
        }
    }
}

private func length(_ v: SIMD2<Double>) -> Double { (v * v).sum().squareRoot() }

/// From a point to the line between two others.
private func distance(_ point: SIMD2<Double>, _ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double {
    let (offset, along) = (point - a, b - a)
    let place = min(1, max(0, (offset * along).sum() / (along * along).sum()))
    return length(offset - place * along)
}
