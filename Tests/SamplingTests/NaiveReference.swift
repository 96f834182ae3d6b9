import Foundation
import Sampling
import TestSupport
import Tensors

// The samplers written straight from the equations, in Double, one loop a line: what everything fast is tested against.

/// An image [C, H, W] read between its pixels.
struct NaiveImage {
    let pixels: Tensor<Double>
    let padding: Padding
    let alignCorners: Bool
    var channels: Int { pixels.shape[0] }
    var height: Int { pixels.shape[1] }
    var width: Int { pixels.shape[2] }

    /// Pixel pitch in normalized coordinates.
    var pitch: (x: Double, y: Double) { naivePitch(width, height, alignCorners) }

    /// Pixel coordinates of a normalized point.
    func pixel(_ u: Double, _ v: Double) -> (x: Double, y: Double) {
        alignCorners
            ? ((u + 1) / 2 * Double(width - 1), (v + 1) / 2 * Double(height - 1))
            : (((u + 1) * Double(width) - 1) / 2, ((v + 1) * Double(height) - 1) / 2)
    }

    /// The pixel at whole coordinates, or what the padding puts there; nil for black.
    func index(_ i: Int, _ size: Int) -> Int? {
        switch padding {
        case .zeros: return (0..<size).contains(i) ? i : nil
        case .border: return min(max(i, 0), size - 1)
        case .reflection:
            var i = i
            if size == 1 { return 0 }
            while !(0..<size).contains(i) {  // mirrored at one end after the other
                if i < 0 { i = alignCorners ? -i : -1 - i } else { i = alignCorners ? 2 * (size - 1) - i : 2 * size - 1 - i }
            }
            return i
        }
    }

    /// Along an axis of a single pixel whose corners are aligned every coordinate is that pixel's centre.
    func contains(_ u: Double, _ v: Double) -> Bool {
        (abs(u) <= 1 || (alignCorners && width == 1)) && (abs(v) <= 1 || (alignCorners && height == 1))
    }

    func value(_ c: Int, _ u: Double, _ v: Double) -> Double {
        var (x, y) = pixel(u, v)
        if x.isNaN || y.isNaN {
            if padding == .zeros { return 0 }
            x = x.isNaN ? 0 : x
            y = y.isNaN ? 0 : y
        }
        // Far outside only the padding counts, and whole numbers can't hold the coordinate.
        x = min(max(x, -1e6), 1e6)
        y = min(max(y, -1e6), 1e6)
        let (x0, y0) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
        var sum = 0.0
        for (i, wy) in [(y0, 1 - (y - Double(y0))), (y0 + 1, y - Double(y0))] {
            for (j, wx) in [(x0, 1 - (x - Double(x0))), (x0 + 1, x - Double(x0))] {
                if let row = index(i, height), let column = index(j, width) { sum += wy * wx * pixels[c, row, column] }
            }
        }
        return sum
    }
}

func naivePitch(_ width: Int, _ height: Int, _ alignCorners: Bool) -> (x: Double, y: Double) {
    alignCorners
        ? (width > 1 ? 2 / Double(width - 1) : 0, height > 1 ? 2 / Double(height - 1) : 0) : (2 / Double(width), 2 / Double(height))
}

/// The centre of target pixel (column, row) in normalized coordinates.
func naiveTarget(_ column: Int, _ row: Int, _ width: Int, _ height: Int, _ alignCorners: Bool) -> (x: Double, y: Double) {
    let pitch = naivePitch(width, height, alignCorners)
    return ((Double(column) - Double(width - 1) / 2) * pitch.x, (Double(row) - Double(height - 1) / 2) * pitch.y)
}

