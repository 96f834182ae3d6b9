import Files
import Glibc

/// A line on the terminal that is overwritten as work goes on; nothing where standard error is no terminal.
struct ProgressLine {
    private let isTerminal: Bool

    /// - Parameter isSilent: Show nothing on a terminal either.
    init(isSilent: Bool) { isTerminal = !isSilent && isatty(STDERR_FILENO) == 1 }

    func show(_ text: String) {
        if isTerminal { printProgress(text) }
    }

    func clear() { show("") }
}
