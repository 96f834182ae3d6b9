import Foundation
import XCTest

/// What other programs make of a result, where Python and some of them are installed.
final class PythonTests: ToolTestCase {
    /// Runs a script of Tests/Acceptance with the program, and returns what it printed.
    private func script(_ name: String) throws -> String {
        guard try shell("python3 -c 'import numpy'").code == 0 else { throw XCTSkip("no python3 with numpy") }
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Acceptance/\(name)").path
        let run = try shell("exec python3 -B '\(path)' \"$0\"")
        XCTAssertEqual(run.code, 0, run.error)
        return run.output
    }

    /// The lines in Docs/Conventions.md give what `linwarp warp` makes of the same matrix.
    func testConventions() throws {
        let lines = try script("conventions.py").split(separator: "\n")
        XCTAssertEqual(lines.map { $0.split(separator: ":")[0] }, ["OpenCV", "scikit-image", "SimpleITK", "PyTorch"])
    }

    func testBilinearAsOthersHaveIt() throws {
        let lines = try script("bilinear.py").split(separator: "\n")
        XCTAssertEqual(lines.map { $0.split(separator: ":")[0] }, ["OpenCV", "PyTorch"])
    }
}
