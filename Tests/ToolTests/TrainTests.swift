import Foundation
import LinWarp
import TestSupport
import XCTest

final class TrainTests: ToolTestCase {
    private let training = [
        "train", "mnist", "--data", "data", "--batch", "16", "--iterations", "200", "--interval", "10", "--schedule", "cosine", "--clip",
        "1",
    ]

    /// A run that is killed at any moment and resumed gives the very checkpoint of an uninterrupted one.
    func testKilledAndResumed() throws {
        try writeMNIST(in: "data/")
        let summary = try succeed(training + ["--out", "whole"])
        XCTAssert(summary.contains("200 iterations: test error"), summary)
        try interrupt(training + ["--out", "parts", "--resume"], in: "parts", times: 4)
        try succeed(training + ["--out", "parts", "--resume"])
        XCTAssertEqual(try bytes("parts/checkpoint.safetensors"), try bytes("whole/checkpoint.safetensors"))
        XCTAssertEqual(try bytes("parts/best.safetensors"), try bytes("whole/best.safetensors"))
        XCTAssertEqual(try logged("iteration", "parts"), stride(from: 10, through: 200, by: 10).map { $0 })
        // The same on one thread.
        try succeed(training + ["--out", "single"], environment: ["LINWARP_THREADS": "1"])
        XCTAssertEqual(try bytes("single/checkpoint.safetensors"), try bytes("whole/checkpoint.safetensors"))
        // Another training is not gone on with.
        try assertReported(
            linwarp(training + ["--batch", "8", "--out", "whole", "--resume"]), code: 1,
            naming: ["checkpoint.safetensors", "found a training with batch 16, expected batch 8"], "other batch")
        for (options, found, expected) in [
            (["--clip", "2"], "clip 1.0", "clip 2.0"),
            (["--schedule", "constant"], "schedule cosine over 200 iterations", "schedule constant"),
            (["--iterations", "400"], "schedule cosine over 200 iterations", "schedule cosine over 400 iterations"),
        ] {
            let run = try linwarp(training + options + ["--out", "whole", "--resume"])
            assertReported(run, code: 1, naming: ["found a training with \(found), expected \(expected)"], "\(options)")
        }
        try assertReported(
            linwarp(training + ["--network", "icstn", "--out", "whole", "--resume"]), code: 1,
            naming: ["checkpoint.safetensors", "found a training with transformer stn, expected transformer icstn"], "other network")
    }

    /// Starts a training again and again, and kills it at a random moment once it has got further. One that has come to its end before
    /// that, on a machine that has other work, is begun anew.
    private func interrupt(_ training: [String], in out: String, times: Int) throws {
        var random = RandomSource(seed: 4)
        var interrupted = 0
        while interrupted < times {
            let reached = (try? CheckpointFile(path("\(out)/checkpoint.safetensors")).iteration) ?? 0
            let run = try shell(
                """
                "$0" \(training.joined(separator: " ")) & program=$!
                while [ -e /proc/$program/exe ] && ! grep -qs '"iteration":\(reached + 10),' \(out)/log.jsonl; do sleep 0.005; done
                sleep \(Double.random(in: 0...0.05, using: &random))
                kill -KILL $program
                wait $program
                """)
            if run.code == 128 + SIGKILL {
                interrupted += 1
            } else {
                XCTAssertEqual(run.code, 0, run.error)
                try remove(out)
                interrupted = 0
            }
        }
    }

    /// The numbers of one name in a run's log.
    private func logged(_ name: String, _ out: String) throws -> [Double] {
        try String(contentsOfFile: path("\(out)/log.jsonl"), encoding: .utf8).split(separator: "\n").map { line in
            try XCTUnwrap(JSONDecoder().decode([String: Double].self, from: Data(line.utf8))[name])
        }
    }

    func testSchedulesAndClipping() throws {
        try writeMNIST(in: "data/")
        func train(_ options: [String], _ out: String) throws -> [Double] {
            try succeed(quickTraining + ["--iterations", "20", "--interval", "10", "--out", out] + options)
            return try logged("loss", out)
        }
        let plain = try train([], "plain")
        let steps = try train(["--schedule", "step", "--step-every", "10", "--step-factor", "0.5"], "steps")
        XCTAssertEqual(steps[0], plain[0], "the same before the first step")
        XCTAssertNotEqual(steps[1], plain[1])
        XCTAssertNotEqual(try train(["--clip", "0.01"], "clipped")[0], plain[0])
        XCTAssertNotEqual(try train(["--schedule", "cosine"], "cosine")[0], plain[0])
        XCTAssertNotEqual(try train(["--optimizer", "sgd"], "descent")[0], plain[0])
        XCTAssertEqual(try train(["--optimizer", "adam"], "adam"), plain)
        let run = try linwarp(quickTraining + ["--iterations", "20", "--interval", "10", "--out", "descent", "--resume"])
        assertReported(run, code: 1, naming: ["found a training with optimizer sgd, expected optimizer adam"], "other optimizer")
    }

