import Foundation
import LinWarp
import TestSupport
import XCTest

/// Standard streams that are closed, full, or gone.
final class StandardStreamsTests: GnuplotTestCase {
    func testResultsThatAreLost() throws {
        try writeScene("image.ppm")
        for arguments in ["info", "info --json", "--help", "--version", "warp image.ppm --out out.ppm"] {
            for (redirection, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
                let run = try shell("exec \"$0\" \(arguments) \(redirection)")
                assertReported(run, code: 1, naming: ["standard output: cannot be written: \(reason)"], arguments)
            }
            for redirection in [">/dev/full 2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"] {
                let run = try shell("exec \"$0\" \(arguments) \(redirection)")
                XCTAssertFalse(run.wasKilled, "\(arguments) \(redirection)")
                XCTAssertEqual(run.code, 1, "\(arguments) \(redirection)")
            }
        }
    }

    func testErrorsThatNobodyReads() throws {
        for redirection in ["2>&-", "2>/dev/full", "<&- 2>&-", "<&- >&- 2>&-"] {
            for (arguments, code) in [("unknown", 64), ("warp missing.png --out out.png", 1)] as [(String, Int32)] {
                let run = try shell("exec \"$0\" \(arguments) \(redirection)")
                XCTAssertFalse(run.wasKilled, redirection)
                XCTAssertEqual(run.code, code, redirection)
            }
        }
    }

    /// No file gets the number of a stream that is closed: what is printed would be in it.
    func testClosedStreamsLeaveFilesAsTheyAre() throws {
        try succeed(training)
        let checkpoint = try bytes("out/checkpoint.safetensors")
        let line = "for n in 0 1 2; do readlink /proc/$PPID/fd/$n; done >../streams; echo picture"
        for (redirection, streams) in [(">&-", [1]), ("2>&-", [2]), (">&- 2>&-", [1, 2]), ("<&- >&- 2>&-", [0, 1, 2])] {
            try remove("out")
            let run = try shell("exec \"$0\" \(training.joined(separator: " ")) \(redirection)", environment: drawing(by: line))
            XCTAssertEqual(run.code, streams.contains(1) ? 1 : 0, redirection)
            XCTAssertEqual(try bytes("out/checkpoint.safetensors"), checkpoint, redirection)
            let open = String(decoding: try bytes("streams"), as: UTF8.self).split(separator: "\n")
            XCTAssertEqual(open.count, 3)
            for stream in streams { XCTAssertEqual(open[stream], "/dev/null", "\(redirection): stream \(stream)") }
        }
    }

    /// A pipe whose reader is gone ends the program as it ends others, without a word; where that is ignored, it is an error like any.
    func testAPipeThatNobodyReads() throws {
        for (line, code) in [("exec \"$0\" \"$@\"", SIGPIPE), ("trap '' PIPE; exec \"$0\" \"$@\"", 1)] {
            for arguments in [["info"], ["info", "--json"], ["--help"]] {
                let (output, error) = (Pipe(), Pipe())
                try output.fileHandleForReading.close()
                let process = try withDefaultSignals(SIGPIPE) {
                    try start("/bin/sh", ["-c", line, Self.executable] + arguments, output: output, error: error)
                }
                let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                XCTAssertEqual(process.terminationStatus, code, "\(arguments)")
                XCTAssertEqual(process.terminationReason, code == SIGPIPE ? .uncaughtSignal : .exit, "\(arguments)")
                XCTAssertEqual(text, code == SIGPIPE ? "" : "linwarp: standard output: cannot be written: Broken pipe\n", "\(arguments)")
            }
        }
        // What is said on standard error is no result.
        let error = Pipe()
        try error.fileHandleForReading.close()
        let process = try start(
            Self.executable, training, output: FileHandle.nullDevice, error: error, environment: ["PATH": path("data")])
        process.waitUntilExit()
        XCTAssertEqual(process.terminationReason, .exit)
        XCTAssertEqual(process.terminationStatus, 0)
    }

    /// The training waits in the middle until its terminal is closed, and has then more to show.
    func testATerminalThatGoesAway() throws {
        XCTAssertEqual(mkfifo(path("closed"), 0o600), 0)
        let (terminal, program) = try pseudoTerminal()
        let environment = try drawing(by: "read x <'\(path("closed"))'; echo picture")
        let process = try start(Self.executable, training, output: FileHandle.nullDevice, error: program, environment: environment)
        try program.close()
        var shown = ""
        // The curve is drawn after the last iteration.
        while !shown.contains("reading mnist") { shown += String(decoding: terminal.availableData, as: UTF8.self) }
        try terminal.close()
        let file = open(path("closed"), O_WRONLY)
        XCTAssertGreaterThanOrEqual(file, 0)
        close(file)
        process.waitUntilExit()
        XCTAssertEqual(process.terminationReason, .exit)
        XCTAssertEqual(process.terminationStatus, 0)
        XCTAssertEqual(try bytes("out/curve.png"), Array("picture\n".utf8))
    }

    /// Signs take seconds to draw: that there is too little memory for the training is said before.
    func testTooLittleMemoryIsSaidBeforeProgress() throws {
        let (terminal, program) = try pseudoTerminal()
        let arguments = ["train", "synthetic", "--batch", "1000000000", "--iterations", "1", "--out", "out"]
        let process = try start(Self.executable, arguments, output: FileHandle.nullDevice, error: program)
        process.waitUntilExit()
        try program.close()
        let shown = String(decoding: terminal.availableData, as: UTF8.self)
        XCTAssertEqual(process.terminationStatus, 1)
        XCTAssert(shown.contains("batches of 1000000000 images: needed about"), shown)
        XCTAssertFalse(shown.contains("reading synthetic"), shown)
    }

    private func start(
        _ executable: String, _ arguments: [String], output: Any, error: Any, environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = Self.inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
        return process
    }

    /// The two ends of a terminal, of which the second is the program's.
    private func pseudoTerminal() throws -> (FileHandle, FileHandle) {
        // Swift's Glibc module has neither posix_openpt nor the names of these numbers.
        let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        XCTAssertGreaterThanOrEqual(terminal, 0)
        var (isLocked, number): (CInt, CInt) = (0, -1)
        XCTAssertEqual(ioctl(terminal, unlock, &isLocked), 0)
        XCTAssertEqual(ioctl(terminal, getNumber, &number), 0)
        let program = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        XCTAssertGreaterThanOrEqual(program, 0)
        return (FileHandle(fileDescriptor: terminal), FileHandle(fileDescriptor: program))
    }
}
