import Foundation
import XCTest

/// A test case with a directory of its own, removed afterwards.
open class DirectoryTestCase: XCTestCase {
    public private(set) var directory = ""

    /// Where the directory is made: in memory where there is such a place, as many tests write thousands of small files.
    open class var parent: String {
        let memory = "/dev/shm"
        return FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    }

    override open func setUpWithError() throws {
        directory = "\(Self.parent)/linwarp-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    override open func tearDownWithError() throws {
        // There is none where the test was skipped before.
        if !directory.isEmpty { try FileManager.default.removeItem(atPath: directory) }
    }

    // Names below are relative to the directory.

    public func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes a file, and the directories that its name asks for; returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return path(name)
    }

    public func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    public func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

    public func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// Everything in the directory and below, hidden files too.
    public var files: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: directory).sorted() }
    }
}
