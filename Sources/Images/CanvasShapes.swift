extension Canvas {
    // Points are (x, y) in the canvas's coordinates, edges are smooth. A shape with a point that is not finite, or further than
    // `CoverageMask.farthest` from the origin, is left out: paths of iterations may diverge, and figures of them are still wanted.

    /// Draws a line with round ends. `width` is in pixels; below 1 the line is of one pixel and paler.
    public mutating func line(from start: SIMD2<Double>, to end: SIMD2<Double>, width: Double, color: Color) {
        stroke([(start, end)], width: width, color: color)
    }

    /// Draws the outline of a polygon, its last corner joined to the first.
    public mutating func polygon(_ corners: [SIMD2<Double>], width: Double, color: Color) {
        stroke(Array(zip(corners, corners.dropFirst() + corners.prefix(1))), width: width, color: color)
    }

    /// Draws a filled disc.
    public mutating func disc(center: SIMD2<Double>, radius: Double, color: Color) {
        stroke([(center, center)], width: 2 * radius, color: color)
    }

    /// Draws a line with a filled head whose tip is at `end`. The head is four widths long and wide, or, for short arrows, shorter.
    public mutating func arrow(from start: SIMD2<Double>, to end: SIMD2<Double>, width: Double, color: Color) {
        let vector = end - start
        let length = (vector * vector).sum().squareRoot()
        guard length > 0, length.isFinite else { return }
        let along = vector / length
        let head = min(4 * width + 2, length)
        let base = end - along * head
        let side = SIMD2(-along.y, along.x) * (head / 2)
        guard var mask = CoverageMask(around: [start, base, end, base + side, base - side], margin: width / 2, in: self) else { return }
        // The line ends inside of the head, which is there wide enough to hide the round end.
        mask.addSegment(from: start, to: end - along * (head / 2), width: width)
        mask.addTriangle(end, base + side, base - side)
        paint(mask, color: color)
    }

    /// Together, so that pixels where segments meet are painted once.
    private mutating func stroke(_ segments: [(SIMD2<Double>, SIMD2<Double>)], width: Double, color: Color) {
        guard var mask = CoverageMask(around: segments.flatMap { [$0.0, $0.1] }, margin: width / 2, in: self) else { return }
        for (start, end) in segments { mask.addSegment(from: start, to: end, width: width) }
        paint(mask, color: color)
    }
}

/// How much of each pixel in a rectangle of a canvas a shape covers, 0...1.
///
/// The coverage is taken from the distance of the pixel's centre to the shape's edge: exact along edges that follow the axes, close to
/// it along others.
struct CoverageMask {
    /// Of the canvas.
    let columns, rows: Range<Int>
    private var values: [Float]

    /// Coordinates up to here keep a pixel's precision in the squares of distances.
    static let farthest = 1e6

    /// An empty mask for shapes within `margin` of the points; nil if none of it is on the canvas, or if a point is not usable.
    init?(around points: [SIMD2<Double>], margin: Double, in canvas: Canvas) {
        guard margin >= 0, margin <= Self.farthest, !points.isEmpty,
            points.allSatisfy({ abs($0.x) <= Self.farthest && abs($0.y) <= Self.farthest })
        else { return nil }
        columns = Self.pixels(points.map(\.x), margin: margin, limit: canvas.width)
        rows = Self.pixels(points.map(\.y), margin: margin, limit: canvas.height)
        guard !columns.isEmpty, !rows.isEmpty else { return nil }
        values = [Float](repeating: 0, count: columns.count * rows.count)
    }

    /// The pixels along one axis that anything within `margin` of the coordinates can touch.
    private static func pixels(_ coordinates: [Double], margin: Double, limit: Int) -> Range<Int> {
        let lower = Int((coordinates.min()! - margin - 1).rounded(.down))
        let upper = Int((coordinates.max()! + margin + 1).rounded(.up))
        return min(max(lower, 0), limit)..<min(max(upper, 0), limit)
    }

    /// Adds all within `width` / 2 of a segment, or of a point if its ends coincide.
    mutating func addSegment(from start: SIMD2<Double>, to end: SIMD2<Double>, width: Double) {
        let vector = end - start
        let squaredLength = (vector * vector).sum()
        let radius = max(width, 1) / 2
        let strength = min(width, 1)
        add(around: [start, end], margin: radius) { point in
            let fraction = squaredLength > 0 ? min(max(((point - start) * vector).sum() / squaredLength, 0), 1) : 0
            let offset = point - start - vector * fraction
            return strength * (radius + 0.5 - (offset * offset).sum().squareRoot())
        }
    }

    /// Adds a filled triangle, of either orientation.
    mutating func addTriangle(_ a: SIMD2<Double>, _ b: SIMD2<Double>, _ c: SIMD2<Double>) {
        func cross(_ u: SIMD2<Double>, _ v: SIMD2<Double>) -> Double { u.x * v.y - u.y * v.x }
        let sign: Double = cross(b - a, c - a) < 0 ? -1 : 1
        let edges = [(a, b), (b, c), (c, a)].map { start, end in
            let vector = end - start
            let length = (vector * vector).sum().squareRoot()
            return (start: start, direction: length > 0 ? vector * (sign / length) : .zero)
        }
        add(around: [a, b, c], margin: 0) { point in
            // The distance to the nearest edge, positive inside.
            edges.reduce(.infinity) { min($0, cross($1.direction, point - $1.start)) } + 0.5
        }
    }

    /// Raises the coverage to that at the centres of pixels, where `coverage` (which may leave 0...1) is larger.
    private mutating func add(around points: [SIMD2<Double>], margin: Double, _ coverage: (SIMD2<Double>) -> Double) {
        let touchedColumns = Self.pixels(points.map(\.x), margin: margin, limit: columns.upperBound).clamped(to: columns)
        for y in Self.pixels(points.map(\.y), margin: margin, limit: rows.upperBound).clamped(to: rows) {
            let start = (y - rows.lowerBound) * columns.count - columns.lowerBound
            for x in touchedColumns {
                let value = min(max(coverage(SIMD2(Double(x) + 0.5, Double(y) + 0.5)), 0), 1)
                values[start + x] = max(values[start + x], Float(value))
            }
        }
    }

    /// Calls `body` with the coverage along row `y` of the canvas, one value for each of `columns`.
    func withRow(_ y: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        let start = (y - rows.lowerBound) * columns.count
        values.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<start + columns.count])) }
    }
}
