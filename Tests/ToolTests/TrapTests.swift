import TestSupport
import XCTest

/// A trap in the program is a line and the exit code 1, at once: sent from outside, as a program without defects has none of its own.
final class TrapTests: GnuplotTestCase {
    func testSignalsOfATrap() throws {
        try skip(under: .address, .thread, because: "it handles these signals itself")
        for signal in ["ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV"] {
            // What draws the curve sends it, while the program waits.
            let run = try linwarp(training + ["--overwrite"], environment: drawing(by: "kill -\(signal) $PPID"))
            XCTAssertFalse(run.wasKilled, signal)
            XCTAssertEqual(run.code, 1, signal)
            XCTAssert(run.error.hasPrefix("linwarp: found an error of its own"), "\(signal): \(run.error)")
            XCTAssertEqual(run.error.filter(\.isNewline).count, 1, "\(signal): \(run.error)")
        }
    }
}
