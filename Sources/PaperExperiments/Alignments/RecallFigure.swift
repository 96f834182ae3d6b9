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

    private static let key = 50.0, title = 62.0

    private var layout: PanelGrid {
        var grid = PanelGrid(cells: panels.count, columns: columns)
        // So wide that the key has room.
        (grid.panelWidth, grid.panelHeight) = columns == 1 ? (1000, 480) : columns == 2 ? (500, 330) : (360, 290)
        (grid.gapX, grid.gapY) = (56, Self.title)
        (grid.left, grid.top) = (140, Self.key + Self.title)
        return grid
    }

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
            // Tics everywhere, their numbers only at the outside.
            let (isLeft, isLowest) = (layout.isFirstColumn(i), i + columns >= panels.count)
            text += layout.panel(i) + "set title \"\(panel.title)\" offset 0,-0.5\n"
            text += "set format y \"\(isLeft ? "%g" : "")\"\nset ylabel \"\(isLeft ? "recall (share of pairs)" : "")\"\n"
            text += "set format x \"\(isLowest ? "%g" : "")\"\nset xlabel \"\(isLowest ? "corner error (normalized)" : "")\"\n"
            let lines = curves.enumerated().map { j, curve in
                "data using 1:\(2 + i * curves.count + j) with lines linetype \(curve.lineType)"
            }
            text += "plot " + lines.joined(separator: ", \\\n    ") + "\n"
        }
        return text + layout.key(height: Self.key, curves.map { ("lines linetype \($0.lineType)", $0.name) }) + "unset multiplot\n"
    }
}
