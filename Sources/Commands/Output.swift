import Files

/// Prints results, line by line. Whoever asked for them must know when they are lost.
func printResults(_ lines: [String]) throws {
    do throws(FileError) { try printOutput(lines) } catch {
        throw Failure(description: "standard output: cannot be written: \(error.reason)")
    }
}

func printResults(_ line: String) throws { try printResults([line]) }

/// A line on standard error.
func notice(_ line: String) { printError("linwarp: \(line)") }
