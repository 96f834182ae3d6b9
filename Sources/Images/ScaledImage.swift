import Tensors

/// The weights that make the pixels along one axis from those of another length.
private struct Resampling {
    /// For output pixel i: the first input pixel, and the range of `weights` for it and those after it.
    private var taps: [(first: Int, weights: Range<Int>)] = []
    private var weights: [Float] = []

    /// The number of output pixels.
    var count: Int { taps.count }

    private mutating func append(_ first: Int, _ tapWeights: [Float]) {
        taps.append((first, weights.count..<weights.count + tapWeights.count))
        weights += tapWeights
    }

    /// Each pixel `times` times.
    static func repeated(_ length: Int, _ times: Int) -> Resampling {
        var result = Resampling()
        for i in 0..<length * times { result.append(i / times, [1]) }
        return result
    }

    /// Averages of areas if `length` is smaller than `inputLength`, linear interpolation if it is larger.
    static func smooth(from inputLength: Int, to length: Int) -> Resampling {
        var result = Resampling()
        let step = Double(inputLength) / Double(length)
        for i in 0..<length {
            if step > 1 {
                let start = Double(i) * step
                let end = start + step
                let first = Int(start)
                let last = min(Int(end.rounded(.up)), inputLength) - 1
                result.append(first, (first...last).map { Float((min(Double($0 + 1), end) - max(Double($0), start)) / step) })
            } else {
                // Between the centres of two pixels; beyond the outermost centres the outermost pixel.
                let center = min(max((Double(i) + 0.5) * step - 0.5, 0), Double(inputLength - 1))
                let first = Int(center)
                let fraction = Float(center - Double(first))
                result.append(first, fraction > 0 ? [1 - fraction, fraction] : [1])
            }
        }
        return result
    }

    /// Calls `body` with each output pixel, an input pixel of its, and the weight of that.
    @inline(__always)
    func forEachTap(_ body: (_ output: Int, _ input: Int, _ weight: Float) -> Void) {
        for (output, tap) in taps.enumerated() {
            for (i, weight) in tap.weights.enumerated() { body(output, tap.first + i, weights[weight]) }
        }
    }
}

/// An image at another size, taken apart: by averages of areas where it becomes smaller, by linear interpolation where it becomes larger.
/// Colors are multiplied by alpha if there is any, so that transparent pixels lend none to their neighbours.
package struct ScaledImage {
    package let width, height: Int
    /// One plane (grey) or three.
    package let colors: [[Float]]
    package let alpha: [Float]?

    /// - Parameters:
    ///   - image: `[channels, height, width]` with 1 to 4 channels.
    ///   - height: In pixels.
    ///   - width: In pixels.
    ///   - repeats: Whether each pixel becomes a square of pixels instead, of which there must be a whole number.
    package init(_ image: Tensor<Float>, height: Int, width: Int, repeats: Bool = false) {
        precondition(
            image.rank == 3 && (1...4).contains(image.shape[0]) && image.count > 0 && height > 0 && width > 0,
            "ScaledImage: found an image of the shape \(image.shape) and the size \(width) x \(height), "
                + "expected [1 to 4 channels, height, width] and no empty axis")
        func axis(_ length: Int, _ scaled: Int) -> Resampling {
            repeats ? .repeated(length, scaled / length) : .smooth(from: length, to: scaled)
        }
        self = ScaledImage(image).resampled(columns: axis(image.shape[2], width), rows: axis(image.shape[1], height))
    }

    /// RGB, where there is alpha over white: [3, height, width].
    package var opaque: Tensor<Float> {
        Tensor(shape: [3, height, width]) { out in
            for channel in 0..<3 {
                let color = colors[colors.count == 1 ? 0 : channel]
                for i in 0..<color.count { out[channel * color.count + i] = (alpha.map { 1 - $0[i] } ?? 0) + color[i] }
            }
        }
    }

    private init(_ image: Tensor<Float>) {
        (height, width) = (image.shape[1], image.shape[2])
        let plane = width * height
        let planes = image.withScalars { pixels in
            (0..<image.shape[0]).map { Array(pixels[$0 * plane..<($0 + 1) * plane]) }
        }
        guard planes.count.isMultiple(of: 2) else {
            (colors, alpha) = (planes, nil)
            return
        }
        let opacity = planes.last!
        colors = planes.dropLast().map { color in zip(color, opacity).map { $0 * $1 } }
        alpha = opacity
    }

    private init(width: Int, height: Int, colors: [[Float]], alpha: [Float]?) {
        self.width = width
        self.height = height
        self.colors = colors
        self.alpha = alpha
    }

    private func resampled(columns: Resampling, rows: Resampling) -> ScaledImage {
        func scaled(_ plane: [Float]) -> [Float] { scale(plane, columns: columns, rows: rows) }
        return ScaledImage(width: columns.count, height: rows.count, colors: colors.map(scaled), alpha: alpha.map(scaled))
    }

    /// Rows first, then columns.
    private func scale(_ plane: [Float], columns: Resampling, rows: Resampling) -> [Float] {
        let outputWidth = columns.count
        var narrowed = [Float](repeating: 0, count: outputWidth * height)
        var result = [Float](repeating: 0, count: outputWidth * rows.count)
        plane.withUnsafeBufferPointer { plane in
            narrowed.withUnsafeMutableBufferPointer { narrowed in
                for y in 0..<height {
                    let (input, output) = (plane.baseAddress! + y * width, narrowed.baseAddress! + y * outputWidth)
                    columns.forEachTap { output[$0] += input[$1] * $2 }
                }
            }
        }
        narrowed.withUnsafeBufferPointer { narrowed in
            result.withUnsafeMutableBufferPointer { result in
                rows.forEachTap { outputRow, inputRow, weight in
                    let input = narrowed.baseAddress! + inputRow * outputWidth
                    let output = result.baseAddress! + outputRow * outputWidth
                    for x in 0..<outputWidth { output[x] += input[x] * weight }
                }
            }
        }
        return result
    }
}