    /// Whole digits are those that perturbed ones are made of, seen from where these are: evaluated and gone on with as they were trained.
    func testWholeDigits() throws {
        try writeMNIST(in: "data/")
        let training = ["train", "mnist-whole", "--data", "data", "--batch", "16", "--interval", "5", "--network", "icstn"]
        try succeed(training + ["--iterations", "10", "--out", "whole"])
        let summary = try succeed(training + ["--iterations", "5", "--out", "parts"])
        XCTAssert(summary.contains("5 iterations: test error"), summary)
        let last = try succeed(training + ["--iterations", "10", "--out", "parts", "--resume"])
        XCTAssertEqual(try bytes("parts/checkpoint.safetensors"), try bytes("whole/checkpoint.safetensors"))
        let evaluated = try succeed(["evaluate", "whole/checkpoint.safetensors", "--data", "data"])
        XCTAssertEqual(
            evaluated.prefix { $0 != "(" }.split(separator: " ").suffix(2), last.replacing(",", with: " ").split(separator: " ")[4...5])
        // Not what is learnt from digits that have lost a part.
        try succeed(training.map { $0 == "mnist-whole" ? "mnist" : $0 } + ["--iterations", "10", "--out", "cut"])
        XCTAssertNotEqual(try logged("loss", "cut") as [Double], try logged("loss", "whole"))
    }

    /// Options of the transformer and its sampler: each changes the training, and those that concern nothing are refused.
    func testTransformerOptions() throws {
        try writeMNIST(in: "data/")
        let training = quickTraining + ["--network", "stn", "--iterations", "3", "--interval", "1", "--downsample", "2"]
        let options = [
            [], ["--noise-frame", "source"], ["--sigma", "0.5"], ["--initial-sigma", "2", "--sigma-iterations", "2"], ["--bias", "mean"],
            ["--samples", "12"], ["--draws", "independent"], ["--outside", "counted"],
        ]
        var losses: [[Double]] = []
        for options in options {
            try succeed(training + options + ["--overwrite"])
            losses.append(try logged("loss", "out"))
            XCTAssertEqual(try logged("scale", "out").count, 3)
        }
        XCTAssertEqual(Set(losses).count, options.count, "\(losses)")
        try assertReported(
            linwarp(training + ["--resume"]), code: 1, naming: ["found a training with linearized", "expected linearized"],
            "other options")
        // Within a thousandth of log₂ the view cannot change.
        try succeed(
            [
                "train", "synthetic", "--batch", "4", "--iterations", "2", "--interval", "1", "--downsample", "8", "--transformer-rate",
                "0.1",
                "--scale-bound", "0.001", "--out", "bounded",
            ])
        for scale in try logged("scale", "bounded") { XCTAssertEqual(scale, 1, accuracy: 7e-4) }
        for (options, message) in [
            (["--sigma", "0.5", "--sampler", "bilinear"], "found one with --sampler bilinear"), (["--sigma", "0"], "--sigma"),
            (["--initial-sigma", "2"], "found one of the two"), (["--scale-bound", "17"], "at most 16"), (["--bias", "x"], "--bias"),
            (["--samples", "1"], "--samples"),
        ] { try assertFails(training + options, code: 64, naming: message) }
        try assertFails(["train", "mnist", "--scale-bound", "1"], code: 64, naming: "--scale-bound")
    }

