import Files
import Glibc
import TestSupport
import XCTest

/// Files that are replaced as a whole or not at all.
final class ReplaceFileTests: DirectoryTestCase {
    private func replace(_ name: String, with text: String) throws { try replaceFile(at: path(name), with: Array(text.utf8)) }

    private func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    private func information(_ name: String) -> stat {
        var information = stat()
        XCTAssertEqual(lstat(path(name), &information), 0, name)
        return information
    }

    private func mode(_ name: String) -> mode_t { information(name).st_mode & 0o7777 }

    private func reason(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? FileError)?.reason ?? "\(error)" }
        return nil
    }

    func testANewFileHasTheModeThatTheUserWants() throws {
        let before = umask(0o027)
        defer { umask(before) }
        try replace("new", with: "text")
        try stage("named", usesName: true).commit()
        XCTAssertEqual(mode("new"), 0o640)
        XCTAssertEqual(mode("named"), 0o640)
    }

    func testAReplacedFileKeepsItsMode() throws {
        for usesName in [false, true] {
            for expected: mode_t in [0o600, 0o640, 0o444, 0o666, 0o755] {
                try? remove("file")
                try write("old", "file")
                XCTAssertEqual(chmod(path("file"), expected), 0)
                let file = try stage("file", usesName: usesName)
                for name in try files where name != "file" { XCTAssertEqual(mode(name), expected, "before it takes its place") }
                try file.commit()
                XCTAssertEqual(mode("file"), expected)
                XCTAssertEqual(try text("file"), "new")
            }
        }
    }

    func testAReplacedFileKeepsItsOwner() throws {
        try XCTSkipIf(geteuid() != 0, "only root gives files away")
        try write("old", "file")
        XCTAssertEqual(chown(path("file"), 12345, 54321), 0)
        XCTAssertEqual(chmod(path("file"), 0o604), 0)
        try replace("file", with: "new")
        XCTAssertEqual(information("file").st_uid, 12345)
        XCTAssertEqual(information("file").st_gid, 54321)
        XCTAssertEqual(mode("file"), 0o604)
    }

    private func stage(_ name: String, usesName: Bool = false) throws -> StagedFile {
        let file = try StagedFile(at: path(name), usesName: usesName)
        try Array("new".utf8).withUnsafeBufferPointer { try file.write(UnsafeRawBufferPointer($0)) }
        return file
    }

    func testNothingIsSeenBeforeItIsComplete() throws {
        try write("old", "there")
        for name in ["there", "missing"] {
            let before = try files
            let file = try stage(name)
            XCTAssertEqual(try files, before)
            XCTAssertEqual(try text("there"), name == "there" ? "old" : "new")
            try file.commit()
            XCTAssertEqual(try text(name), "new")
        }
        XCTAssertEqual(try files, ["missing", "there"])
    }

    /// As where the file system has no files without a name.
    func testANamedFileGoesWithoutATrace() throws {
        try write("old", "file")
        var file: StagedFile? = try stage("file", usesName: true)
        XCTAssertEqual(try files.count, 2)
        file = nil
        XCTAssertNil(file)
        XCTAssertEqual(try files, ["file"])
        XCTAssertEqual(try text("file"), "old")
        try stage("file", usesName: true).commit()
        try stage("other", usesName: true).commit()
        XCTAssertEqual(try files, ["file", "other"])
        XCTAssertEqual(try text("file"), "new")
    }

    func testAFullDiskLeavesTheOldFile() throws {
        try write("old", "file")
        let large = [UInt8](repeating: 1, count: 5000)
        for usesName in [false, true] {
            let found = withLargestFile(1000) {
                reason {
                    let file = try StagedFile(at: path("file"), usesName: usesName)
                    try large.withUnsafeBufferPointer { try file.write(UnsafeRawBufferPointer($0)) }
                    try file.commit()
                }
            }
            XCTAssertEqual(found, String(cString: strerror(EFBIG)))
            XCTAssertEqual(try files, ["file"])
            XCTAssertEqual(try text("file"), "old")
        }
    }

    func testAFileThatAppearsMeanwhileIsReplaced() throws {
        let file = try stage("file")
        try write("other", "file")
        try file.commit()
        XCTAssertEqual(try text("file"), "new")
        XCTAssertEqual(try files, ["file"])
    }

    func testLinksAreFollowed() throws {
        try write("old", "folder/file")
        for (link, target) in [("link", "folder/file"), ("second", "link"), ("folder/dangling", "made"), ("absolute", path("link"))] {
            XCTAssertEqual(symlink(target, path(link)), 0)
        }
        for (link, target) in [
            ("link", "folder/file"), ("second", "folder/file"), ("absolute", "folder/file"), ("folder/dangling", "folder/made"),
        ] {
            try replace(link, with: link)
            XCTAssertEqual(try text(target), link)
            XCTAssertEqual(information(link).st_mode & S_IFMT, S_IFLNK, link)
            XCTAssertEqual(information(target).st_mode & S_IFMT, S_IFREG, target)
        }
        XCTAssertEqual(symlink("circle", path("circle")), 0)
        XCTAssertEqual(reason { try replace("circle", with: "") }, String(cString: strerror(ELOOP)))
        try removeFile(at: path("second"))
        XCTAssertFalse(try files.contains("folder/file"))
        try removeFile(at: path("second"))
        try replace("second", with: "again")
        XCTAssertEqual(try text("folder/file"), "again")
    }

    /// A device that was replaced would be lost for the whole system; a pipe stands in for it.
    func testOnlyRegularFilesAreReplaced() throws {
        XCTAssertEqual(mkfifo(path("pipe"), 0o600), 0)
        XCTAssertEqual(mkdir(path("folder"), 0o700), 0)
        XCTAssertEqual(symlink("pipe", path("link")), 0)
        for (name, expected) in [
            ("pipe", "it is not a regular file"), ("link", "it is not a regular file"), ("folder", "it is a directory"),
        ] {
            XCTAssertEqual(reason { try replace(name, with: "new") }, expected, name)
            XCTAssertNotNil(reason { try append("new", toFile: path(name)) }, name)
        }
        XCTAssertEqual(information("pipe").st_mode & S_IFMT, S_IFIFO)
        XCTAssertEqual(information("link").st_mode & S_IFMT, S_IFLNK)
        XCTAssertEqual(try files, ["folder", "link", "pipe"])
    }

    func testTextIsAppendedWhollyOrNotAtAll() throws {
        try append("one\n", toFile: path("log"))
        try append("two\n", toFile: path("log"))
        let found = withLargestFile(1000) {
            reason { try append(String(repeating: "three", count: 400), toFile: path("log")) }
        }
        XCTAssertEqual(found, String(cString: strerror(EFBIG)))
        XCTAssertEqual(try text("log"), "one\ntwo\n")
    }
}
