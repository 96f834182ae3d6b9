import ArgumentParser

/// How much a command says while it works: the option that those share which write their results to files.
struct QuietOption: ParsableArguments {
    @Flag(help: "Print neither progress nor results; what goes wrong still.")
    var quiet = false

    /// - Parameter isSilent: Shows nothing whatever the option says.
    func progress(isSilent: Bool = false) -> ProgressLine { ProgressLine(isSilent: quiet || isSilent) }

    /// Prints results for people to read.
    func print(_ lines: [String]) throws {
        if !quiet { try printResults(lines) }
    }
}
