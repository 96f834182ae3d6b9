import TestSupport
import XCTest

/// A trap in the program is a line and the exit code 1, at once: sent from outside, as a program without defects has none of its own.
final class TrapTests: ToolTestCase {
    func testSignalsOfATrap() throws {
        try skip(under: .address, .thread, because: "it handles these signals itself")
        for signal in ["ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV"] {
            // It is hit while it works, by when its handlers are there.
            let run = try shell(
                """
                "$0" experiment timing --quick --out out & pid=$!
                while [ ! -d out ] && kill -0 $pid; do sleep 0.05; done
                kill -\(signal) $pid; wait $pid
                """)
            XCTAssertEqual(run.code, 1, signal)
            XCTAssert(run.error.hasPrefix("linwarp: found an error of its own"), "\(signal): \(run.error)")
            XCTAssertEqual(run.error.filter(\.isNewline).count, 1, "\(signal): \(run.error)")
            try remove("out")
        }
    }
}
