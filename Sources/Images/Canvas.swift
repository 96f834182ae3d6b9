import LinearAlgebra
import Tensors

/// An RGB image to draw figures on.
///
/// Pixel (x, y), counted from the upper left corner, covers the square from (x, y) to (x + 1, y + 1). What lies outside of the canvas
/// is not drawn.
public struct Canvas: Sendable {
    /// In pixels.
    public let width, height: Int
    /// What was drawn so far: `[3, height, width]`, 0...1.
    public private(set) var image: Tensor<Float>

    /// A canvas of one color. Both sides are at least one pixel long.
    public init(width: Int, height: Int, color: Color = .white) {
        precondition(width > 0 && height > 0, "Canvas: found \(width) x \(height) pixels, expected at least 1 x 1")
        self.width = width
        self.height = height
        image = Tensor(shape: [3, height, width]) { out in
            for (channel, value) in color.channels.enumerated() {
                out[channel * width * height..<(channel + 1) * width * height].initialize(repeating: value)
            }
        }
    }

    /// Fills a rectangle whose upper left pixel is `origin`.
    public mutating func fill(at origin: (x: Int, y: Int), size: (width: Int, height: Int), color: Color) {
        let columns = clipped(origin.x, size.width, to: width)
        for y in clipped(origin.y, size.height, to: height) {
            withRow(y) { channel, row in
                let value = color.channels[channel]
                for x in columns { row[x] = value }
            }
        }
    }

    /// Draws an image of any size with its upper left pixel at `origin`, each pixel as a square of `scale` x `scale`.
    ///
    /// The image is `[channels, height, width]` with 1 to 4 channels, as files are read; where it has alpha, what was there before
    /// shines through.
    public mutating func paste(_ image: Tensor<Float>, at origin: (x: Int, y: Int), scale: Int = 1) {
        precondition(scale >= 1, "paste: found the scale \(scale), expected at least 1")
        let layers = ImageLayers(image)
        paste(layers, columns: .repeated(layers.width, scale), rows: .repeated(layers.height, scale), at: origin)
    }

    /// Draws an image scaled to `size`, with its upper left pixel at `origin`: by averages of areas where it becomes smaller, by
    /// linear interpolation where it becomes larger.
    public mutating func paste(_ image: Tensor<Float>, at origin: (x: Int, y: Int), size: (width: Int, height: Int)) {
        precondition(size.width > 0 && size.height > 0, "paste: found the size \(size), expected at least 1 x 1")
        let layers = ImageLayers(image)
        paste(
            layers, columns: .smooth(from: layers.width, to: size.width), rows: .smooth(from: layers.height, to: size.height),
            at: origin)
    }

    private mutating func paste(_ layers: ImageLayers, columns: Resampling, rows: Resampling, at origin: (x: Int, y: Int)) {
        let scaled = layers.resampled(columns: columns, rows: rows)
        let visible = clipped(origin.x, scaled.width, to: width)
        for y in clipped(origin.y, scaled.height, to: height) {
            let start = (y - origin.y) * scaled.width - origin.x
            withRow(y) { channel, row in
                let colors = scaled.colors[scaled.colors.count == 1 ? 0 : channel]
                if let alpha = scaled.alpha {
                    for x in visible { row[x] = row[x] * (1 - alpha[start + x]) + colors[start + x] }
                } else {
                    for x in visible { row[x] = colors[start + x] }
                }
            }
        }
    }

    /// Draws text in `BitmapFont`, each of the font's pixels as a square of `scale` x `scale`; `origin` is the upper left corner of
    /// the first character's cell.
    public mutating func text(_ string: String, at origin: (x: Int, y: Int), scale: Int = 1, color: Color = .black) {
        precondition(scale >= 1, "text: found the scale \(scale), expected at least 1")
        for (i, character) in string.enumerated() {
            let left = origin.x + i * BitmapFont.advance * scale
            for (row, bits) in BitmapFont.rows(of: character).enumerated() {
                for column in 0..<BitmapFont.glyphWidth where bits >> column & 1 == 1 {
                    fill(at: (left + column * scale, origin.y + row * scale), size: (scale, scale), color: color)
                }
            }
        }
    }

    /// Draws what `mask` covers, where it is partly covered in part.
    mutating func paint(_ mask: CoverageMask, color: Color) {
        for y in mask.rows {
            withRow(y) { channel, row in
                let value = color.channels[channel]
                mask.withRow(y) { coverage in
                    for (i, x) in mask.columns.enumerated() { row[x] += (value - row[x]) * coverage[i] }
                }
            }
        }
    }

    /// Calls `body` with row `y` of each channel.
    private mutating func withRow(_ y: Int, _ body: (_ channel: Int, _ row: UnsafeMutablePointer<Float>) -> Void) {
        let (width, height) = (width, height)
        image.withMutableScalars { pixels in
            for channel in 0..<3 { body(channel, pixels.baseAddress! + (channel * height + y) * width) }
        }
    }

    /// The part of `start..<start + length` in `0..<limit`.
    private func clipped(_ start: Int, _ length: Int, to limit: Int) -> Range<Int> {
        let lower = min(max(start, 0), limit)
        return lower..<max(lower, min(start + length, limit))
    }
}
