import Foundation
import LinWarp
import TestSupport
import XCTest

/// Every number that the program reads from a file of its own or from an option, at the ends of what a number can be: a result or an error of
/// one line, never a trap.
final class ExtremeNumbersTests: ToolTestCase {
    private let file = "out/checkpoint.safetensors"
    private let values = ["4611686018427387904", "-9223372036854775808", "0", "1e300"]

    private var training: [String] { quickTraining + ["--iterations", "2"] }

    /// Runs the program, which must succeed or name the file or option and what it found and expected.
    private func check(_ arguments: [String], naming names: [String], _ message: String, line: UInt = #line) throws {
        let run = try linwarp(arguments)
        XCTAssertFalse(run.wasKilled, "\(message): \(run.error)", line: line)
        if run.code == 0 { return }
        XCTAssert([1, 64].contains(run.code), "\(message): \(run.code)", line: line)
        XCTAssertEqual(run.error.filter(\.isNewline).count, 1, "\(message): \(run.error)", line: line)
        for name in names { XCTAssert(run.error.contains(name), "\(message): \(run.error)", line: line) }
    }

    func testCheckpoints() throws {
        try writeMNIST(in: "data/")
        try succeed(training)
        let (intact, log) = (try Safetensors(contentsOf: path(file)), try bytes("out/log.jsonl"))
        for key in intact.metadata.keys.sorted() where key != "format" {
            let text = try XCTUnwrap(intact.metadata[key])
            // The numbers of a JSON object in turn, or the entry as a whole.
            let members = text.matches(of: /"(\w+)":(-?[0-9.e+-]+)/).map { (name: String($0.1), range: $0.2.startIndex..<$0.2.endIndex) }
            let places = members.isEmpty ? [(name: key, range: text.startIndex..<text.endIndex)] : members
            if ["network", "random", "earlyStopping"].contains(key) { XCTAssertGreaterThanOrEqual(places.count, 3, key) }
            for (name, range) in places {
                for value in values {
                    var changed = intact
                    changed.metadata[key] = text.replacingCharacters(in: range, with: value)
                    try changed.write(to: path(file))
                    // What a run that goes on may find and change.
                    try write(log, "out/log.jsonl")
                    let short = key.hasPrefix("setting.") ? String(key.dropFirst("setting.".count)) : key == "network" ? name : key
                    try check(
                        training + ["--resume"], naming: [file, "found", "expected", short], "\(key).\(name) = \(value)")
                    if key == "network" {
                        try check(["evaluate", file, "--data", "data"], naming: [file, "found", "expected"], "\(key).\(name) = \(value)")
                    }
                }
            }
        }
    }

    /// What made a training trap that goes on.
    func testManyIterations() throws {
        try writeMNIST(in: "data/")
        try succeed(training)
        var contents = try Safetensors(contentsOf: path(file))
        contents.metadata["iteration"] = "4611686018427387904"
        try contents.write(to: path(file))
        try assertFails(
            training + ["--resume"], code: 1, naming: file, "found \"4611686018427387904\" for \"iteration\"",
            "expected a whole number of 0...2147483648")
    }

    func testLogs() throws {
        try writeMNIST(in: "data/")
        try succeed(training)
        let log = String(decoding: try bytes("out/log.jsonl"), as: UTF8.self)
        let members = log.matches(of: /"(\w+)":(-?[0-9.e+-]+)/)
        XCTAssertGreaterThanOrEqual(members.count, 4)
        for member in members {
            for value in values {
                try write(log.replacingCharacters(in: member.2.startIndex..<member.2.endIndex, with: value), "out/log.jsonl")
                try check(quickTraining + ["--iterations", "3", "--resume"], naming: ["out/"], "\(member.1) = \(value)")
            }
        }
    }

    func testTablesOfExperiments() throws {
        let arguments = ["experiment", "sample-count-ablation", "--quick", "--out", "out"]
        try succeed(arguments)
        let name = "out/sample-count-ablation-trials.csv"
        let lines = String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
        for value in values + ["nan", "inf"] {
            let changed = lines.enumerated().map { number, line in
                number == 0 ? line : line.split(separator: ",").dropLast().joined(separator: ",") + "," + value
            }
            try write(changed.joined(separator: "\n") + "\n", name)
            try check(arguments + ["--resume"], naming: [name, "found", "expected"], value)
        }
    }

    func testOptions() throws {
        try writeMNIST(in: "data/")
        let options: [(String, [String])] = [
            ("--iterations", []), ("--interval", []), ("--batch", []), ("--patience", []), ("--downsample", []), ("--seed", []),
            ("--step-every", ["--schedule", "step"]), ("--step-factor", ["--schedule", "step", "--step-every", "1"]), ("--clip", []),
            ("--transformer-rate", []), ("--classifier-rate", []),
        ]
        for (option, others) in options {
            for value in values + ["9223372036854775807", "1000000000", "18446744073709551616", "nan"] {
                // Iterations without end are no error.
                if option == "--iterations" && value == "1000000000" { continue }
                var arguments = ["train", "mnist", "--data", "data", "--network", "none", "--out", "new", "--overwrite"] + others
                for (name, small) in [("--batch", "2"), ("--iterations", "2"), ("--interval", "1")] where name != option {
                    arguments += [name, small]
                }
                try check(arguments + ["\(option)=\(value)"], naming: [], "\(option)=\(value)")
            }
        }
    }
}
