import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// Places at which a small version of the target correlates with the source: every turn, scale and shift of a region is looked at.
///
/// - Parameters:
///   - pair: Of single planes.
///   - stretched: Whether the source is also stretched by half along four directions.
///   - limit: So many of the best are given.
/// - Returns: Normalized matrices.
func denseStarts(_ pair: PyramidPair, in region: SearchRegion, stretched: Bool, limit: Int) -> [Matrix3] {
    let target = pair.target.levels[pair.target.level(shorterSide: templateSide)]
    let full = pair.source.levels[0]
    let middle = Placement(region.middle, source: full.size, target: target.size)
    let turnCount = max(1, Int((2 * region.turn / turnStep).rounded()))
    let octaves = stride(from: region.octaves.lowerBound, through: region.octaves.upperBound + 1e-9, by: 0.5)
    let stretches = stretched ? (0..<4).map { Linear2.stretch(1.25, along: Double($0) * .pi / 4) } : [.rotation(0)]
    var jobs: [Linear2] = []
    for i in 0...turnCount where i < turnCount || region.turn < .pi {
        let turned = middle.linear.times(.rotation(-region.turn + 2 * region.turn * Double(i) / Double(turnCount)))
        for octave in octaves {
            for stretch in stretches { jobs.append(turned.times(stretch).scaled(exp2(octave))) }
        }
    }
    let template = Template(target, range: pair.target.values.range)
    let found = [[Placed]](unsafeUninitializedCapacity: jobs.count) { results, count in
        let base = results.baseAddress!
        Threads.forEachPiece(of: jobs.count, size: 1) { piece in
            for i in piece {
                (base + i).initialize(to: template.places(in: pair.source, under: jobs[i], around: middle, shift: region.shift))
            }
        }
        count = jobs.count
    }
    let all = found.flatMap { $0 }
    let order = all.indices.sorted { (all[$1].evidence, $0) < (all[$0].evidence, $1) }
    let (w, h, tw, th) = (Double(full.width), Double(full.height), Double(target.width), Double(target.height))
    return order.prefix(limit).map { index in
        let p = all[index]
        let pixels = Matrix3([p.linear.a, p.linear.b, p.x, p.linear.c, p.linear.d, p.y, 0, 0, 1])
        return .scaling(2 / w, 2 / h) * pixels * .scaling(tw / 2, th / 2)
    }
}

private let templateSide = 20
private let turnStep = Double.pi / 12

/// Where a source correlates with the target: from the target's pixels around its middle to the source's around its own.
private struct Placed {
    var linear: Linear2
    var x, y, evidence: Double
}

/// The target's small version.
private struct Template: Sendable {
    let width, height: Int
    /// Rows of `stride` numbers; what has no weight is behind the width too.
    let stride: Int
    let pixels, weights: [Float]
    /// The variance below which they show nothing.
    private let leastVariance: Float

    init(_ image: ComparedImage, range: Double) {
        let (width, height, stride) = (image.width, image.height, (image.width + 7) / 8 * 8)
        let mean = image.planes.scalars.reduce(0, +) / Float(width * height)
        var pixels = [Float](repeating: 0, count: stride * height)
        var weights = pixels
        image.planes.withScalars { p in
            for y in 0..<height {
                for x in 0..<width {
                    pixels[y * stride + x] = p[y * width + x] - mean
                    weights[y * stride + x] = image.counts.map { Float($0[y * width + x]) } ?? 1
                }
            }
        }
        (self.width, self.height, self.stride) = (width, height, stride)
        (self.pixels, self.weights, leastVariance) = (pixels, weights, flat(range))
    }

    /// The best shifts of a source that is brought to this template's pixels.
    ///
    /// - Parameters:
    ///   - linear: From the template's pixels to the full source's.
    ///   - middle: Where shifts are counted from.
    ///   - shift: The longest, in half source heights; nil for all that leave about four tenths in common.
    func places(in source: ComparedPyramid, under linear: Linear2, around middle: Placement, shift: Double?) -> [Placed] {
        guard let inverse = linear.inverted else { return [] }
        let full = source.levels[0]
        let (halfWidth, halfHeight) = (Double(full.width) / 2, Double(full.height) / 2)
        func reach(_ b: (Double, Double), _ side: Int) -> Int {
            if let shift { return Int((hypot(b.0, b.1) * shift * halfHeight).rounded(.up)) }
            return Int(abs(b.0) * halfWidth + abs(b.1) * halfHeight + 0.1 * Double(side))
        }
        let (shiftX, shiftY) = (reach((inverse.a, inverse.b), width), reach((inverse.c, inverse.d), height))
        guard (width + 2 * shiftX) * (height + 2 * shiftY) < 1 << 16 else { return [] }
        let canvas = Canvas(
            source, under: linear, around: middle, width: width + 2 * shiftX, stride: stride + 2 * shiftX, height: height + 2 * shiftY)
        guard canvas.total > 0 else { return [] }
        let least = 0.35 * min(weights.reduce(0, +), canvas.total)
        var best: [Placed] = []
        for oy in Swift.stride(from: 0, through: 2 * shiftY, by: 2) {
            for ox in Swift.stride(from: 0, through: 2 * shiftX, by: 2) {
                guard let evidence = evidence(canvas, ox, oy, least: least) else { continue }
                if best.count == keptShifts, evidence <= best.last!.evidence { continue }
                let (x, y) = (Double(ox - shiftX), Double(oy - shiftY))
                if let near = best.firstIndex(where: { abs($0.x - x) <= 2.5 && abs($0.y - y) <= 2.5 }) {
                    if best[near].evidence >= evidence { continue }
                    best.remove(at: near)
                }
                let place = best.firstIndex { $0.evidence < evidence } ?? best.count
                best.insert(Placed(linear: linear, x: x, y: y, evidence: evidence), at: place)
                if best.count > keptShifts { best.removeLast() }
            }
        }
        return best.map {
            Placed(
                linear: linear, x: middle.x + linear.a * $0.x + linear.b * $0.y, y: middle.y + linear.c * $0.x + linear.d * $0.y,
                evidence: $0.evidence)
        }
    }

