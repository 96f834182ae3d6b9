import LinWarp

/// A picture in the manner of the paper's Fig. 1. A row for each sampler: the source with the path of the sampled quadrilateral, from light
/// to dark; the source at convergence, in the target's place; the target.
func alignmentFigure(_ report: AlignmentReport, _ images: AlignmentPair) -> Tensor<Float> {
    let (sourceHeight, sourceWidth) = (images.source.shape[1], images.source.shape[2])
    let (targetHeight, targetWidth) = (images.target.shape[1], images.target.shape[2])
    let source = panelSize(sourceWidth, sourceHeight), target = panelSize(targetWidth, targetHeight)
    let rowHeight = max(source.height, target.height) + BitmapFont.height(scale: 2) + 2 * gap
    let top = BitmapFont.height(scale: 2) + 2 * gap
    let columns = [gap, 2 * gap + source.width, 3 * gap + source.width + target.width]
    var canvas = Canvas(width: columns[2] + target.width + gap, height: top + rowHeight * report.results.count + gap)
    for (x, title) in zip(columns, ["source and path", "aligned", "target"]) { canvas.text(title, at: (x, gap), scale: 2) }
    for (i, result) in report.results.enumerated() {
        let y = top + i * rowHeight
        let color = pathColor(result.sampler)
        canvas.text(caption(result), at: (gap, y), scale: 2, color: color)
        let panelTop = y + BitmapFont.height(scale: 2) + gap
        canvas.paste(images.source, at: (columns[0], panelTop), size: source)
        var path = Canvas(width: source.width, height: source.height)
        path.paste(images.source, at: (0, 0), size: source)
        path.draw(result, color)
        canvas.paste(path.image, at: (columns[0], panelTop))
        canvas.pastePanel(result.aligned(images.source, height: targetHeight, width: targetWidth), at: (columns[1], panelTop), target)
        canvas.pastePanel(images.target, at: (columns[2], panelTop), target)
    }
    return canvas.image
}

private let gap = 12
private let panelSide = 340

/// As large as fits into a panel; small images by a whole factor, so that their pixels can be seen.
private func panelSize(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
    let longer = max(width, height)
    if longer <= panelSide { return (width * (panelSide / longer), height * (panelSide / longer)) }
    return (max(1, width * panelSide / longer), max(1, height * panelSide / longer))
}

private func pathColor(_ sampler: SamplerName) -> Color {
    switch sampler {
    case .bilinear: .vermillion
    case .multiScale: .reddishPurple
    case .linearized: .blue
    }
}

private func caption(_ result: AlignmentReport.Result) -> String {
    let found = result.cornerError.map { "corner error \(fixed($0, 4))" } ?? result.alignment.losses.last.map { "loss \(fixed($0, 5))" }
    return ([result.sampler.rawValue] + [found].compactMap { $0 }).joined(separator: ": ")
}

extension Canvas {
    /// An image at a panel's size: pixel by pixel where that is a whole factor.
    fileprivate mutating func pastePanel(_ image: Tensor<Float>, at origin: (x: Int, y: Int), _ size: (width: Int, height: Int)) {
        let factor = size.width / image.shape[2]
        if factor >= 1 && factor * image.shape[2] == size.width {
            paste(image, at: origin, scale: factor)
        } else {
            paste(image, at: origin, size: size)
        }
    }

    /// The path of the target's quadrilateral over the whole canvas, which shows the source; the truth, where known, as a thin white line.
    fileprivate mutating func draw(_ result: AlignmentReport.Result, _ color: Color) {
        func corners(_ matrix: Matrix3) -> [SIMD2<Double>] {
            matrix.corners.map { SIMD2(($0.x + 1) / 2 * Double(width), ($0.y + 1) / 2 * Double(height)) }
        }
        let path = result.alignment.path
        let steps = min(path.count, 16)
        for step in 0..<steps {
            let place = steps > 1 ? step * (path.count - 1) / (steps - 1) : 0
            let isLast = step == steps - 1
            let shade = color.mixed(with: .white, 0.8 * (1 - Float(step + 1) / Float(steps)))
            polygon(corners(path[place]), width: isLast ? 3.5 : 1.5, color: shade)
        }
        if let truth = result.truth { polygon(corners(truth), width: 1.2, color: .white) }
    }
}
