import CZlib
import Datasets
import TestSupport
import XCTest

/// A test case that writes data sets into a directory of its own.
class DatasetTestCase: DirectoryTestCase {
    /// Writes a gzipped file.
    func writeGzipped(_ bytes: [UInt8], _ name: String) throws {
        try write([], name)
        let file = try XCTUnwrap(gzopen(path(name), "wb"))
        XCTAssertEqual(Int(gzwrite(file, bytes, UInt32(bytes.count))), bytes.count)
        XCTAssertEqual(gzclose(file), Z_OK)
    }

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
