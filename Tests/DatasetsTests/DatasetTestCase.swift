import CZlib
import Datasets
import Foundation
import XCTest

/// A test case with a directory of its own, removed afterwards.
class DatasetTestCase: XCTestCase {
    private(set) var directory = ""

    override func setUpWithError() throws {
        // In memory where there is such a place, as the tests write thousands of small files.
        let memory = "/dev/shm"
        let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        directory = "\(parent)/datasets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws { try FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes a file, and the directories that its name asks for.
    func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Writes a gzipped file.
    func writeGzipped(_ bytes: [UInt8], _ name: String) throws {
        try write([], name)
        let file = try XCTUnwrap(gzopen(path(name), "wb"))
        XCTAssertEqual(Int(gzwrite(file, bytes, UInt32(bytes.count))), bytes.count)
        XCTAssertEqual(gzclose(file), Z_OK)
    }

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// Fails unless `body` throws the error, described in one line that names its file.
    func assertThrows(_ expected: DatasetError, file: StaticString = #filePath, line: UInt = #line, _ body: () throws(DatasetError) -> Void)
    {
        do throws(DatasetError) {
            try body()
            XCTFail("no error, expected \(expected)", file: file, line: line)
        } catch {
            XCTAssertEqual(error, expected, file: file, line: line)
            XCTAssertFalse(error.description.contains("\n"), "more than a line: \(error)", file: file, line: line)
            XCTAssert(error.description.hasPrefix(directory), "no file in \(error)", file: file, line: line)
        }
    }
}
