import Tensors

/// The pixels that count, less a border that is no part of the picture: black or white throughout, reaching the image's edge, with a picture
/// of convex outline within, as what lies outside of a turned or shifted photograph. A white page with text on it has no such outline.
func withoutBorders(_ image: Tensor<Float>, _ counts: [UInt8]?) -> [UInt8]? {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let pixels = height * width
    var result = counts
    image.withScalars { x in
        for border: Float in [0, 1] {
            // What does not count may be anything.
            func isBorder(_ i: Int) -> Bool {
                if let counts, counts[i] == 0 { return false }
                return (0..<channels).allSatisfy { x[$0 * pixels + i] == border }
            }
            // All border pixels that hang together with the edge.
            var outside = [Bool](repeating: false, count: pixels)
            var open: [Int] = []
            func visit(_ i: Int) {
                if !outside[i] && isBorder(i) {
                    outside[i] = true
                    open.append(i)
                }
            }
            for column in 0..<width {
                visit(column)
                visit((height - 1) * width + column)
            }
            for row in 0..<height {
                visit(row * width)
                visit(row * width + width - 1)
            }
            guard open.count > (height + width) / 8 else { continue }
            while let i = open.popLast() {
                let (row, column) = (i / width, i % width)
                if column > 0 { visit(i - 1) }
                if column < width - 1 { visit(i + 1) }
                if row > 0 { visit(i - width) }
                if row < height - 1 { visit(i + width) }
            }
            let inside = outside.count { !$0 }
            guard inside > 0, Double(inside) > mostlyConvex * hullArea(outside, height, width) else { continue }
            var kept = result ?? [UInt8](repeating: 1, count: pixels)
            for i in 0..<pixels where outside[i] { kept[i] = 0 }
            result = kept
        }
    }
    return result
}

/// The least share of its convex hull that a picture fills.
private let mostlyConvex = 0.97

/// The number of pixels in the convex hull of those that are not outside (Andrew's monotone chain).
private func hullArea(_ outside: [Bool], _ height: Int, _ width: Int) -> Double {
    var left: [(x: Double, y: Double)] = []
    var right = left
    for row in 0..<height {
        let range = row * width..<(row + 1) * width
        guard let first = outside[range].firstIndex(of: false), let last = outside[range].lastIndex(of: false) else { continue }
        // The corners of the pixels.
        for y in [Double(row), Double(row + 1)] {
            left.append((Double(first - range.lowerBound), y))
            right.append((Double(last - range.lowerBound + 1), y))
        }
    }
    func chain(_ points: [(x: Double, y: Double)], turningRight: Bool) -> [(x: Double, y: Double)] {
        var chain: [(x: Double, y: Double)] = []
        for p in points {
            while chain.count >= 2 {
                let (a, b) = (chain[chain.count - 2], chain[chain.count - 1])
                let cross = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)
                if turningRight ? cross >= 0 : cross <= 0 { chain.removeLast() } else { break }
            }
            chain.append(p)
        }
        return chain
    }
    let outline = chain(right, turningRight: false) + chain(left, turningRight: true).reversed()
    var area = 0.0
    for (p, q) in zip(outline, outline.dropFirst() + outline.prefix(1)) { area += p.x * q.y - q.x * p.y }
    return abs(area) / 2
}