/// A point in pixels in normalized coordinates.
func naiveNormalized(_ x: Double, _ y: Double, _ width: Int, _ height: Int, _ alignCorners: Bool) -> (x: Double, y: Double) {
    func normalized(_ pixel: Double, _ size: Int) -> Double {
        alignCorners ? (size > 1 ? 2 * pixel / Double(size - 1) - 1 : 0) : (2 * pixel + 1) / Double(size) - 1
    }
    return (normalized(x, width), normalized(y, height))
}

/// Eqs. 2-9 for one target pixel. `warp` maps an offset from the pixel's centre, in normalized target coordinates, to the source.
/// - Parameter normals: For each auxiliary sample: n along x and y, m along x and y.
/// - Returns: For each channel the value and the slopes by normalized source coordinates.
func naiveLinearization(
    _ image: NaiveImage, _ options: LinearizedSampler, targetPitch: (x: Double, y: Double), normals: [[Double]],
    warp: (Double, Double) -> (x: Double, y: Double)
) -> [(value: Double, u: Double, v: Double)] {
    let centre = warp(0, 0)
    var rows: [(du: Double, dv: Double, in: Double, u: Double, v: Double)] = []
    for n in normals {
        let (x, y) = (options.sigma * targetPitch.x * n[0], options.sigma * targetPitch.y * n[1])
        // Eq. 3, or the released code's: a pixel of the result has the same normalized extent where nothing is transformed.
        var (u, v) = options.noiseFrame == .target ? warp(x, y) : (centre.x + x, centre.y + y)
        if options.preventsCollapse {  // Eqs. 8, 9
            u += image.pitch.x * n[2]
            v += image.pitch.y * n[3]
        }
        guard options.outside == .counted || image.contains(u, v), centre.x.isFinite, centre.y.isFinite else { continue }  // section 6.1
        let (a, b) = (image.pixel(u, v), image.pixel(centre.x, centre.y))
        rows.append((a.x - b.x, a.y - b.y, 1, u, v))
    }
    return (0..<image.channels).map { c in
        let base = image.value(c, centre.x, centre.y)
        var normal = [[Double]](repeating: [0, 0, 0], count: 3)
        var right = [0.0, 0, 0]
        for row in rows {
            let x = [row.du, row.dv, row.in]
            let y = image.value(c, row.u, row.v) - base  // Eq. 5
            for i in 0..<3 {
                for j in 0..<3 { normal[i][j] += x[i] * x[j] }
                right[i] += x[i] * y
            }
        }
        for i in 0..<3 { normal[i][i] += options.regularization }
        let a = naiveSolve(normal, right.map { [$0] }).map { $0[0] }  // Eq. 7
        let perUnit = image.pixelsPerUnit
        let values = [base] + rows.map { image.value(c, $0.u, $0.v) }
        let value: Double
        switch options.bias {
        case .included: value = base + a[2]
        case .excluded: value = base
        case .mean: value = values.reduce(0, +) / Double(values.count)
        }
        return (value, a[0] * perUnit.x, a[1] * perUnit.y)
    }
}

extension NaiveImage {
    /// Source pixels by normalized coordinate.
    var pixelsPerUnit: (x: Double, y: Double) {
        let (a, b) = (pixel(0, 0), pixel(1, 1))
        return (b.x - a.x, b.y - a.y)
    }
}

/// A whole batch: values and slopes [N, C, h, w].
struct NaiveResult {
    var values, slopeU, slopeV: Tensor<Double>
}

/// The linearized sampler over a batch of images [N, C, H, W] with normals [N, K-1, 4, h, w].
func naiveLinearized(
    _ images: Tensor<Double>, _ grid: SamplingGrid<Double>, matrices: [Matrix3]?, _ options: LinearizedSampler, normals: Tensor<Double>
) -> NaiveResult {
    naiveBatch(images, grid, options.padding, options.alignCorners) { image, n, column, row in
        let target = naiveTarget(column, row, grid.width, grid.height, grid.alignCorners)
        let drawn = (0..<options.sampleCount - 1).map { k in (0..<4).map { normals[n, k, $0, row, column] } }
        let warp: (Double, Double) -> (x: Double, y: Double)
        if let matrices {
            warp = { matrices[n].apply(target.x + $0, target.y + $1) }
        } else {
            warp = naiveGridWarp(grid, n, column, row)
        }
        let pitch = naivePitch(grid.width, grid.height, grid.alignCorners)
        return naiveLinearization(image, options, targetPitch: pitch, normals: drawn, warp: warp)
    }
}

