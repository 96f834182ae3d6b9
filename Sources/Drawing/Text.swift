import CCairo

/// How pictures are written on, everywhere the same: in plots, figures and experiments. Legible at half their size.
package enum Style {
    /// Also of gnuplot's plots.
    package static let font = "DejaVu Sans"
    /// In pixels, as `Canvas.text` takes it.
    package static let text = 20.0, title = 26.0
    /// Between the parts of a figure, in pixels.
    package static let gap = 16
}

extension Canvas {
    /// What of a text a place is.
    package enum Anchor { case left, middle, right }

    /// Draws a line of text.
    ///
    /// - Parameters:
    ///   - string: What it says.
    ///   - origin: Of the line's box, the upper left corner, or where `anchor` says the middle or the right end of its upper edge.
    ///   - size: In pixels, of the font's square.
    ///   - anchor: Which part of the text is at `origin`.
    ///   - color: Of the letters.
    package func text(
        _ string: String, at origin: (x: Int, y: Int), size: Double = Style.text, anchor: Anchor = .left, color: Color = .black
    ) {
        setFont(size)
        let width = extents(string).x_advance
        let left = Double(origin.x) - (anchor == .left ? 0 : anchor == .middle ? width / 2 : width)
        cairo_move_to(context, left, Double(origin.y) + fontExtents.ascent)
        use(color)
        cairo_show_text(context, string)
        cairo_new_path(context)
    }

    /// How wide a text is, in pixels, rounded up.
    package static func width(of string: String, size: Double = Style.text) -> Int {
        let canvas = Canvas(width: 1, height: 1)
        canvas.setFont(size)
        return Int(canvas.extents(string).x_advance.rounded(.up))
    }

    /// How high a line is, in pixels, rounded up.
    package static func lineHeight(size: Double = Style.text) -> Int {
        let canvas = Canvas(width: 1, height: 1)
        canvas.setFont(size)
        return Int((canvas.fontExtents.ascent + canvas.fontExtents.descent).rounded(.up))
    }

    /// Cairo's own choice of fonts by family is enough here. Letters lie where they lie whatever the pixels: so pictures are the same at
    /// another size, and on another screen.
    private func setFont(_ size: Double) {
        cairo_select_font_face(context, Style.font, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, size)
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
    }

    private func extents(_ string: String) -> cairo_text_extents_t {
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, string, &extents)
        return extents
    }

    private var fontExtents: cairo_font_extents_t {
        var extents = cairo_font_extents_t()
        cairo_font_extents(context, &extents)
        return extents
    }
}

/// Cairo's version, for reports.
package var cairoVersion: String { String(cString: cairo_version_string()) }
