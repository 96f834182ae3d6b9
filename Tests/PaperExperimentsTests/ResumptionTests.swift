import Files
import Foundation
import LinWarp
import PaperExperiments
import TestSupport
import XCTest

/// Experiments that go on behind what an interrupted run has left.
final class ResumptionTests: ExperimentTestCase {
    private let experiment = ExperimentName.sampleCountAblation
    private var trials: String { "\(experiment.rawValue)-trials.csv" }

    /// A run that was stopped in the middle of a line, and goes on, leaves what an uninterrupted one does.
    func testInterruption() throws {
        try runQuickly(experiment, out: "whole")
        let whole = try text("whole/\(trials)")
        XCTAssertGreaterThan(whole.count, 100)
        for kept in [0.3, 0.7] {
            try write(String(whole.prefix(Int(kept * Double(whole.count)))), "parts/\(trials)")
            try runQuickly(experiment, out: "parts", resumes: true)
            for file in [trials, "\(experiment.rawValue).csv", "\(experiment.rawValue).md"] {
                XCTAssertEqual(try text("parts/\(file)"), try text("whole/\(file)"), file)
            }
        }
    }

    /// Rows that are there are taken as they are; those of another seed, or of an earlier run without `resumes`, are not.
    func testRowsAreTaken() throws {
        try runQuickly(experiment, out: "out")
        let whole = try text("out/\(trials)")
        let curves = try text("out/\(experiment.rawValue).csv")
        var lines = whole.split(separator: "\n").map(String.init)
        lines[1] = lines[1].split(separator: ",").dropLast().joined(separator: ",") + ",0.4321"
        let changed = lines.joined(separator: "\n") + "\n"
        try write(changed, "out/\(trials)")
        try runQuickly(experiment, out: "out", resumes: true)
        XCTAssertEqual(try text("out/\(trials)"), changed)
        XCTAssertNotEqual(try text("out/\(experiment.rawValue).csv"), curves)
        try runQuickly(experiment, out: "out", seed: 2, resumes: true)
        XCTAssertEqual(try text("out/\(trials)").split(separator: "\n").count, 2 * lines.count - 1)
        try runQuickly(experiment, out: "out")
        XCTAssertEqual(try text("out/\(trials)"), whole)
        XCTAssertEqual(try text("out/\(experiment.rawValue).csv"), curves)
    }

    /// Rows that were made in another way, or of other images, are not taken. They stay, as those of other seeds do.
    func testOtherProtocol() throws {
        try runQuickly(experiment, out: "out")
        let curves = try text("out/\(experiment.rawValue).csv")
        let lines = try text("out/\(trials)").split(separator: "\n").map(String.init)
        let changed = lines.dropFirst().map { line in
            var fields = line.split(separator: ",")
            fields[fields.count - 2] = "0"
            fields[fields.count - 1] = "0.4321"
            return fields.joined(separator: ",")
        }
        try write(([lines[0]] + changed).joined(separator: "\n") + "\n", "out/\(trials)")
        try runQuickly(experiment, out: "out", resumes: true)
        XCTAssertEqual(try text("out/\(trials)").split(separator: "\n").map(String.init), [lines[0]] + changed + lines.dropFirst())
        XCTAssertEqual(try text("out/\(experiment.rawValue).csv"), curves)
    }

    /// Rows of before an option there was are taken while it is not used.
    func testLaterOptions() throws {
        var sampler = LinearizedSampler(noise: .seed(3))
        let network = NetworkConfiguration(transformer: .stn, sampler: .linearized, channels: 3, side: 50, classes: 43)
        let kind = "Sampling.LinearizedSampler", configuration = "NeuralNetworks.NetworkConfiguration"
        let before = """
            [1, 2]; LinearizedSampler(sampleCount: 8, sigma: 1.0, regularization: 0.001, preventsCollapse: true, bias: \(kind).Bias.included, \
            imageGradient: \(kind).ImageGradient.none, noise: \(kind).Noise.seed(3), draws: \(kind).Draws.independent, \
            solver: \(kind).Solver.fused, padding: Sampling.Padding.zeros, alignCorners: false, firstImage: 0); \
            NetworkConfiguration(architecture: \(configuration).Architecture.paper, transformer: \(configuration).Transformer.stn, \
            sampler: \(configuration).SamplerKind.linearized, downsampling: 1, channels: 3, side: 50, classes: 43, seed: 0)
            """
        let name = String(stableHash(before), radix: 16)
        XCTAssertEqual(protocolName([1, 2], sampler, network), name)
        sampler.noiseFrame = .source
        XCTAssertNotEqual(protocolName([1, 2], sampler, network), name)
    }

    /// Rows stay good however a matrix keeps its elements.
    func testMatrices() throws {
        let elements = "[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]"
        let before = "Matrix3(elements: \(elements)); [Sampling.Matrix3(elements: \(elements))]"
        XCTAssertEqual(protocolName(Matrix3.identity, [Matrix3.identity]), String(stableHash(before), radix: 16))
    }

    /// A last line that was being written is redone, also where it is a row with its last digits missing.
    func testDamagedLastLine() throws {
        try runQuickly(experiment, out: "out")
        let whole = try text("out/\(trials)")
        for lost in [2, 25] {
            try write(String(whole.dropLast(lost)), "out/\(trials)")
            try runQuickly(experiment, out: "out", resumes: true)
            XCTAssertEqual(try text("out/\(trials)"), whole)
        }
    }

    /// Rows whose counts are none are an error that names the file, not a number that nothing can be done with.
    func testCountsThatAreNone() throws {
        let name = ExperimentName.classification
        try runQuickly(name, out: "out")
        let lines = try text("out/\(name.rawValue)-trials.csv").split(separator: "\n").map(String.init)
        for value in ["nan", "inf", "1e300", "-1", "0.5", "9007199254740993"] {
            var fields = lines[1].split(separator: ",").map(String.init)
            fields[fields.count - 4] = value
            try write(
                ([lines[0], fields.joined(separator: ",")] + lines[2...]).joined(separator: "\n") + "\n", "out/\(name.rawValue)-trials.csv")
            let message = failure { try runQuickly(name, out: "out", resumes: true) }
            XCTAssert(message.contains("\(name.rawValue)-trials.csv: found [") && message.contains("expected whole numbers"), message)
        }
    }

    /// What an earlier run has left goes when there is something new, not before.
    func testRunThatEndsBeforeItsFirstTrial() throws {
        let table = "out/\(ExperimentName.classification.rawValue)-trials.csv"
        try write("of earlier\n", table)
        let message = failure {
            try ExperimentName.classification.experiment.run(
                ExperimentSettings(data: path("nowhere"), isQuick: false, out: path("out"), seed: 1, resumes: false))
        }
        XCTAssert(message.contains(path("nowhere")), message)
        XCTAssertEqual(try text(table), "of earlier\n")
    }

    func testOtherColumns() throws {
        for found in ["seed,images,error\n1,2,3\n", "\n", "words"] {
            try write(found, "out/\(trials)")
            let message = failure { try runQuickly(experiment, out: "out", resumes: true) }
            for part in [path("out/\(trials)"), "found the columns", "expected \"seed,", "--resume"] {
                XCTAssert(message.contains(part), message)
            }
            XCTAssertEqual(try text("out/\(trials)"), found)
        }
    }
}