/// The map around a pixel of a general grid: u + J·offset, J by differences of the neighbours.
func naiveGridWarp(_ grid: SamplingGrid<Double>, _ n: Int, _ column: Int, _ row: Int) -> (Double, Double) -> (x: Double, y: Double) {
    let points = grid.points
    let pitch = naivePitch(grid.width, grid.height, grid.alignCorners)
    func difference(_ axis: Int, _ component: Int) -> Double {
        let (length, place) = axis == 0 ? (grid.width, column) : (grid.height, row)
        let (low, high) = (max(0, place - 1), min(length - 1, place + 1))
        guard high > low else { return 0 }
        func at(_ i: Int) -> Double { axis == 0 ? points[n, row, i, component] : points[n, i, column, component] }
        return (at(high) - at(low)) / (Double(high - low) * (axis == 0 ? pitch.x : pitch.y))
    }
    let centre = (points[n, row, column, 0], points[n, row, column, 1])
    let j = (difference(0, 0), difference(1, 0), difference(0, 1), difference(1, 1))
    return { (centre.0 + j.0 * $0 + j.1 * $1, centre.1 + j.2 * $0 + j.3 * $1) }
}

/// Bilinear over a batch; slopes by central differences, or zero where the position is not a number.
func naiveBilinear(_ images: Tensor<Double>, _ grid: SamplingGrid<Double>, _ padding: Padding, alignCorners: Bool) -> NaiveResult {
    let points = grid.points
    return naiveBatch(images, grid, padding, alignCorners) { image, n, column, row in
        let (u, v) = (points[n, row, column, 0], points[n, row, column, 1])
        let h = 1e-7
        return (0..<image.channels).map { c in
            (
                image.value(c, u, v),
                u.isFinite && v.isFinite ? (image.value(c, u + h, v) - image.value(c, u - h, v)) / (2 * h) : 0,
                u.isFinite && v.isFinite ? (image.value(c, u, v + h) - image.value(c, u, v - h)) / (2 * h) : 0
            )
        }
    }
}

private func naiveBatch(
    _ images: Tensor<Double>, _ grid: SamplingGrid<Double>, _ padding: Padding, _ alignCorners: Bool,
    _ pixel: (NaiveImage, _ n: Int, _ column: Int, _ row: Int) -> [(value: Double, u: Double, v: Double)]
) -> NaiveResult {
    let (batch, channels) = (images.shape[0], images.shape[1])
    let size = channels * grid.height * grid.width
    var values = [Double](repeating: 0, count: batch * size)
    var (slopeU, slopeV) = (values, values)
    for n in 0..<batch {
        let plane = images.count / batch
        let pixels = Tensor(Array(images.scalars[n * plane..<(n + 1) * plane]), shape: Array(images.shape[1...]))
        let image = NaiveImage(pixels: pixels, padding: padding, alignCorners: alignCorners)
        for row in 0..<grid.height {
            for column in 0..<grid.width {
                for (c, sample) in pixel(image, n, column, row).enumerated() {
                    let i = n * size + (c * grid.height + row) * grid.width + column
                    (values[i], slopeU[i], slopeV[i]) = (sample.value, sample.u, sample.v)
                }
            }
        }
    }
    let shape = [batch, channels, grid.height, grid.width]
    return NaiveResult(
        values: Tensor(values, shape: shape), slopeU: Tensor(slopeU, shape: shape), slopeV: Tensor(slopeV, shape: shape))
}
