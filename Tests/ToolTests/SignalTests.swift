import LinWarp
import TestSupport
import XCTest

/// Signals, at moments that a test can choose.
final class SignalTests: GnuplotTestCase {
    private let undrawn = ["best.safetensors", "checkpoint.safetensors", "curve.csv", "curve.gnuplot", "log.jsonl"]

    func testASignalEndsATraining() throws {
        for (name, signal) in [("HUP", SIGHUP), ("INT", SIGINT), ("TERM", SIGTERM), ("XCPU", SIGXCPU), ("KILL", SIGKILL)] {
            let run = try withDefaultSignals(signal) {
                try linwarp(training + ["--overwrite"], environment: drawing(by: "kill -\(name) $PPID"))
            }
            XCTAssert(run.wasKilled, name)
            XCTAssertEqual(run.code, signal, name)
            XCTAssertEqual(run.error, "", name)
            XCTAssertEqual(try results, undrawn, name)
            XCTAssertEqual(try CheckpointFile(path("out/checkpoint.safetensors")).iteration, 4)
        }
    }

    /// As under nohup, and as the shell starts what runs in the background.
    func testWhatIsIgnoredStaysIgnored() throws {
        let environment = try drawing(by: "kill -HUP $PPID; kill -INT $PPID; echo picture")
        let run = try shell("trap '' HUP INT; exec \"$0\" \(training.joined(separator: " "))", environment: environment)
        XCTAssertFalse(run.wasKilled)
        XCTAssertEqual(run.code, 0)
        XCTAssert(run.output.hasPrefix("4 iterations"), run.output)
        XCTAssertEqual(try bytes("out/curve.png"), Array("picture\n".utf8))
    }

    /// A picture that is drawn in part does not take the place of a whole one.
    func testGnuplotThatDies() throws {
        let good = try linwarp(training, environment: drawing(by: "echo picture"))
        XCTAssertEqual(good.error, "")
        let run = try linwarp(training + ["--resume"], environment: drawing(by: "echo pic; kill -KILL $$"))
        XCTAssertEqual(run.code, 0)
        XCTAssert(run.error.contains("out/curve.png was not drawn"), run.error)
        XCTAssertEqual(try bytes("out/curve.png"), Array("picture\n".utf8))
        XCTAssertEqual(try results, (undrawn + ["curve.png"]).sorted())
    }

    /// A limit on the size of files stands in for a full disk. By itself its signal would end the program without a word.
    func testFilesThatGrowTooLarge() throws {
        try skip(under: .thread, because: "it keeps a part of its shadow memory in a file beyond the limit")
        try writeScene("image.ppm", width: 200, height: 200)
        let before = try files
        assertReported(
            try shell("ulimit -f 8; exec \"$0\" warp image.ppm --out out.ppm"), code: 1,
            naming: ["out.ppm: cannot be written: File too large"], "warp")
        XCTAssertEqual(try files, before)
        assertReported(
            try shell("ulimit -f 8; exec \"$0\" align image.ppm image.ppm --iterations 1 --out out"), code: 1,
            naming: ["cannot be written: File too large"], "align")
        XCTAssertEqual(try files, before + ["out"])
    }
}
