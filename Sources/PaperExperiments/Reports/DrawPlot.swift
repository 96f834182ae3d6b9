import Plots

extension Plot {
    /// Draws `NAME.png` and `NAME.svg`, with the table `NAME.csv` beside them.
    func draw(_ name: ExperimentName, _ settings: ExperimentSettings) throws {
        settings.progress("drawing")
        for format in ["png", "svg"] { try draw(to: settings.path("\(name.rawValue).\(format)")) }
    }
}
