import Foundation
import XCTest

/// A test case in which a script stands in for gnuplot: what it does, it does while the training that draws its curve waits.
class GnuplotTestCase: ToolTestCase {
    /// Four iterations with two checkpoints and the curve behind them.
    var training: [String] { quickTraining + ["--iterations", "4", "--interval", "2"] }

    override func setUpWithError() throws {
        try super.setUpWithError()
        try writeMNIST(in: "data/")
    }

    /// The environment in which `line`, of the shell, is done instead of drawing. `$PPID` is the training, `$0` its program.
    func drawing(by line: String) throws -> [String: String] {
        try write(line, "line")
        try write("#!/bin/sh\nexec /bin/sh -c \"$(cat '\(path("line"))')\" '\(Self.executable)'\n", "bin/gnuplot")
        XCTAssertEqual(chmod(path("bin/gnuplot"), 0o755), 0)
        return ["PATH": "\(path("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
    }

    /// The names in the output directory.
    var results: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted() }
    }
}
