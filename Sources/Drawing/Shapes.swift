import CCairo

extension Canvas {
    // Points are (x, y) in the canvas's coordinates, edges are smooth. A shape with a point that is not finite, or farther than `farthest`
    // from the origin, is left out: paths of iterations may diverge, and figures of them are still wanted.

    /// Draws a line with round ends. `width` is in pixels.
    package func line(from start: SIMD2<Double>, to end: SIMD2<Double>, width: Double, color: Color) {
        guard trace([start, end]) else { return }
        stroke(width, color)
    }

    /// Draws the outline of a polygon, its last corner joined to the first.
    package func polygon(_ corners: [SIMD2<Double>], width: Double, color: Color) {
        guard trace(corners) else { return }
        cairo_close_path(context)
        stroke(width, color)
    }

    /// Draws a filled disc.
    package func disc(center: SIMD2<Double>, radius: Double, color: Color) {
        guard isUsable(center), radius > 0, radius <= farthest else { return }
        cairo_arc(context, center.x, center.y, radius, 0, 2 * .pi)
        use(color)
        cairo_fill(context)
    }

    /// Draws a line with a filled head whose tip is at `end`. The head is four widths long and wide, or, for short arrows, shorter.
    package func arrow(from start: SIMD2<Double>, to end: SIMD2<Double>, width: Double, color: Color) {
        let vector = end - start
        let length = (vector * vector).sum().squareRoot()
        guard length > 0, length.isFinite, isUsable(start), isUsable(end) else { return }
        let along = vector / length
        let head = min(4 * width + 2, length)
        let base = end - along * head
        let side = SIMD2(-along.y, along.x) * (head / 2)
        // The line ends inside of the head, which is there wide enough to hide the round end.
        line(from: start, to: end - along * (head / 2), width: width, color: color)
        guard trace([end, base + side, base - side]) else { return }
        use(color)
        cairo_fill(context)
    }

    /// Begins a path along the points; false where that can't be drawn.
    private func trace(_ points: [SIMD2<Double>]) -> Bool {
        guard !points.isEmpty, points.allSatisfy(isUsable) else { return false }
        cairo_new_path(context)
        for point in points { cairo_line_to(context, point.x, point.y) }
        return true
    }

    private func stroke(_ width: Double, _ color: Color) {
        use(color)
        cairo_set_line_width(context, width)
        cairo_stroke(context)
    }

    private func isUsable(_ point: SIMD2<Double>) -> Bool { abs(point.x) <= farthest && abs(point.y) <= farthest }
}

/// Farther away Cairo's own coordinates, which have 24 bits before the point, come to their end.
private let farthest = 1e6
