import CCairo
import Images
import LinearAlgebra
import Tensors

/// An RGB picture to draw figures on, through Cairo.
///
/// Pixel (x, y), counted from the upper left corner, covers the square from (x, y) to (x + 1, y + 1). What lies outside of the canvas is not
/// drawn. Colors have eight bits a channel.
package final class Canvas {
    /// In pixels.
    package let width, height: Int
    private let surface: OpaquePointer
    let context: OpaquePointer

    /// A canvas of one color.
    ///
    /// - Parameters:
    ///   - width: 1 to 32767 pixels, as Cairo has it.
    ///   - height: The same.
    ///   - color: What it is filled with.
    package init(width: Int, height: Int, color: Color = .white) {
        precondition(
            (1...32767).contains(width) && (1...32767).contains(height),
            "Canvas: found \(width) x \(height) pixels, expected at least 1 x 1 and at most 32767 x 32767")
        (self.width, self.height) = (width, height)
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
        guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS else {
            Memory.end(needed: 4 * width * height, for: "a picture of \(width)x\(height) pixels")
        }
        context = cairo_create(surface)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        fill(at: (0, 0), size: (width, height), color: color)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// What was drawn so far: `[3, height, width]`, 0...1.
    package var image: Tensor<Float> {
        cairo_surface_flush(surface)
        let (pixels, stride) = (cairo_image_surface_get_data(surface)!, Int(cairo_image_surface_get_stride(surface)))
        let (width, height) = (width, height)
        return Tensor(shape: [3, height, width]) { out in
            for y in 0..<height {
                UnsafeRawPointer(pixels + y * stride).withMemoryRebound(to: UInt32.self, capacity: width) { row in
                    for channel in 0..<3 {
                        let out = out.baseAddress! + (channel * height + y) * width
                        for x in 0..<width { out[x] = Float(row[x] >> UInt32(16 - 8 * channel) & 255) / 255 }
                    }
                }
            }
        }
    }

    /// Fills a rectangle whose upper left pixel is `origin`.
    package func fill(at origin: (x: Int, y: Int), size: (width: Int, height: Int), color: Color) {
        use(color)
        cairo_rectangle(context, Double(origin.x), Double(origin.y), Double(size.width), Double(size.height))
        cairo_fill(context)
    }

    /// Draws an image of any size with its upper left pixel at `origin`, each pixel as a square of `scale` x `scale`.
    ///
    /// The image is `[channels, height, width]` with 1 to 4 channels, as files are read; where it has alpha, what was there before
    /// shines through.
    package func paste(_ image: Tensor<Float>, at origin: (x: Int, y: Int), scale: Int = 1) {
        precondition(scale >= 1, "paste: found the scale \(scale), expected at least 1")
        paste(ScaledImage(image, height: image.shape[1] * scale, width: image.shape[2] * scale, repeats: true), at: origin)
    }

    /// Draws an image scaled to `size`, with its upper left pixel at `origin`: by averages of areas where it becomes smaller, by
    /// linear interpolation where it becomes larger.
    package func paste(_ image: Tensor<Float>, at origin: (x: Int, y: Int), size: (width: Int, height: Int)) {
        paste(ScaledImage(image, height: size.height, width: size.width), at: origin)
    }

    private func paste(_ image: ScaledImage, at origin: (x: Int, y: Int)) {
        let source: OpaquePointer = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(image.width), Int32(image.height))
        defer { cairo_surface_destroy(source) }
        guard cairo_surface_status(source) == CAIRO_STATUS_SUCCESS else {
            Memory.end(needed: 4 * image.width * image.height, for: "a picture of \(image.width)x\(image.height) pixels")
        }
        cairo_surface_flush(source)
        let (pixels, stride) = (cairo_image_surface_get_data(source)!, Int(cairo_image_surface_get_stride(source)))
        for y in 0..<image.height {
            UnsafeMutableRawPointer(pixels + y * stride).withMemoryRebound(to: UInt32.self, capacity: image.width) { row in
                for x in 0..<image.width { row[x] = image.premultiplied(x, y) }
            }
        }
        cairo_surface_mark_dirty(source)
        cairo_set_source_surface(context, source, Double(origin.x), Double(origin.y))
        cairo_paint(context)
    }

    /// What is drawn next has this color.
    func use(_ color: Color) { cairo_set_source_rgb(context, Double(color.red), Double(color.green), Double(color.blue)) }
}

extension ScaledImage {
    /// As Cairo has a pixel: alpha, red, green and blue from the highest byte on, colors multiplied by alpha.
    fileprivate func premultiplied(_ x: Int, _ y: Int) -> UInt32 {
        func byte(_ value: Float) -> UInt32 { UInt32((min(max(value.isNaN ? 0 : value, 0), 1) * 255).rounded()) }
        let place = y * width + x
        let opacity = byte(alpha?[place] ?? 1)
        let (red, green, blue) = (colors[0][place], colors[colors.count / 2][place], colors[colors.count - 1][place])
        return opacity << 24 | min(byte(red), opacity) << 16 | min(byte(green), opacity) << 8 | min(byte(blue), opacity)
    }
}
