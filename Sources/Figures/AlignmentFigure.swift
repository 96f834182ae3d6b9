import Drawing
import LinWarp

/// An alignment to be shown.
package struct ShownAlignment {
    /// What is written above it.
    package var caption: String
    /// Of the caption and the path.
    package var color: Color
    package var alignment: Alignment
    /// The true transformation, where it is known.
    package var truth: Matrix3?
    /// The source in the target's place, `aligned`.
    package var aligned: Tensor<Float>

    package init(caption: String, color: Color, alignment: Alignment, truth: Matrix3?, aligned: Tensor<Float>) {
        self.caption = caption
        self.color = color
        self.alignment = alignment
        self.truth = truth
        self.aligned = aligned
    }
}

/// A picture in the manner of the paper's Fig. 1. A row for each alignment: the source with the path of the sampled quadrilateral, from light
/// to dark; the source at convergence, in the target's place; the target.
///
/// - Parameters:
///   - rows: The alignments of `source` to `target`.
///   - source: [C, H, W].
///   - target: [C, h, w].
/// - Returns: An RGB image.
package func alignmentFigure(_ rows: [ShownAlignment], source: Tensor<Float>, target: Tensor<Float>) -> Tensor<Float> {
    let (sourceHeight, sourceWidth) = (source.shape[1], source.shape[2])
    let sourcePanel = panelSize(sourceWidth, sourceHeight), targetPanel = panelSize(target.shape[2], target.shape[1])
    let rowHeight = max(sourcePanel.height, targetPanel.height) + Canvas.lineHeight() + 2 * gap
    let top = Canvas.lineHeight() + 2 * gap
    let columns = [gap, 2 * gap + sourcePanel.width, 3 * gap + sourcePanel.width + targetPanel.width]
    let canvas = Canvas(width: columns[2] + targetPanel.width + gap, height: top + rowHeight * rows.count + gap)
    for (x, title) in zip(columns, ["source and path", "aligned", "target"]) { canvas.text(title, at: (x, gap)) }
    for (i, row) in rows.enumerated() {
        let y = top + i * rowHeight
        canvas.text(row.caption, at: (gap, y), color: row.color)
        let panelTop = y + Canvas.lineHeight() + gap
        let path = Canvas(width: sourcePanel.width, height: sourcePanel.height)
        path.paste(reduced(source, to: sourcePanel), at: (0, 0), size: sourcePanel)
        path.draw(row)
        canvas.paste(path.image, at: (columns[0], panelTop))
        canvas.pastePanel(row.aligned, at: (columns[1], panelTop), targetPanel)
        canvas.pastePanel(target, at: (columns[2], panelTop), targetPanel)
    }
    return canvas.image
}

private let gap = 12

/// As large as fits into a panel; small images by a whole factor, so that their pixels can be seen.
func panelSize(_ width: Int, _ height: Int, longest: Int = 340) -> (width: Int, height: Int) {
    let longer = max(width, height)
    if longer <= longest { return (width * (longest / longer), height * (longest / longer)) }
    return (max(1, width * longest / longer), max(1, height * longest / longer))
}

/// An image many times as large as a panel, at about double its size: a canvas takes what is pasted apart, which is a copy.
private func reduced(_ image: Tensor<Float>, to panel: (width: Int, height: Int)) -> Tensor<Float> {
    let factor = min(image.shape[1] / panel.height, image.shape[2] / panel.width) / 2
    return factor > 1 ? areaAveraged(image, height: image.shape[1] / factor, width: image.shape[2] / factor) : image
}

extension Canvas {
    /// An image at a panel's size: pixel by pixel where that is a whole factor.
    fileprivate func pastePanel(_ image: Tensor<Float>, at origin: (x: Int, y: Int), _ size: (width: Int, height: Int)) {
        let factor = size.width / image.shape[2]
        if factor >= 1 && factor * image.shape[2] == size.width {
            paste(image, at: origin, scale: factor)
        } else {
            paste(reduced(image, to: size), at: origin, size: size)
        }
    }

    /// The path of the target's quadrilateral over the whole canvas, which shows the source; the truth, where known, as a thin white line.
    fileprivate func draw(_ shown: ShownAlignment) {
        func corners(_ matrix: Matrix3) -> [SIMD2<Double>] {
            matrix.corners.map { SIMD2(($0.x + 1) / 2 * Double(width), ($0.y + 1) / 2 * Double(height)) }
        }
        let path = shown.alignment.path
        let steps = min(path.count, 16)
        for step in 0..<steps {
            let place = steps > 1 ? step * (path.count - 1) / (steps - 1) : 0
            let isLast = step == steps - 1
            let shade = shown.color.mixed(with: .white, 0.8 * (1 - Float(step + 1) / Float(steps)))
            polygon(corners(path[place]), width: isLast ? 3.5 : 1.5, color: shade)
        }
        if let truth = shown.truth { polygon(corners(truth), width: 1.2, color: .white) }
    }
}
