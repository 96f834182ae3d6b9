import Foundation
import LinWarp
import PaperExperiments
import TestSupport
import XCTest

/// Every experiment's quick version.
final class QuickExperimentTests: ExperimentTestCase {
    /// Data, picture and text, the same on one thread and on two; but for the times of `timing`.
    func testResults() throws {
        let threads = Threads.count
        defer { Threads.count = threads }
        for name in ExperimentName.allCases {
            Threads.count = 2
            try runQuickly(name, out: "two")
            let file = "two/\(name.rawValue)"
            let table = try text("\(file).csv").replacing(/"[^"]*"/, with: "quoted")
            let lines = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).count }
            XCTAssertGreaterThan(lines.count, 1, name.rawValue)
            XCTAssertEqual(Set(lines).count, 1, "\(name.rawValue): lines of different lengths")
            let picture = try Tensor<Float>(imageAt: path("\(file).png"))
            XCTAssertGreaterThan(picture.max().scalars[0] - picture.min().scalars[0], 0.5, name.rawValue)
            let report = try text("\(file).md")
            for part in ["## ", "The quick version", "](\(name.rawValue).", ". Here: "] {
                XCTAssert(report.contains(part), "\(name.rawValue): no \"\(part)\"")
            }
            for picture in report.matches(of: /\]\(([^)]*)\)/) {
                XCTAssert(FileManager.default.fileExists(atPath: path("two/\(picture.1)")), "\(picture.1)")
            }
            guard name != .timing else { continue }
            Threads.count = 1
            try runQuickly(name, out: "one")
            XCTAssertEqual(try text("\(file).csv"), try text("one/\(name.rawValue).csv"), name.rawValue)
        }
    }

    func testMissingData() throws {
        for name in ExperimentName.allCases where name != .timing {
            let message = failure {
                try name.experiment.run(ExperimentSettings(data: nil, isQuick: false, out: directory, seed: 0, resumes: false))
            }
            XCTAssert(message.hasPrefix("--data: found none and no LINWARP_DATA, expected"), "\(name.rawValue): \(message)")
            let elsewhere = failure {
                try name.experiment.run(
                    ExperimentSettings(data: path("nowhere"), isQuick: false, out: directory, seed: 0, resumes: false))
            }
            XCTAssert(elsewhere.contains(path("nowhere")) && elsewhere.contains("expected"), "\(name.rawValue): \(elsewhere)")
        }
    }
}
