import Foundation
import LinearAlgebra
import Sampling
import Tensors

/// Similarities under which a small version of the target correlates with the source: every turn, scale and shift is looked at.
///
/// - Parameters:
///   - pair: Of single planes.
///   - around: The middle of what is searched, a normalized matrix.
///   - turns: Of a whole circle, how much to either side.
///   - octaves: How far scales go to either side, log₂.
///   - limit: So many of the best are given.
func denseStarts(
    _ pair: PyramidPair, around: Matrix3, turns: ClosedRange<Double>, octaves: ClosedRange<Double>, limit: Int
) -> [Matrix3] {
    let target = pair.target.levels[pair.target.level(shorterSide: templateSide)]
    let full = pair.source.levels[0]
    let (tw, th) = (Double(target.width), Double(target.height))
    let turnCount = max(1, Int(((turns.upperBound - turns.lowerBound) / (.pi / 12)).rounded()))
    let scaleCount = max(0, Int(((octaves.upperBound - octaves.lowerBound) / 0.5).rounded()))
    // In units of pixels of the full source around its middle.
    let pitch = Double(full.height) / th
    var jobs: [(turn: Double, scale: Double)] = []
    for i in 0..<turnCount {
        for j in 0...scaleCount {
            jobs.append(
                (
                    turns.lowerBound + (turns.upperBound - turns.lowerBound) * Double(i) / Double(turnCount),
                    pitch * exp2(octaves.lowerBound + 0.5 * Double(j))
                ))
        }
    }
    let template = Template(target)
    let found = [[Placed]](unsafeUninitializedCapacity: jobs.count) { results, count in
        let base = results.baseAddress!
        Threads.forEachPiece(of: jobs.count, size: 1) { piece in
            for i in piece { (base + i).initialize(to: template.places(in: pair.source, turn: jobs[i].turn, scale: jobs[i].scale)) }
        }
        count = jobs.count
    }
    let all = found.flatMap { $0 }
    let order = all.indices.sorted { (all[$1].evidence, $0) < (all[$0].evidence, $1) }
    return order.prefix(limit).map { index in
        let p = all[index]
        let (c, s) = (p.scale * cos(p.turn), p.scale * sin(p.turn))
        // From the target's pixels around its middle to the source's around its own.
        let pixels = Matrix3([c, -s, p.x, s, c, p.y, 0, 0, 1])
        return .scaling(2 / Double(full.width), 2 / Double(full.height)) * pixels * .scaling(tw / 2, th / 2)
    }
}

private let templateSide = 20

/// Where a turned and scaled source correlates with the target.
private struct Placed {
    var turn, scale, x, y, evidence: Double
}

/// The target's small version.
private struct Template: Sendable {
    let width, height: Int
    let pixels, weights: [Float]

    init(_ image: ComparedImage) {
        (width, height) = (image.width, image.height)
        let grey = image.planes.mean(axes: [0]).scalars
        let mean = grey.reduce(0, +) / Float(grey.count)
        pixels = grey.map { $0 - mean }
        weights = image.counts.map { $0.map { Float($0) } } ?? [Float](repeating: 1, count: grey.count)
    }

