import Drawing
import Figures
import LinWarp

/// Arrows over a pale image, panel by panel, under a key of their colours.
struct GradientFieldFigure {
    private let canvas: Canvas
    private let pale: Tensor<Float>
    private let columns: Int
    private let size: (width: Int, height: Int)
    private var count = 0

    private static let gap = 16
    private static let textHeight = Canvas.lineHeight(size: Style.title)
    private static let panelWidth = 560
    private static let rows = SamplerName.allCases.count

    /// - Parameters:
    ///   - image: [3, H, W], what the arrows are drawn over.
    ///   - columns: Panels side by side.
    init(image: Tensor<Float>, columns: Int) {
        pale = 1 - (1 - image) * 0.45
        self.columns = columns
        size = (Self.panelWidth, Self.panelWidth * image.shape[1] / image.shape[2])
        canvas = Canvas(
            width: Self.gap + columns * (size.width + Self.gap),
            height: 2 * Self.gap + Self.textHeight + Self.rows * (size.height + Self.textHeight + 2 * Self.gap))
        drawKey()
    }

    var image: Tensor<Float> { canvas.image }

    /// Adds the next panel, row by row.
    mutating func add(_ title: String, _ arrows: [GradientArrow]) {
        let x = Self.gap + count % columns * (size.width + Self.gap)
        let y = 2 * Self.gap + Self.textHeight + count / columns * (size.height + Self.textHeight + 2 * Self.gap)
        count += 1
        let panel = Canvas(width: size.width, height: size.height)
        panel.paste(pale, at: (0, 0), size: size)
        let half = SIMD2(Double(size.width), Double(size.height)) / 2
        for arrow in arrows {
            let start = half + SIMD2(arrow.place.x, arrow.place.y) * half
            panel.arrow(from: start, to: start + arrow.direction * 34, width: 4, color: Self.color(arrow.angle))
        }
        panel.disc(center: half, radius: 7, color: .black)
        canvas.text(title, at: (x, y), size: Style.title)
        canvas.paste(panel.image, at: (x, y + Self.textHeight + Self.gap / 2))
    }

    /// From blue for right to vermillion for the opposite.
    private static func color(_ angle: Double) -> Color {
        let share = Float(angle / .pi)
        let middle = Color(grey: 0.5)
        return share < 0.5 ? Color.blue.mixed(with: middle, 2 * share) : middle.mixed(with: .vermillion, 2 * share - 1)
    }

    private func drawKey() {
        let (y, length) = (Self.gap, 240)
        let title = "off the way back: 0 "
        canvas.text(title, at: (Self.gap, y), size: Style.title)
        let x = 2 * Self.gap + Canvas.width(of: title, size: Style.title)
        for i in 0..<length {
            canvas.fill(at: (x + i, y), size: (1, Self.textHeight - 6), color: Self.color(.pi * Double(i) / Double(length)))
        }
        canvas.text("180 degrees", at: (x + length + Self.gap, y), size: Style.title)
    }
}
