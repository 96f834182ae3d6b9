import Files
import Plots

/// Recall by error in panels that share their axes, with one key in a strip of its own above them.
struct RecallFigure {
    struct Curve {
        var name: String
        /// Of gnuplot's, as `Plot` defines them.
        var lineType: Int
    }

    struct Panel {
        var title: String
        /// By curve.
        var errors: [AlignmentErrors]
    }

    /// The curves of each panel.
    var curves: [Curve]
    /// Row by row.
    var panels: [Panel]
    /// Panels side by side.
    var columns: Int

    private static let thresholds = (0...100).map { Double($0) * 0.005 }

    /// Draws `NAME.png` and `NAME.svg`, with the recalls as `NAME.csv` beside them.
    func draw(_ name: ExperimentName, _ settings: ExperimentSettings) throws {
        try Plot(table: table, commands: commands, width: layout.width, height: layout.height).draw(name, settings)
    }

    private var layout: Layout { Layout(columns: columns, rows: (panels.count + columns - 1) / columns) }

    private var table: String {
        let recalls = panels.flatMap { panel in panel.errors.map { errors in Self.thresholds.map { recall(at: $0)(errors.all) } } }
        let names = panels.flatMap { panel in curves.map { "\(panel.title) \($0.name)" } }
        let rows = Self.thresholds.indices.map { i in
            ([fixed(Self.thresholds[i], 3)] + recalls.map { fixed($0[i], 4) }).joined(separator: ",") + "\n"
        }
        return "threshold," + names.map { "\"\($0)\"" }.joined(separator: ",") + "\n" + rows.joined()
    }

    private var commands: String {
        var text = "set multiplot\nset key off\nset xrange [0:0.5]\nset yrange [0:1]\nset xtics 0.1\nset ytics 0.2\n"
        for (i, panel) in panels.enumerated() {
            let (row, column) = (i / columns, i % columns)
            // Tics everywhere, their numbers only at the outside.
            let (isLeft, isLowest) = (column == 0, i + columns >= panels.count)
            text += layout.panel(row: row, column: column)
            text += "set title \"\(panel.title)\" offset 0,-0.5\n"
            text += "set format y \"\(isLeft ? "%g" : "")\"\nset ylabel \"\(isLeft ? "recall (share of pairs)" : "")\"\n"
            text += "set format x \"\(isLowest ? "%g" : "")\"\nset xlabel \"\(isLowest ? "corner error (normalized)" : "")\"\n"
            let lines = curves.enumerated().map { j, curve in
                "data using 1:\(2 + i * curves.count + j) with lines linetype \(curve.lineType)"
            }
            text += "plot " + lines.joined(separator: ", \\\n    ") + "\n"
        }
        text += layout.keyStrip + "set title\nset xlabel\nset ylabel\nunset border\nunset tics\nunset grid\n"
        text += "set key inside center center horizontal samplen 3\n"
        return text + "plot " + curves.map { "NaN with lines linetype \($0.lineType) title \"\($0.name)\"" }.joined(separator: ", ")
            + "\nunset multiplot\n"
    }
}

/// Where panels and key are, in pixels.
private struct Layout {
    var columns, rows: Int

    private let left = 140, right = 30, gap = 56, key = 50, title = 62, bottom = 110
    private var panelWidth: Int { columns == 1 ? 800 : 360 }
    private var panelHeight: Int { columns == 1 ? 480 : 290 }

    var width: Int { left + columns * panelWidth + (columns - 1) * gap + right }
    var height: Int { key + rows * (title + panelHeight) + bottom }

    func panel(row: Int, column: Int) -> String {
        let (x, y) = (left + column * (panelWidth + gap), key + title + row * (title + panelHeight))
        return margins(left: x, right: x + panelWidth, top: y, bottom: y + panelHeight)
    }

    var keyStrip: String { margins(left: 0, right: width, top: 0, bottom: key) }

    /// In gnuplot's terms, where shares of the picture count from its lower left corner.
    private func margins(left: Int, right: Int, top: Int, bottom: Int) -> String {
        let sides = [
            ("l", Double(left) / Double(width)), ("r", Double(right) / Double(width)), ("t", 1 - Double(top) / Double(height)),
            ("b", 1 - Double(bottom) / Double(height)),
        ]
        return sides.map { "set \($0)margin at screen \(fixed($1, 4))\n" }.joined()
    }
}
