import Foundation
import LinWarp
import TestSupport
import XCTest

/// A test case that runs the program in a directory of its own.
class ToolTestCase: DirectoryTestCase {
    /// What a run of the program left.
    struct Run {
        var code: Int32
        var wasKilled: Bool
        var output, error: String
    }

    /// Not in memory, since some of the files are large.
    override class var parent: String { NSTemporaryDirectory() }

    /// Takes moments, on what `writeMNIST(in: "data/")` writes.
    let quickTraining = ["train", "mnist", "--data", "data", "--network", "none", "--batch", "2", "--out", "out"]

    func image(_ name: String) throws -> Tensor<Float> { try Tensor(imageAt: path(name)) }

    /// A scene, written into the directory as RGB, or as grey where the name says PGM.
    @discardableResult
    func writeScene(_ name: String, width: Int = 64, height: Int = 64) throws -> Tensor<Float> {
        let scene = ProceduralScene(seed: 3).image(height: height, width: width)
        let image = name.hasSuffix("pgm") ? scene.mean(axes: [0], keepingAxes: true) : scene
        try image.writeImage(to: path(name))
        return try self.image(name)
    }

    /// The executable lies beside the test bundle.
    static let executable = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("linwarp").path

    /// What the program gets of this process's environment. It needs no data sets, whatever the user's variable says of them.
    static var inherited: [String: String] { ProcessInfo.processInfo.environment.filter { $0.key != "LINWARP_DATA" } }

    /// Runs the program in the directory.
    func linwarp(_ arguments: [String], environment: [String: String] = [:]) throws -> Run {
        try run(Self.executable, arguments, environment: environment)
    }

    /// Runs a line of the shell, in which `$0` is the program.
    func shell(_ line: String, environment: [String: String] = [:]) throws -> Run {
        try run("/bin/sh", ["-c", line, Self.executable], environment: environment)
    }

    private func run(_ executable: String, _ arguments: [String], environment: [String: String]) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = Self.inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, error) = (fileWithoutName(), fileWithoutName())
        // Foundation keeps a process that has ended, with its streams: hundreds of them are more than a user may have open.
        defer { for file in [output, error] { XCTAssertNoThrow(try file.close()) } }
        process.standardOutput = output
        process.standardError = error
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        if ended.wait(timeout: .now() + hangingTime) == .timedOut {
            XCTFail("still running after ten minutes: \(arguments)")
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        return Run(
            code: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal, output: try contents(of: output),
            error: try contents(of: error))
    }

    /// For a stream of the program; a pipe would have to be read while it runs.
    private func fileWithoutName() -> FileHandle {
        var name = Array("\(NSTemporaryDirectory())/stream-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        XCTAssertGreaterThanOrEqual(file, 0)
        unlink(name)
        return FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    private func contents(of file: FileHandle) throws -> String {
        try file.seek(toOffset: 0)
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }

    /// Runs the program and expects one line on standard error that holds all of `names`, and no trace in the directory.
    func assertFails(
        _ arguments: [String], code: Int32, naming names: String..., file: StaticString = #filePath, line: UInt = #line
    ) throws {
        let before = try files
        let run = try linwarp(arguments)
        assertReported(run, code: code, naming: names, "\(arguments)", file: file, line: line)
        XCTAssertEqual(try files, before, "\(arguments)", file: file, line: line)
    }

    func assertReported(
        _ run: Run, code: Int32, naming names: [String], _ message: String, file: StaticString = #filePath, line: UInt = #line
    ) {
        XCTAssertFalse(run.wasKilled, message, file: file, line: line)
        XCTAssertEqual(run.code, code, message, file: file, line: line)
        XCTAssertEqual(run.output, "", message, file: file, line: line)
        XCTAssert(run.error.hasPrefix("linwarp: ") && run.error.hasSuffix("\n"), "\(message): \(run.error)", file: file, line: line)
        XCTAssertEqual(run.error.filter(\.isNewline).count, 1, "\(message): \(run.error)", file: file, line: line)
        for name in names { XCTAssert(run.error.contains(name), "\(message): \(run.error)", file: file, line: line) }
    }

    /// Runs the program, expects success with nothing on standard error, and returns what it printed.
    @discardableResult
    func succeed(
        _ arguments: [String], environment: [String: String] = [:], file: StaticString = #filePath, line: UInt = #line
    ) throws -> String {
        let run = try linwarp(arguments, environment: environment)
        XCTAssertFalse(run.wasKilled, file: file, line: line)
        XCTAssertEqual(run.code, 0, file: file, line: line)
        XCTAssertEqual(run.error, "", file: file, line: line)
        return run.output
    }

    /// As `succeed`, with `--json`: one line, one JSON object.
    func json<Object: Decodable>(
        _ arguments: [String], environment: [String: String] = [:], file: StaticString = #filePath, line: UInt = #line
    ) throws -> Object {
        let output = try succeed(arguments + ["--json"], environment: environment, file: file, line: line)
        XCTAssertEqual(output.filter(\.isNewline).count, 1, file: file, line: line)
        return try JSONDecoder().decode(Object.self, from: Data(output.utf8))
    }
}

/// What `warp --json` prints.
struct WarpJSON: Decodable {
    var out: String
    var width, height: Int
    var matrix: [[Double]]
}

/// What `align --json` and `demo --json` print and write into result.json.
struct AlignmentJSON: Decodable {
    struct Result: Decodable, Equatable {
        struct Start: Decodable, Equatable {
            var origin: String
            var matrix: [[Double]]
            var evidence: Double
        }

        var method, status: String
        var matrix: [[Double]]
        var parameters, losses: [Double]
        var corners: [[[Double]]]
        var iterations: Int
        var seconds: Double
        var cornerError: Double?
        var verdict: String?
        var covariance: [[Double]]?
        var cornerDeviations, gain, bias: [Double]?
        var correlation, overlap, steadyTiles, runnerUp: Double?
        var starts: [Start]?
    }

    var source, target, family, method, status, convention: String
    var optimizer, verdict: String?
    var seed: UInt64?
    var matrix: [[Double]]
    var truth: [[Double]]?
    var cornerError: Double?
    var results: [Result]
}

/// The matrix that rows of JSON hold.
func matrix(_ rows: [[Double]]) -> Matrix3 { Matrix3(rows.flatMap { $0 }) }
