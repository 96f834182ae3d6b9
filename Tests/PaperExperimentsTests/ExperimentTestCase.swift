import Foundation
import LinWarp
import PaperExperiments
import TestSupport
import XCTest

/// A test case that does experiments in a directory of its own.
class ExperimentTestCase: DirectoryTestCase {
    /// Does the quick version of an experiment, with results in `out`, a new directory or one that is there.
    func runQuickly(_ name: ExperimentName, out: String, seed: UInt64 = 1, resumes: Bool = false) throws {
        try FileManager.default.createDirectory(atPath: path(out), withIntermediateDirectories: true)
        try name.experiment.run(
            ExperimentSettings(data: nil, isQuick: true, out: path(out), seed: seed, resumes: resumes))
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// The description of what an experiment throws, which must be one line.
    func failure(_ body: () throws -> Void, file: StaticString = #filePath, line: UInt = #line) -> String {
        do { try body() } catch {
            XCTAssertFalse("\(error)".contains("\n"), "\(error)", file: file, line: line)
            return "\(error)"
        }
        XCTFail("threw nothing", file: file, line: line)
        return ""
    }
}
