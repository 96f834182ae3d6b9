import Files

/// Panels of a picture, row by row, in pixels: gnuplot counts in shares of the picture, from its lower left corner.
struct PanelGrid {
    var rows, columns: Int
    /// Of a panel without its title, labels and tics.
    var panelWidth = 420.0, panelHeight = 300.0
    /// Between panels. Those that have their own axes need room for numbers and labels.
    var gapX = 90.0, gapY = 130.0
    /// Around them all.
    var left = 120.0, right = 30.0, top = 60.0, bottom = 110.0

    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    /// About as many rows as columns.
    init(cells: Int) {
        self.init(cells: cells, columns: Int(Double(cells).squareRoot().rounded(.up)))
    }

    init(cells: Int, columns: Int) {
        self.init(rows: (cells + columns - 1) / columns, columns: columns)
    }

    var width: Int { Int(left + Double(columns) * (panelWidth + gapX) - gapX + right) }
    var height: Int { Int(top + Double(rows) * (panelHeight + gapY) - gapY + bottom) }

    func isFirstColumn(_ cell: Int) -> Bool { cell % columns == 0 }

    /// Sets where the next plot is: in a cell.
    func panel(_ cell: Int) -> String {
        let (x, y) = corner(cell)
        return margins(x, y, panelWidth, panelHeight)
    }

    /// Plots a key, in a strip above all panels.
    ///
    /// - Parameters:
    ///   - keyHeight: The strip's.
    ///   - entries: Each as gnuplot's style and the title.
    func key(height keyHeight: Double, _ entries: [(style: String, title: String)]) -> String {
        let plots = entries.map { "NaN with \($0.style) title \"\($0.title)\"" }
        return margins(0, 0, Double(width), keyHeight) + """
            set title
            set xlabel
            set ylabel
            unset border
            unset tics
            unset grid
            set key inside center center horizontal samplen 3
            plot \(plots.joined(separator: ", "))

            """
    }

    /// Plots in the first cells, over x and y of the same names, and the key of the first one in the cell behind them.
    ///
    /// - Parameter plots: Each with gnuplot's commands; those of nothing leave their cell empty.
    func plots(_ plots: [(title: String, commands: String)], x: String, y: String) -> String {
        let parts = plots.enumerated().filter { !$1.commands.isEmpty }.map { cell, plot in
            """
            \(panel(cell))set title "\(plot.title)"
            set xlabel "\(cell + columns >= plots.count ? x : "")"
            set ylabel "\(isFirstColumn(cell) ? y : "")" offset 1.5,0
            \(plot.commands)
            set key off

            """
        }
        return "set key at screen \(edge(plots.count)) left center vertical reverse Left samplen 2.5\n" + parts.joined()
    }

    /// The middle of a cell's left edge.
    private func edge(_ cell: Int) -> String {
        let (x, y) = corner(cell)
        return point(x, y + panelHeight / 2)
    }

    /// A place in the picture, from its upper left corner.
    func point(_ x: Double, _ y: Double) -> String { share(x, of: width) + "," + share(Double(height) - y, of: height) }

    /// The upper left one.
    private func corner(_ cell: Int) -> (x: Double, y: Double) {
        (left + Double(cell % columns) * (panelWidth + gapX), top + Double(cell / columns) * (panelHeight + gapY))
    }

    private func margins(_ x: Double, _ y: Double, _ panelWidth: Double, _ panelHeight: Double) -> String {
        [
            ("l", share(x, of: width)), ("r", share(x + panelWidth, of: width)),
            ("t", share(Double(height) - y, of: height)), ("b", share(Double(height) - y - panelHeight, of: height)),
        ].map { "set \($0)margin at screen \($1)\n" }.joined()
    }

    private func share(_ pixels: Double, of whole: Int) -> String { fixed(pixels / Double(whole), 4) }
}
