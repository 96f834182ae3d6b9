import Drawing
import Files
import Foundation

/// A picture that gnuplot draws from a table.
///
/// Beside the picture stand its data and the script that draws it: with `curve.png` come `curve.csv` and `curve.gnuplot`, and
/// `gnuplot curve.gnuplot` draws it again.
package struct Plot {
    /// Comma-separated values, a line for each row; the first line names the columns.
    package var table: String
    /// In gnuplot's language, after the style has been set: the name of the table's file is in `data`, line types 1 to 7 are easily told
    /// apart, also by the colour-blind.
    package var commands: String
    /// In pixels. Letters are such that the picture can be read at half its size.
    package var width, height: Int

    package init(table: String, commands: String, width: Int = 1200, height: Int = 750) {
        self.table = table
        self.commands = commands
        self.width = width
        self.height = height
    }

    /// Writes table and script, then draws. Each file is replaced as a whole or not at all.
    ///
    /// - Parameter path: Ends in `.png` or `.svg`.
    package func draw(to path: String) throws(PlotError) {
        let url = URL(fileURLWithPath: path)
        let (stem, format) = (url.deletingPathExtension(), url.pathExtension)
        let script = stem.appendingPathExtension("gnuplot")
        try write(Data(table.utf8), to: stem.path + ".csv")
        try write(Data((header(name: stem.lastPathComponent, format: format) + commands).utf8), to: script.path)
        // Not to the picture's file, so that it is replaced as a whole.
        let picture = try runGnuplot(script, after: "prints_picture = 1")
        guard !picture.isEmpty else { throw .failed(script: script.path, reason: "it wrote no picture") }
        try write(picture, to: path)
    }

    private func header(name: String, format: String) -> String {
        let terminals = ["png": "pngcairo", "svg": "svg background \"white\""]
        guard let terminal = terminals[format] else {
            preconditionFailure("Plot.draw: found a file that ends in \"\(format)\", expected png or svg")
        }
        // The colours of Okabe and Ito without their yellow, which is too light for lines on white.
        let colors = ["0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9", "000000"]
        let lineTypes = zip(1..., zip(colors, [7, 5, 9, 13, 11, 6, 4])).map { number, style in
            "set linetype \(number) linecolor rgb \"#\(style.0)\" linewidth 3 pointtype \(style.1) pointsize 1.2\n"
        }
        let quoted = name.replacingOccurrences(of: "'", with: "''")
        return """
            data = '\(quoted).csv'
            set terminal \(terminal) size \(width),\(height) font "\(Style.font),20"
            if (!exists("prints_picture")) set output '\(quoted).\(format)'
            set datafile separator comma
            set datafile columnheaders
            set border 3 linewidth 1.5
            set tics nomirror out
            set grid back linetype 1 linecolor rgb "#DDDDDD" linewidth 1
            set key outside top center horizontal
            \(lineTypes.joined())set linetype cycle \(colors.count)

            """
    }

    private func write(_ data: Data, to path: String) throws(PlotError) {
        do throws(FileError) {
            try replaceFile(at: path, with: Array(data))
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// Why a picture was not drawn; `description` is one line for the user.
package enum PlotError: Error, Equatable, CustomStringConvertible {
    /// There is no gnuplot in the directories of `PATH`.
    case noGnuplot
    /// Gnuplot did not draw what a script says.
    case failed(script: String, reason: String)
    /// A file could not be written.
    case cannotWrite(path: String, reason: String)

    package var description: String {
        switch self {
        case .noGnuplot: "found no gnuplot, expected one in PATH (apt-get install gnuplot-nox)"
        case .failed(let script, let reason): "\(script): gnuplot cannot draw it: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