    /// The evidence for the template at an offset in the canvas; nil where too little is in common.
    private func evidence(_ canvas: Canvas, _ ox: Int, _ oy: Int, least: Float) -> Double? {
        var (n, s, t) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
        var (ss, st, tt) = (n, n, n)
        canvas.values.withUnsafeBufferPointer { values in
            canvas.known.withUnsafeBufferPointer { known in
                pixels.withUnsafeBufferPointer { pixels in
                    weights.withUnsafeBufferPointer { weights in
                        for y in 0..<height {
                            let (row, other) = (y * stride, (oy + y) * canvas.stride + ox)
                            for x in Swift.stride(from: 0, to: stride, by: 8) {
                                let w = load(known, other + x) * load(weights, row + x)
                                let (a, b) = (load(values, other + x), load(pixels, row + x))
                                let (wa, wb) = (w * a, w * b)
                                n += w
                                s += wa
                                t += wb
                                ss += wa * a
                                st += wa * b
                                tt += wb * b
                            }
                        }
                    }
                }
            }
        }
        let count = n.sum()
        guard count >= least, count > 8 else { return nil }
        let vs = ss.sum() - s.sum() * s.sum() / count, vt = tt.sum() - t.sum() * t.sum() / count
        let product = st.sum() - s.sum() * t.sum() / count
        guard vs > canvas.leastVariance * count, vt > leastVariance * count else { return nil }
        return -0.5 * Double(count) * log(max(1e-4, 1 - Double(product * product / (vs * vt))))
    }

    private func load(_ p: UnsafeBufferPointer<Float>, _ i: Int) -> SIMD8<Float> {
        UnsafeRawPointer(p.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
    }
}

private let keptShifts = 3

/// The variance of what is flat, in an image whose values have a range.
private func flat(_ range: Double) -> Float { Float(1e-6 * range * range) }

/// The source as a linear map shows it, around a place in it.
private struct Canvas {
    let stride: Int
    /// Less their mean; 0 and 1 where nothing and something of the source is known.
    let values, known: [Float]
    /// How many are known.
    let total: Float
    /// The variance below which they show nothing.
    let leastVariance: Float

    init(_ source: ComparedPyramid, under linear: Linear2, around middle: Placement, width: Int, stride: Int, height: Int) {
        let full = source.levels[0]
        let level = source.levels[min(max(Int(log2(linear.scale).rounded()), 0), source.levels.count - 1)]
        let (levelX, levelY) = (Double(level.width) / Double(full.width), Double(level.height) / Double(full.height))
        let (centreX, centreY) = (middle.x + Double(full.width) / 2, middle.y + Double(full.height) / 2)
        let (right, below) = (level.width > 1 ? 1 : 0, level.height > 1 ? level.width : 0)
        var values = [Float](repeating: 0, count: stride * height)
        var known = values
        level.planes.withScalars { p in
            for row in 0..<height {
                for column in 0..<width {
                    let (x, y) = (Double(column) + 0.5 - Double(width) / 2, Double(row) + 0.5 - Double(height) / 2)
                    let u = (linear.a * x + linear.b * y + centreX) * levelX, v = (linear.c * x + linear.d * y + centreY) * levelY
                    guard u >= 0, v >= 0, u < Double(level.width), v < Double(level.height) else { continue }
                    let (pu, pv) = (min(max(u - 0.5, 0), Double(level.width - 1)), min(max(v - 0.5, 0), Double(level.height - 1)))
                    let (i, j) = (min(Int(pu), max(0, level.width - 2)), min(Int(pv), max(0, level.height - 2)))
                    let q = j * level.width + i
                    if let counts = level.counts, counts[q] == 0 { continue }
                    let (a, b) = (Float(pu - Double(i)), Float(pv - Double(j)))
                    values[row * stride + column] =
                        (1 - b) * ((1 - a) * p[q] + a * p[q + right]) + b * ((1 - a) * p[q + below] + a * p[q + below + right])
                    known[row * stride + column] = 1
                }
            }
        }
        total = known.reduce(0, +)
        let mean = values.reduce(0, +) / max(1, total)
        for i in values.indices where known[i] > 0 { values[i] -= mean }
        (self.stride, self.values, self.known, leastVariance) = (stride, values, known, flat(source.values.range))
    }
}
