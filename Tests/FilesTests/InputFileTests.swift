import Files
import Foundation
import TestSupport
import XCTest

/// Only regular files are read, and nothing waits for what is none.
final class InputFileTests: DirectoryTestCase {
    private func error(_ name: String) -> InputFileError? {
        do throws(InputFileError) {
            _ = try InputFile(name.hasPrefix("/") ? name : path(name))
            return nil
        } catch {
            return error
        }
    }

    func testContents() throws {
        try write([1, 2, 3, 4, 5], "file")
        XCTAssertEqual(symlink("file", path("link")), 0)
        for name in ["file", "link"] {
            let file = try InputFile(path(name))
            XCTAssertEqual(file.size, 5)
            XCTAssertEqual(try file.bytes(count: 5), [1, 2, 3, 4, 5])
            XCTAssertEqual(try file.bytes(count: 2, at: 1), [2, 3])
            XCTAssertEqual(try file.bytes(count: 0), [])
            // It has become shorter.
            XCTAssertEqual(truncate(path("file"), 3), 0)
            XCTAssertEqual(try file.bytes(count: 5), [1, 2, 3])
            try write([1, 2, 3, 4, 5], "file")
        }
        try write([], "empty")
        XCTAssertEqual(try InputFile(path("empty")).size, 0)
    }

    func testText() throws {
        try write("text\n", "file")
        XCTAssertEqual(try textOfFile(at: path("file"), limit: 5), "text\n")
        XCTAssertThrowsError(try textOfFile(at: path("file"), limit: 4)) {
            XCTAssertEqual($0 as? InputFileError, .unreadable(reason: "found 5 bytes, expected at most 4"))
        }
        try write([0x61, 0xFF], "bytes")
        XCTAssertEqual(try textOfFile(at: path("bytes"), limit: 5), "a\u{FFFD}")
        // As large as its size says, without a byte on the disk.
        try write([], "hole")
        XCTAssertEqual(truncate(path("hole"), 1 << 40), 0)
        XCTAssertThrowsError(try textOfFile(at: path("hole"), limit: 1 << 20))
    }

    func testWhatIsNoFile() throws {
        let none = InputFileError.unreadable(reason: "it is not a regular file")
        XCTAssertEqual(mkfifo(path("pipe"), 0o600), 0)
        XCTAssertEqual(symlink("pipe", path("link")), 0)
        XCTAssertEqual(mkdir(path("folder"), 0o700), 0)
        XCTAssertEqual(symlink("nowhere", path("broken")), 0)
        XCTAssertEqual(symlink("circle", path("circle")), 0)
        try write([], "file")
        XCTAssertEqual(try bindSocket("socket"), 0)
        for name in ["pipe", "link", "socket", "/dev/zero", "/dev/null"] { XCTAssertEqual(error(name), none, name) }
        XCTAssertEqual(error("folder"), .isDirectory)
        for name in ["missing", "broken", "file/below"] { XCTAssertEqual(error(name), .missing, name) }
        guard case .unreadable = error("circle") else { return XCTFail("circle: \(String(describing: error("circle")))") }
    }

    /// A socket's file; its path may have a hundred bytes, so it is made from the directory itself.
    private func bindSocket(_ name: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let place = Array(path(name).utf8)
        try XCTSkipIf(place.count >= MemoryLayout.size(ofValue: address.sun_path), "the directory's path is too long for a socket")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: place) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// Nothing stays open, whether the file was taken or refused.
    func testDescriptorsAreClosed() throws {
        try write([1], "file")
        let before = open(path("file"), O_RDONLY)
        close(before)
        for _ in 0..<20 {
            _ = try InputFile(path("file")).bytes(count: 1)
            _ = error("")
            close(try InputFile(path("file")).duplicate())
        }
        let after = open(path("file"), O_RDONLY)
        close(after)
        XCTAssertEqual(before, after)
    }
}
