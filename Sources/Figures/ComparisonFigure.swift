import Drawing
import Files
import LinWarp

/// A picture to judge an alignment by. Above: the source (red) over the target (cyan), before and after, and a checkerboard of both; where they
/// agree, the overlay is grey. Below: the differences before and after on one scale.
///
/// The source's brightness is matched to the target's by the gain and bias that fit best where both are. What only the target shows is grey.
///
/// - Parameters:
///   - source: [C, H, W], grey or RGB.
///   - target: [c, h, w], grey or RGB.
///   - before: From normalized target to normalized source coordinates, before the search.
///   - after: The same, as it was found.
/// - Returns: An RGB image.
package func comparisonFigure(source: Tensor<Float>, target: Tensor<Float>, before: Matrix3, after: Matrix3) -> Tensor<Float> {
    let panel = panelSize(target.shape[2], target.shape[1], longest: 560)
    let shown = resampled(target, .identity, height: panel.height, width: panel.width)
    let comparisons = [before, after].map { Comparison(source, at: $0, with: shown) }
    // As far as the differences before go; not so far that nothing is to be seen of those after.
    let scale = min(max(3 * comparisons[0].meanDifference, 0.02), 0.5)
    let (gap, line) = (Style.gap, Canvas.lineHeight())
    let (column, row) = (panel.width + gap, line + gap / 2 + panel.height + gap)
    let canvas = Canvas(width: gap + 3 * column, height: gap + 2 * row)
    func draw(_ image: Tensor<Float>, _ title: String, _ x: Int, _ y: Int) {
        canvas.text(title, at: (gap + x * column, gap + y * row))
        canvas.paste(image, at: (gap + x * column, gap + y * row + line + gap / 2))
    }
    for (x, (comparison, time)) in zip(comparisons, ["before", "after"]).enumerated() {
        draw(comparison.overlay, "overlay \(time)", x, 0)
        draw(comparison.difference(scale: scale), "difference \(time): \(fixed(Double(comparison.meanDifference), 4))", x, 1)
    }
    draw(comparisons[1].checkerboard(tile: max(8, panel.width / 10)), "source and target, tile by tile", 2, 0)
    drawKey(on: canvas, at: (gap + 2 * column, gap + row), scale: scale)
    return canvas.image
}

/// What the colors mean.
private func drawKey(on canvas: Canvas, at origin: (x: Int, y: Int), scale: Float) {
    let (line, length) = (Canvas.lineHeight(), 256)
    let texts = ["overlay: source red, target cyan", "difference: source minus target;", "the number: the mean of its size"]
    for (i, text) in texts.enumerated() { canvas.text(text, at: (origin.x, origin.y + (i + 1) * (line + 4))) }
    let top = origin.y + (texts.count + 2) * (line + 4)
    for x in 0..<length {
        canvas.fill(at: (origin.x + x, top), size: (1, line), color: differenceColor(2 * Float(x) / Float(length - 1) - 1))
    }
    for (place, value) in [(0, -scale), (length / 2, 0), (length, scale)] {
        let anchor: Canvas.Anchor = place == 0 ? .left : place == length ? .right : .middle
        canvas.text(fixed(Double(value), 2), at: (origin.x + place, top + line + 4), anchor: anchor)
    }
}

/// From -1, blue, over white to 1, vermillion: told apart by the color-blind.
private func differenceColor(_ share: Float) -> Color {
    .white.mixed(with: share < 0 ? .blue : .vermillion, min(abs(share), 1))
}

/// A source in a target's place, beside the target.
package struct Comparison {
    private let target: Tensor<Float>
    /// Matched to the target: [C, h, w].
    private let source: Tensor<Float>
    /// Whether the source shows something there, row by row.
    private let isCovered: [Bool]
    /// Of both, the mean over their colors.
    private let greys: (source: [Float], target: [Float])
    /// The mean absolute difference where both are; 0 where they are nowhere.
    package let meanDifference: Float

    package init(_ source: Tensor<Float>, at matrix: Matrix3, with target: Tensor<Float>) {
        let (height, width) = (target.shape[1], target.shape[2])
        let seen = resampled(source, matrix, height: height, width: width, padding: .border)
        isCovered = (0..<height * width).map { i in
            let x = (2 * Double(i % width) + 1) / Double(width) - 1, y = (2 * Double(i / width) + 1) / Double(height) - 1
            let place = matrix.apply(x, y)
            return max(abs(place.x), abs(place.y)) <= 1
        }
        let (a, b) = (seen.mean(axes: [0]).scalars, target.mean(axes: [0]).scalars)
        let (gain, bias) = fit(a, to: b, where: isCovered)
        self.source = seen * Tensor(gain) + Tensor(bias)
        self.target = target
        greys = (a.map { $0 * gain + bias }, b)
        var (sum, count) = (Float(0), Float(0))
        for i in a.indices where isCovered[i] {
            sum += abs(greys.source[i] - b[i])
            count += 1
        }
        meanDifference = sum / max(count, 1)
    }

    private func picture(_ color: (_ pixel: Int) -> (Float, Float, Float)) -> Tensor<Float> {
        let plane = isCovered.count
        return Tensor(shape: [3, target.shape[1], target.shape[2]]) { out in
            for i in 0..<plane {
                let (red, green, blue) = isCovered[i] ? color(i) : (nothing, nothing, nothing)
                (out[i], out[plane + i], out[2 * plane + i]) = (red, green, blue)
            }
        }
    }

    /// The source's red with the target's green and blue.
    package var overlay: Tensor<Float> { picture { (greys.source[$0], greys.target[$0], greys.target[$0]) } }

    /// - Parameter scale: What the strongest colors stand for.
    package func difference(scale: Float) -> Tensor<Float> {
        picture { pixel in
            let color = differenceColor((greys.source[pixel] - greys.target[pixel]) / scale)
            return (color.red, color.green, color.blue)
        }
    }

    /// Squares of `tile` pixels, of source and target in turn.
    package func checkerboard(tile: Int) -> Tensor<Float> {
        let (width, plane) = (target.shape[2], isCovered.count)
        let (source, target) = (source.scalars, target.scalars)
        return picture { pixel in
            let image = (pixel % width / tile + pixel / width / tile).isMultiple(of: 2) ? source : target
            let last = image.count / plane - 1
            return (image[pixel], image[min(1, last) * plane + pixel], image[last * plane + pixel])
        }
    }
}

/// Of what only the target shows.
private let nothing: Float = 0.5

/// The gain and bias of least squares that bring one image's values to another's.
private func fit(_ a: [Float], to b: [Float], where counts: [Bool]) -> (gain: Float, bias: Float) {
    var (n, sumA, sumB, sumAA, sumAB) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in a.indices where counts[i] {
        let (x, y) = (Double(a[i]), Double(b[i]))
        (n, sumA, sumB, sumAA, sumAB) = (n + 1, sumA + x, sumB + y, sumAA + x * x, sumAB + x * y)
    }
    let variance = sumAA - sumA * sumA / max(n, 1)
    guard variance > 1e-9 * max(n, 1) else { return (1, 0) }
    let gain = (sumAB - sumA * sumB / n) / variance
    return (Float(gain), Float((sumB - gain * sumA) / n))
}
