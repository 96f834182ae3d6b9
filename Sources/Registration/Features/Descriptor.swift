import Glibc
import LinearAlgebra

/// What keypoints look like: 4 x 4 cells of histograms of gradients in 8 directions, relative to the keypoint's size and direction (Lowe 2004),
/// as square roots of shares (Arandjelović and Zisserman, CVPR 2012): rows of unit length.
struct Descriptors: Sendable {
    var keypoints: [Keypoint]
    /// [keypoints, 128].
    var rows: [Float]

    static let length = 128

    /// - Parameter unsigned: A gradient and its opposite are the same: for images of other sensors.
    init(_ space: ScaleSpace, _ keypoints: [Keypoint], unsigned: Bool) {
        self.keypoints = keypoints
        let count = keypoints.count
        rows = [Float](unsafeUninitializedCapacity: count * Self.length) { rows, initialized in
            let base = rows.baseAddress!
            Threads.forEachPiece(of: count, size: 64) { piece in
                for i in piece { describe(space, keypoints[i], unsigned: unsigned, into: base + i * Self.length) }
            }
            initialized = count * Self.length
        }
    }

    /// As seen with inverted brightness: directions turn by half a circle, so that the cells come in reverse order.
    var inverted: Descriptors {
        var copy = self
        for i in keypoints.indices {
            copy.keypoints[i].angle += .pi
            for cell in 0..<16 {
                for bin in 0..<8 { copy.rows[i * Self.length + cell * 8 + bin] = rows[i * Self.length + (15 - cell) * 8 + bin] }
            }
        }
        return copy
    }
}

private func describe(_ space: ScaleSpace, _ keypoint: Keypoint, unsigned: Bool, into out: UnsafeMutablePointer<Float>) {
    let octave = space.octaves[keypoint.octave]
    let plane = octave.blurred[keypoint.blur]
    let (width, height) = (plane.width, plane.height)
    out.initialize(repeating: 0, count: Descriptors.length)
    let cell = 3 * keypoint.sigma / octave.pitch
    let (cx, cy) = (keypoint.x / octave.pitch, keypoint.y / octave.pitch)
    let radius = min(Int((cell * 2.5 * 2.0.squareRoot()).rounded()) + 1, max(width, height))
    let (cosine, sine) = (Float(cos(keypoint.angle) / cell), Float(sin(keypoint.angle) / cell))
    let turn = Float(keypoint.angle)
    let perRadian: Float = (unsigned ? 2 : 1) * 8 / (2 * .pi)
    plane.pixels.withUnsafeBufferPointer { p in
        let (x0, y0) = (Int(cx.rounded()), Int(cy.rounded()))
        let (left, right, top, bottom) = (
            max(1, x0 - radius), min(width - 2, x0 + radius), max(1, y0 - radius), min(height - 2, y0 + radius)
        )
        guard left <= right, top <= bottom else { return }
        // Where the blur is wide, every second gradient or third says as much.
        let step = max(1, Int(cell / 3))
        for y in stride(from: top, through: bottom, by: step) {
            for x in stride(from: left, through: right, by: step) {
                let (dx, dy) = (Float(Double(x) - cx), Float(Double(y) - cy))
                let u = cosine * dx + sine * dy, v = cosine * dy - sine * dx
                let (column, row) = (u + 1.5, v + 1.5)
                guard column > -1, column < 4, row > -1, row < 4 else { continue }
                let i = y * width + x
                let (gx, gy) = (p[i + 1] - p[i - 1], p[i + width] - p[i - width])
                // Falls off like a Gaussian of two cells.
                let near = 1 - (u * u + v * v) / 16
                let magnitude = (gx * gx + gy * gy).squareRoot() * near * near
                // Above zero, where whole parts are what conversion leaves.
                let angle = (quickAngle(gy, gx) - turn) * perRadian + 64
                let (ci, ri, oi) = (min(Int(column + 1) - 1, 3), min(Int(row + 1) - 1, 3), Int(angle))
                let (fc, fr, fo) = (column - Float(ci), row - Float(ri), angle - Float(oi))
                let (low, high) = (magnitude * (1 - fo), magnitude * fo)
                let (first, next) = (oi & 7, (oi + 1) & 7)
                for j in max(0, ri)...min(3, ri + 1) {
                    let wr = j == ri ? 1 - fr : fr
                    for k in max(0, ci)...min(3, ci + 1) {
                        let weight = wr * (k == ci ? 1 - fc : fc)
                        let bins = out + (j * 4 + k) * 8
                        bins[first] += weight * low
                        bins[next] += weight * high
                    }
                }
            }
        }
    }
    // No single gradient may decide: cut at 0.2 of the length.
    var square: Float = 0
    for i in 0..<Descriptors.length { square += out[i] * out[i] }
    let most = 0.2 * square.squareRoot()
    var sum: Float = 1e-12
    for i in 0..<Descriptors.length {
        out[i] = min(out[i], most)
        sum += out[i]
    }
    for i in 0..<Descriptors.length { out[i] = (out[i] / sum).squareRoot() }
}

/// atan2 to a thousandth of a radian.
@inline(__always)
func quickAngle(_ y: Float, _ x: Float) -> Float {
    let (ax, ay) = (abs(x), abs(y))
    let ratio = min(ax, ay) / (max(ax, ay) + 1e-20)
    let square = ratio * ratio
    var angle = ((-0.046_496_474 * square + 0.159_314_22) * square - 0.327_622_764) * square * ratio + ratio
    if ay > ax { angle = .pi / 2 - angle }
    if x < 0 { angle = .pi - angle }
    return y < 0 ? -angle : angle
}
