import Glibc

/// A place that looks the same from elsewhere: an extremum of the difference of Gaussians, with its size and direction.
struct Keypoint: Sendable {
    /// In pixels of the image, centres at 0, 1, 2, ...
    var x, y: Double
    /// Of the Gaussian, in pixels of the image.
    var sigma: Double
    /// Radians, from x towards y.
    var angle: Double
    /// How much the extremum stands out.
    var strength: Float
    /// Where it was found.
    fileprivate(set) var octave, blur: Int
}

extension ScaleSpace {
    /// The `limit` strongest extrema, without directions, strongest first.
    func extrema(limit: Int, counts: (Double, Double) -> Bool) -> [Keypoint] {
        var found: [Keypoint] = []
        for (o, octave) in octaves.enumerated() {
            let (width, height) = (octave.blurred[0].width, octave.blurred[0].height)
            let differences = (0..<octave.blurred.count - 1).map { i -> [Float] in
                let (a, b) = (octave.blurred[i].pixels, octave.blurred[i + 1].pixels)
                return [Float](unsafeUninitializedCapacity: a.count) { out, count in
                    a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in for j in 0..<a.count { out[j] = b[j] - a[j] } } }
                    count = a.count
                }
            }
            let border = 3
            guard width > 2 * border, height > 2 * border else { continue }
            for i in 1...ScaleSpace.scalesPerOctave {
                differences[i - 1].withUnsafeBufferPointer { below in
                    differences[i].withUnsafeBufferPointer { here in
                        differences[i + 1].withUnsafeBufferPointer { above in
                            for y in border..<height - border {
                                for x in border..<width - border {
                                    let place = y * width + x
                                    guard abs(here[place]) > leastContrast, isExtremum(below, here, above, place, width) else { continue }
                                    guard let refined = refined(below, here, above, x, y, width) else { continue }
                                    let (px, py) = ((Double(x) + refined.x) * octave.pitch, (Double(y) + refined.y) * octave.pitch)
                                    guard counts(px, py) else { continue }
                                    found.append(
                                        Keypoint(
                                            x: px, y: py,
                                            sigma: ScaleSpace.firstSigma
                                                * exp2((Double(i) + refined.scale) / Double(ScaleSpace.scalesPerOctave))
                                                * octave.pitch,
                                            angle: 0, strength: refined.strength, octave: o, blur: i))
                                }
                            }
                        }
                    }
                }
            }
        }
        // Equally strong ones in a fixed order.
        let order = found.indices.sorted { (found[$1].strength, $0) < (found[$0].strength, $1) }
        return order.prefix(limit).map { found[$0] }
    }

    /// The keypoints with their directions: those of the strongest gradients around, up to two each.
    func directed(_ keypoints: [Keypoint], unsigned: Bool) -> [Keypoint] {
        keypoints.flatMap { keypoint -> [Keypoint] in
            directions(keypoint, unsigned: unsigned).map { angle in
                var directed = keypoint
                directed.angle = angle
                return directed
            }
        }
    }

    private func directions(_ keypoint: Keypoint, unsigned: Bool) -> [Double] {
        let octave = octaves[keypoint.octave]
        let plane = octave.blurred[keypoint.blur]
        let bins = 36
        var histogram = [Float](repeating: 0, count: bins)
        let (cx, cy, sigma) = (keypoint.x / octave.pitch, keypoint.y / octave.pitch, 1.5 * keypoint.sigma / octave.pitch)
        let radius = Int((3 * sigma).rounded())
        let perRadian = (unsigned ? 2 : 1) * Float(bins) / (2 * .pi)
        let (x0, y0) = (Int(cx.rounded()), Int(cy.rounded()))
        plane.pixels.withUnsafeBufferPointer { p in
            for y in max(1, y0 - radius)...max(1, min(plane.height - 2, y0 + radius)) {
                for x in max(1, x0 - radius)...max(1, min(plane.width - 2, x0 + radius)) {
                    let i = y * plane.width + x
                    guard i + plane.width < p.count else { continue }
                    let (dx, dy) = (p[i + 1] - p[i - 1], p[i + plane.width] - p[i - plane.width])
                    let (rx, ry) = (Double(x) - cx, Double(y) - cy)
                    let near = 1 - Float((rx * rx + ry * ry) / (9 * sigma * sigma))
                    guard near > 0 else { continue }
                    let weight = near * near * near * near
                    let bin = Int(quickAngle(dy, dx) * perRadian + Float(10 * bins) + 0.5) % bins
                    histogram[bin] += weight * (dx * dx + dy * dy).squareRoot()
                }
            }
        }
        for _ in 0..<2 {
            histogram = (0..<bins).map { (histogram[($0 + bins - 1) % bins] + 2 * histogram[$0] + histogram[($0 + 1) % bins]) / 4 }
        }
        let highest = histogram.max()!
        guard highest > 0 else { return [] }
        let peaks = (0..<bins).filter { i in
            let (a, b, c) = (histogram[(i + bins - 1) % bins], histogram[i], histogram[(i + 1) % bins])
            return b > a && b >= c && b >= 0.8 * highest
        }.sorted { (histogram[$1], $0) < (histogram[$0], $1) }
        return peaks.prefix(2).map { i in
            let (a, b, c) = (histogram[(i + bins - 1) % bins], histogram[i], histogram[(i + 1) % bins])
            let turn = (Double(i) + Double((a - c) / (2 * (a - 2 * b + c)))) / Double(bins)
            return turn * 2 * .pi / (unsigned ? 2 : 1)
        }
    }
}

