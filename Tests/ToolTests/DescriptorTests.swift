import TestSupport
import XCTest

/// Few open files: success, or a line; never a trap.
final class DescriptorTests: ToolTestCase {
    func testAnyLimit() throws {
        try skip(under: .address, because: "its search for leaks opens files of its own")
        try skip(under: .thread, because: "without a file for its symbolizer it knows no names, and so not what is no race")
        try writeScene("image.ppm")
        try writeMNIST(in: "data/")
        try succeed(quickTraining + ["--iterations", "1"])
        let training = (quickTraining + ["--iterations", "2", "--interval", "1", "--overwrite"]).joined(separator: " ")
        for limit in [3, 4, 5, 6, 7, 8, 10, 12, 20] {
            for command in [
                training, "evaluate out/best.safetensors --data data", "warp image.ppm --out out.png",
                "align image.ppm image.ppm --out aligned", "experiment gradient-field --quick --out results",
            ] where limit % 5 == 0 || !command.hasPrefix("experiment") {
                let run = try shell("ulimit -n \(limit); exec \"$0\" \(command)")
                let message = "\(limit) files: \(command): \(run.error)"
                XCTAssertFalse(run.wasKilled, message)
                XCTAssert(run.code == 0 || run.code == 1 || run.code == 127, "\(run.code), \(message)")
                XCTAssert(run.error.filter(\.isNewline).count <= 1, message)
                if run.code != 0 { XCTAssertFalse(run.error.isEmpty, message) }
            }
        }
    }

    /// A picture is missing where gnuplot is, and nothing else.
    func testWithoutGnuplot() throws {
        try writeMNIST(in: "data/")
        let run = try linwarp(quickTraining + ["--iterations", "1"], environment: ["PATH": path("nowhere")])
        XCTAssertEqual(run.code, 0)
        XCTAssert(run.error.contains("gnuplot"), run.error)
        XCTAssertEqual(run.error.filter(\.isNewline).count, 1, run.error)
    }
}
