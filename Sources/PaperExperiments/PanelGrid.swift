import Files

/// Panels of a picture that each have their own axes, row by row, about as many rows as columns.
struct PanelGrid {
    let rows, columns: Int

    // In pixels.
    private let left = 120.0, right = 30.0, top = 60.0, bottom = 110.0
    private let gapX = 90.0, gapY = 130.0
    private let cellWidth = 420.0, cellHeight = 300.0

    init(cells: Int) {
        columns = Int(Double(cells).squareRoot().rounded(.up))
        rows = (cells + columns - 1) / columns
    }

    var width: Double { left + right + Double(columns) * (cellWidth + gapX) - gapX }
    var height: Double { top + bottom + Double(rows) * (cellHeight + gapY) - gapY }

    func isFirstColumn(_ cell: Int) -> Bool { cell % columns == 0 }

    // In gnuplot's terms: shares of the picture from its lower left corner.
    var margins: String { shares([left / width, 1 - right / width, bottom / height, 1 - top / height]) }
    var gaps: String { shares([gapX / width, gapY / height]) }

    /// The middle of a cell's left edge.
    func edge(_ cell: Int) -> String {
        shares([
            (left + Double(cell % columns) * (cellWidth + gapX)) / width,
            1 - (top + Double(cell / columns) * (cellHeight + gapY) + cellHeight / 2) / height,
        ])
    }

    private func shares(_ numbers: [Double]) -> String { numbers.map { fixed($0, 4) }.joined(separator: ",") }
}