/// Of images of 0...1: below it, noise.
private let leastContrast: Float = 0.003

private func isExtremum(
    _ below: UnsafeBufferPointer<Float>, _ here: UnsafeBufferPointer<Float>, _ above: UnsafeBufferPointer<Float>, _ place: Int, _ width: Int
) -> Bool {
    let value = here[place]
    // Of those below zero the negative is compared.
    let sign: Float = value > 0 ? 1 : -1
    let most = abs(value)
    func exceeds(_ plane: UnsafeBufferPointer<Float>, _ i: Int) -> Bool {
        sign * plane[i - 1] > most || sign * plane[i] > most || sign * plane[i + 1] > most
    }
    func exceeds(_ plane: UnsafeBufferPointer<Float>) -> Bool {
        exceeds(plane, place) || exceeds(plane, place - width) || exceeds(plane, place + width)
    }
    return !exceeds(here) && !exceeds(below) && !exceeds(above)
}

/// Where the parabola through an extremum and its neighbours peaks; nil on an edge, where its place along the edge is chance, or where it
/// peaks elsewhere.
private func refined(
    _ below: UnsafeBufferPointer<Float>, _ here: UnsafeBufferPointer<Float>, _ above: UnsafeBufferPointer<Float>, _ x: Int, _ y: Int,
    _ width: Int
) -> (x: Double, y: Double, scale: Double, strength: Float)? {
    let i = y * width + x
    let value = here[i]
    let dx = (here[i + 1] - here[i - 1]) / 2, dy = (here[i + width] - here[i - width]) / 2, ds = (above[i] - below[i]) / 2
    let xx = here[i + 1] + here[i - 1] - 2 * value, yy = here[i + width] + here[i - width] - 2 * value
    let ss = above[i] + below[i] - 2 * value
    let xy = (here[i + width + 1] - here[i + width - 1] - here[i - width + 1] + here[i - width - 1]) / 4
    let xs = (above[i + 1] - above[i - 1] - below[i + 1] + below[i - 1]) / 4
    let ys = (above[i + width] - above[i - width] - below[i + width] + below[i - width]) / 4
    let (trace, determinant) = (xx + yy, xx * yy - xy * xy)
    guard determinant > 0, trace * trace * mostElongated < (mostElongated + 1) * (mostElongated + 1) * determinant else { return nil }
    // Cramer's rule for the 3x3 system.
    let whole = xx * (yy * ss - ys * ys) - xy * (xy * ss - ys * xs) + xs * (xy * ys - yy * xs)
    guard whole != 0 else { return nil }
    let sx = -(dx * (yy * ss - ys * ys) - xy * (dy * ss - ys * ds) + xs * (dy * ys - yy * ds)) / whole
    let sy = -(xx * (dy * ss - ys * ds) - dx * (xy * ss - ys * xs) + xs * (xy * ds - dy * xs)) / whole
    let sScale = -(xx * (yy * ds - dy * ys) - xy * (xy * ds - dy * xs) + dx * (xy * ys - yy * xs)) / whole
    guard abs(sx) < 1, abs(sy) < 1, abs(sScale) < 1 else { return nil }
    return (Double(sx), Double(sy), Double(sScale), abs(value + (dx * sx + dy * sy + ds * sScale) / 2))
}

/// The largest ratio of curvatures of a keypoint that is no edge.
private let mostElongated: Float = 10