    /// The best shifts of a source that is turned and scaled to this template's pixels.
    func places(in source: ComparedPyramid, turn: Double, scale: Double) -> [Placed] {
        let full = source.levels[0]
        let level = source.levels[min(max(Int(log2(scale).rounded()), 0), source.levels.count - 1)]
        // The source, turned and scaled, and the shifts of the template over it.
        let (c, s) = (cos(turn), sin(turn))
        let (halfWidth, halfHeight) = (Double(full.width) / (2 * scale), Double(full.height) / (2 * scale))
        let reachX = abs(c) * halfWidth + abs(s) * halfHeight, reachY = abs(s) * halfWidth + abs(c) * halfHeight
        let step = 2
        // Shifts that leave about four tenths in common are looked at; the turned source lies in the middle of a canvas.
        let (shiftX, shiftY) = (Int(reachX + 0.1 * Double(width)), Int(reachY + 0.1 * Double(height)))
        let (canvasWidth, canvasHeight) = (width + 2 * shiftX, height + 2 * shiftY)
        guard canvasWidth * canvasHeight < 1 << 16 else { return [] }
        var values = [Float](repeating: 0, count: canvasWidth * canvasHeight)
        var known = values
        let (levelX, levelY) = (Double(level.width) / Double(full.width), Double(level.height) / Double(full.height))
        let channels = level.channels
        let plane = level.width * level.height
        level.planes.withScalars { p in
            for row in 0..<canvasHeight {
                for column in 0..<canvasWidth {
                    let (x, y) = (Double(column) + 0.5 - Double(canvasWidth) / 2, Double(row) + 0.5 - Double(canvasHeight) / 2)
                    let u = (scale * (c * x - s * y) + Double(full.width) / 2) * levelX
                    let v = (scale * (s * x + c * y) + Double(full.height) / 2) * levelY
                    guard u >= 0, v >= 0, u < Double(level.width), v < Double(level.height) else { continue }
                    let (pu, pv) = (min(max(u - 0.5, 0), Double(level.width - 1)), min(max(v - 0.5, 0), Double(level.height - 1)))
                    let (i, j) = (min(Int(pu), max(0, level.width - 2)), min(Int(pv), max(0, level.height - 2)))
                    if let counts = level.counts, counts[j * level.width + i] == 0 { continue }
                    let (a, b) = (Float(pu - Double(i)), Float(pv - Double(j)))
                    let (right, below) = (level.width > 1 ? 1 : 0, level.height > 1 ? level.width : 0)
                    var sum: Float = 0
                    for c in 0..<channels {
                        let q = c * plane + j * level.width + i
                        sum += (1 - b) * ((1 - a) * p[q] + a * p[q + right]) + b * ((1 - a) * p[q + below] + a * p[q + below + right])
                    }
                    values[row * canvasWidth + column] = sum / Float(channels)
                    known[row * canvasWidth + column] = 1
                }
            }
        }
        let total = known.reduce(0, +)
        guard total > 0 else { return [] }
        let mean = values.reduce(0, +) / total
        for i in values.indices where known[i] > 0 { values[i] -= mean }
        let least = 0.35 * min(weights.reduce(0, +), total)
        var best: [Placed] = []
        values.withUnsafeBufferPointer { values in
            known.withUnsafeBufferPointer { known in
                for oy in stride(from: 0, through: 2 * shiftY, by: step) {
                    for ox in stride(from: 0, through: 2 * shiftX, by: step) {
                        guard let evidence = evidence(values, known, canvasWidth, ox, oy, least: least) else { continue }
                        if best.count == keptShifts, evidence <= best.last!.evidence { continue }
                        // Where the template's middle lies in the turned source, then in the source.
                        let (x, y) = (Double(ox - shiftX), Double(oy - shiftY))
                        if let near = best.firstIndex(where: { abs($0.x - x) <= 2.5 && abs($0.y - y) <= 2.5 }) {
                            if best[near].evidence >= evidence { continue }
                            best.remove(at: near)
                        }
                        let place = best.firstIndex { $0.evidence < evidence } ?? best.count
                        best.insert(Placed(turn: turn, scale: scale, x: x, y: y, evidence: evidence), at: place)
                        if best.count > keptShifts { best.removeLast() }
                    }
                }
            }
        }
        return best.map {
            Placed(turn: turn, scale: scale, x: scale * (c * $0.x - s * $0.y), y: scale * (s * $0.x + c * $0.y), evidence: $0.evidence)
        }
    }

    /// The evidence for the template at an offset in the canvas; nil where too little is in common.
    private func evidence(
        _ values: UnsafeBufferPointer<Float>, _ known: UnsafeBufferPointer<Float>, _ canvasWidth: Int, _ ox: Int, _ oy: Int, least: Float
    ) -> Double? {
        var (n, s, t, ss, st, tt) = (Float(0), Float(0), Float(0), Float(0), Float(0), Float(0))
        pixels.withUnsafeBufferPointer { pixels in
            weights.withUnsafeBufferPointer { weights in
                for y in 0..<height {
                    let (row, other) = (y * width, (oy + y) * canvasWidth + ox)
                    var (rn, rs, rt) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
                    var (rss, rst, rtt) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
                    var x = 0
                    while x + 8 <= width {
                        let w = load(known, other + x) * load(weights, row + x)
                        let a = load(values, other + x), b = load(pixels, row + x)
                        rn += w
                        rs += w * a
                        rt += w * b
                        rss += w * a * a
                        rst += w * a * b
                        rtt += w * b * b
                        x += 8
                    }
                    n += rn.sum()
                    s += rs.sum()
                    t += rt.sum()
                    ss += rss.sum()
                    st += rst.sum()
                    tt += rtt.sum()
                    while x < width {
                        let w = known[other + x] * weights[row + x]
                        let (a, b) = (values[other + x], pixels[row + x])
                        n += w
                        s += w * a
                        t += w * b
                        ss += w * a * a
                        st += w * a * b
                        tt += w * b * b
                        x += 1
                    }
                }
            }
        }
        guard n >= least, n > 8 else { return nil }
        let (vs, vt, cov) = (ss - s * s / n, tt - t * t / n, st - s * t / n)
        guard vs > 1e-6 * n, vt > 1e-6 * n else { return nil }
        return -0.5 * Double(n) * log(max(1e-4, 1 - Double(cov * cov / (vs * vt))))
    }

    private func load(_ p: UnsafeBufferPointer<Float>, _ i: Int) -> SIMD8<Float> {
        UnsafeRawPointer(p.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
    }
}

private let keptShifts = 3
