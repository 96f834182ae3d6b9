import Foundation
import LinWarp
import TestSupport
import XCTest

/// Directories that another training works in, or has worked in.
final class TakenDirectoryTests: GnuplotTestCase {
    /// Everything in the output directory.
    private func contents() throws -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try results.map { ($0, try bytes("out/\($0)")) })
    }

    func testTwoAtOnce() throws {
        for second in ["\(training.joined(separator: " ")) --resume", "experiment gradient-field --quick --out out"] {
            // Gnuplot runs in the directory of its script. The second one is not to draw, in case that it gets so far.
            let line = "cd ..; PATH=data \"$0\" \(second) >second.out 2>second.err; echo $? >second.code; echo picture"
            let first = try linwarp(training + ["--overwrite"], environment: drawing(by: line))
            XCTAssertEqual(first.code, 0)
            XCTAssertEqual(first.error, "")
            func text(_ name: String) throws -> String { String(decoding: try bytes("second.\(name)"), as: UTF8.self) }
            XCTAssertEqual(try text("code"), "1\n")
            XCTAssertEqual(try text("out"), "")
            let message = try text("err")
            XCTAssertEqual(message.filter(\.isNewline).count, 1, message)
            for part in ["linwarp: --out", "found a directory that another linwarp works in", "expected"] {
                XCTAssert(message.contains(part), message)
            }
        }
    }

    func testALockEndsWithItsProcess() throws {
        XCTAssertEqual(try linwarp(training, environment: drawing(by: "kill -KILL $PPID")).code, SIGKILL)
        let before = try results
        try succeed(training + ["--resume"])
        XCTAssertEqual(try results, (before + ["curve.png"]).sorted())
    }

    /// Nor does gnuplot keep it, which goes on behind a training that was killed.
    func testALockIsNotInherited() throws {
        let gone = "until grep -qs '^State:.Z' /proc/$PPID/status || ! [ -e /proc/$PPID ]; do sleep 0.01; done"
        let next = "cd ..; PATH=data \"$0\" \(training.joined(separator: " ")) --resume >second.out 2>second.err; echo $? >second.code"
        XCTAssertEqual(try linwarp(training, environment: drawing(by: "kill -KILL $PPID; \(gone); \(next)")).code, SIGKILL)
        let message = String(decoding: try bytes("second.err"), as: UTF8.self)
        XCTAssertEqual(String(decoding: try bytes("second.code"), as: UTF8.self), "0\n", message)
    }

    func testEarlierResultsAreRefused() throws {
        try succeed(training)
        let message = "found the results of a training (checkpoint.safetensors, best.safetensors, log.jsonl, curve.png"
        try assertFails(training, code: 1, naming: "--out out: \(message)", "expected none", "--resume", "--overwrite")
        for name in ["checkpoint.safetensors", "best.safetensors"] { try remove("out/\(name)") }
        try assertFails(training, code: 1, naming: "--out out: found the results of a training (log.jsonl")
        // Before anything is read.
        try assertFails(["train", "mnist", "--data", "nowhere", "--out", "out"], code: 1, naming: "--out out: found the results")
        try assertFails(training + ["--resume", "--overwrite"], code: 64, naming: "--overwrite", "--resume")
    }

    func testOverwritingGivesWhatANewDirectoryGets() throws {
        try succeed(quickTraining + ["--iterations", "20", "--interval", "1", "--seed", "3"])
        try succeed(training + ["--overwrite"])
        let over = try contents()
        try remove("out")
        try succeed(training)
        let new = try contents()
        XCTAssertEqual(over.keys.sorted(), new.keys.sorted())
        // The log has times.
        for (name, bytes) in new where name != "log.jsonl" { XCTAssertEqual(over[name], bytes, name) }
        XCTAssertEqual(over["log.jsonl"]?.count { $0 == UInt8(ascii: "\n") }, 2)
    }

    /// Up to its first checkpoint a run changes nothing, so that what was there goes on as if nothing had been.
    func testOverwritingThatEndsEarly() throws {
        try succeed(training)
        let before = try contents()
        let diverging = quickTraining + ["--iterations", "8", "--interval", "4", "--classifier-rate", "1e30", "--overwrite"]
        try assertFails(diverging, code: 1, naming: "found a loss or gradient that is not a finite number")
        XCTAssertEqual(try contents(), before)
        try succeed(training + ["--resume"])
        XCTAssertEqual(try contents()["checkpoint.safetensors"], before["checkpoint.safetensors"])
        XCTAssertEqual(try contents()["log.jsonl"], before["log.jsonl"])
    }

    func testOverwritingOnAFullDisk() throws {
        try skip(under: .thread, because: "it keeps a part of its shadow memory in a file beyond the limit")
        try succeed(training)
        let before = try contents()
        let line = "ulimit -f 150; exec \"$0\" \((training + ["--overwrite"]).joined(separator: " "))"
        try assertReported(shell(line), code: 1, naming: ["out/best.safetensors: cannot be written: File too large"], "full disk")
        XCTAssertEqual(try contents(), before)
    }

    func testOverwritingFollowsLinks() throws {
        try succeed(training)
        try FileManager.default.createDirectory(atPath: path("elsewhere"), withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: path("out/checkpoint.safetensors"), toPath: path("elsewhere/checkpoint"))
        XCTAssertEqual(symlink("../elsewhere/checkpoint", path("out/checkpoint.safetensors")), 0)
        try succeed(training + ["--overwrite", "--seed", "3"])
        XCTAssertEqual(try CheckpointFile(path("elsewhere/checkpoint")).settings["seed"], "3")
        XCTAssertEqual(try bytes("out/checkpoint.safetensors"), try bytes("elsewhere/checkpoint"))
    }
}
