import Files
import Foundation
import TestSupport
import XCTest

/// Processes that end before the file that they have written takes its place.
final class InterruptionTests: DirectoryTestCase {
    /// A process that waits before its file takes its place: the executable lies beside the test bundle.
    private final class Staging {
        let process = Process()
        private let (input, output) = (Pipe(), Pipe())
        private let ended = DispatchSemaphore(value: 0)

        init(_ arguments: [String]) throws {
            process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("staging-process")
            process.arguments = arguments
            process.standardInput = input
            process.standardOutput = output
            process.terminationHandler = { [ended] _ in ended.signal() }
            try process.run()
            XCTAssertEqual(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self), "staged\n")
        }

        /// Its signal, or nil where it ends by itself.
        func end(by signal: Int32) -> Int32? {
            kill(process.processIdentifier, signal)
            return end()
        }

        /// Lets it go on.
        func end() -> Int32? {
            try? input.fileHandleForWriting.close()
            ended.wait()
            try? output.fileHandleForReading.close()
            return process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
        }
    }

    func testSignalsRemoveTheFileAndEndTheProcess() throws {
        try write("old", "file")
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU] {
            for (name, options) in [("file", []), ("file", ["named"]), ("new", []), ("new", ["named"])] {
                let staging = try withDefaultSignals(signal) { try Staging([path(name)] + options) }
                XCTAssertEqual(try files.count, options.isEmpty ? 1 : 2)
                XCTAssertEqual(staging.end(by: signal), signal)
                XCTAssertEqual(try files, ["file"], "signal \(signal)")
                XCTAssertEqual(try bytes("file"), Array("old".utf8))
            }
        }
    }

    func testAKilledProcessLeavesNothingWhereTheFileHasNoName() throws {
        XCTAssertEqual(try Staging([path("file")]).end(by: SIGKILL), SIGKILL)
        XCTAssertEqual(try files, [])
    }

    /// Each process looks once for what others have left, so each needs one of its own.
    func testTheNextProcessRemovesWhatAKilledOneHasLeft() throws {
        let (killed, living) = (try Staging([path("a"), "named"]), try Staging([path("b"), "named"]))
        let names = try files
        XCTAssertEqual(names.count, 2)
        XCTAssertEqual(killed.end(by: SIGKILL), SIGKILL)
        XCTAssertEqual(try files, names)
        // These look similar, but are not what a process leaves.
        let others = [".linwarp-.tmp", ".linwarp-A.tmp", ".linwarp-a", "linwarp-a.tmp", ".linwarp-01234567890123.tmp"]
        for name in others { try write("mine", name) }
        try FileManager.default.createDirectory(atPath: path(".linwarp-folder.tmp"), withIntermediateDirectories: false)
        XCTAssertEqual(symlink("linwarp-a.tmp", path(".linwarp-link.tmp")), 0)
        XCTAssertNil(try Staging([path("c")]).end())
        var left = Set(try files)
        XCTAssertEqual(left.intersection(names).count, 1, "that of the living one")
        left.subtract(names)
        XCTAssertEqual(left, Set(others + [".linwarp-folder.tmp", ".linwarp-link.tmp", "c"]))
        XCTAssertNil(living.end())
        XCTAssertEqual(try bytes("b"), Array("staged\n".utf8))
        XCTAssertEqual(Set(try files).intersection(names), [])
    }

    func testADirectoryIsLockedOnce() throws {
        XCTAssert(lockUntilExit(directory))
        XCTAssertFalse(lockUntilExit(directory), "a second one")
        XCTAssertEqual(try files, [])
        XCTAssert(lockUntilExit(path("missing")), "where nothing can be locked, all go on")
    }
}