    /// A row for each operation, then their sum; the training is the same as without.
    func testProfile() throws {
        try writeMNIST(in: "data/")
        let training = quickTraining + ["--iterations", "3", "--interval", "3"]
        try succeed(training)
        let output = try succeed(training + ["--out", "measured", "--profile"])
        XCTAssertEqual(try bytes("measured/checkpoint.safetensors"), try bytes("out/checkpoint.safetensors"))
        let lines = output.split(separator: "\n").dropFirst()
        XCTAssertEqual(
            lines.first?.split(separator: "  ").map { $0.trimmingPrefix(" ") },
            ["forward ms", "backward ms", "share", "floor", "operation"])
        let row = #/ *(\d+\.\d{3}) +(\d+\.\d{3}) +(\d+\.\d) % +\d+ %  (.+)/#
        let rows = try lines.dropFirst().dropLast().map { try XCTUnwrap($0.wholeMatch(of: row), String($0)) }
        XCTAssert(rows.contains { $0.4.hasPrefix("convolution 2x1x28x28, 3x1x9x9, 3 to 2x3x20x20") }, output)
        XCTAssert(rows.contains { $0.4 == "optimizer" }, output)
        XCTAssertEqual(rows.last?.4, "a step, of 2")
        let times = rows.map { Double($0.1)! + Double($0.2)! }
        XCTAssertEqual(times.dropLast().reduce(0, +), times.last!, accuracy: 0.001 * Double(rows.count))
        for (time, next) in zip(times.dropLast(), times.dropFirst().dropLast()) { XCTAssertGreaterThanOrEqual(time, next - 0.002) }
        XCTAssertEqual(rows.dropLast().reduce(0) { $0 + Double($1.3)! }, 100, accuracy: 0.05 * Double(rows.count))
        XCTAssertNotNil(lines.last?.wholeMatch(of: #/floor: \d+ thousand million products a second, \d+ GB/s/#))
    }

    /// With learning rates of zero no validation is better than the first.
    func testPatience() throws {
        try writeMNIST(in: "data/")
        let training = quickTraining + ["--iterations", "20", "--interval", "2", "--classifier-rate", "0", "--resume"]
        for (patience, last) in [(3, 6.0), (3, 6), (8, 10)] {
            let summary = try succeed(training + ["--patience", "\(patience)"])
            XCTAssert(summary.hasPrefix("\(Int(last)) iterations"), summary)
            XCTAssertEqual(try logged("iteration", "out").last, last)
        }
        XCTAssert(try succeed(training).hasPrefix("20 iterations"))
    }

    func testLearningCurve() throws {
        try writeMNIST(in: "data/")
        let training = quickTraining + ["--iterations", "3", "--interval", "1"]
        try succeed(training)
        XCTAssertEqual(try image("out/curve.png").shape, [3, 750, 1200])
        let table = String(decoding: try bytes("out/curve.csv"), as: UTF8.self).split(separator: "\n")
        let (losses, errors) = try (logged("loss", "out"), logged("validationError", "out"))
        XCTAssertEqual(table.dropFirst().map(String.init), (0..<3).map { "\($0 + 1),\(losses[$0]),\(100 * errors[$0])" })

        // Without gnuplot training goes on all the same, and says so.
        try remove("out")
        let run = try linwarp(training, environment: ["PATH": path("data")])
        XCTAssertEqual(run.code, 0)
        XCTAssert(run.output.hasPrefix("3 iterations: test error"), run.output)
        XCTAssert(run.error.hasPrefix("linwarp: out/curve.png was not drawn: found no gnuplot"), run.error)
        XCTAssertEqual(run.error.filter(\.isNewline).count, 1, run.error)
        XCTAssertFalse(try files.contains("out/curve.png"))
    }

    func testSchedulesThatAreIncomplete() throws {
        let training = ["train", "synthetic"]
        try assertFails(training + ["--schedule", "step"], code: 64, naming: "--step-every")
        try assertFails(training + ["--step-every", "5"], code: 64, naming: "--step-every", "--schedule constant")
        try assertFails(
            training + ["--step-factor", "0.5", "--schedule", "cosine"], code: 64, naming: "--step-factor", "--schedule cosine")
        for option in [
            ["--optimizer", "adamw"], ["--schedule", "exponential"], ["--step-every", "0"], ["--step-factor", "-1"], ["--clip", "0"],
            ["--clip", "nan"],
        ] {
            try assertFails(training + option, code: 64, naming: option[0])
        }
    }

    private struct Evaluation: Decodable {
        var images: Int
        var confusion: [[Int]]
    }

    func testTrainedTransformerIsEvaluatedAndUsed() throws {
        try writeMNIST(in: "data/")
        try succeed(quickTraining + ["--network", "stn", "--downsample", "2", "--iterations", "2"])
        let evaluation: Evaluation = try json(["evaluate", "out/best.safetensors", "--sampler", "bilinear", "--data", "data"])
        XCTAssertEqual(evaluation.images, 24)
        XCTAssertEqual(evaluation.confusion.map { $0.reduce(0, +) }, [3, 3, 3, 3, 2, 2, 2, 2, 2, 2])
        try writeScene("scene.png", width: 70, height: 40)
        let text = try succeed(["predict", "out/checkpoint.safetensors", "scene.png", "--out", "seen"])
        XCTAssert(text.hasPrefix("scene.png: "), text)
        XCTAssertEqual(try image("seen/transformed-1.png").shape, [1, 14, 14])
    }

    func testSyntheticSigns() throws {
        try succeed(["train", "synthetic", "--network", "none", "--downsample", "8", "--batch", "2", "--iterations", "2", "--out", "out"])
        let evaluation: Evaluation = try json(["evaluate", "out/best.safetensors"])
        XCTAssertEqual(evaluation.confusion.map { $0.reduce(0, +) }, [Int](repeating: 100, count: 10))
    }

    func testBadInput() throws {
        try assertFails(["train", "mnist", "--data", "nowhere"], code: 1, naming: "nowhere")
        try assertFails(["train", "cats"], code: 64, naming: "cats")
        try assertFails(["train", "synthetic", "--batch", "0"], code: 64, naming: "--batch")
        try assertFails(["train", "synthetic", "--classifier-rate", "nan"], code: 64, naming: "--classifier-rate")
        try assertFails(["evaluate", "missing.safetensors"], code: 1, naming: "missing.safetensors")
        try write(Array("not a checkpoint".utf8), "text.safetensors")
        try assertFails(["evaluate", "text.safetensors"], code: 1, naming: "text.safetensors")
        try writeScene("scene.png")
        try assertFails(["predict", "text.safetensors", "scene.png"], code: 1, naming: "text.safetensors")
    }
}
