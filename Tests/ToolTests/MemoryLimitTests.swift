import Foundation
import LinWarp
import TestSupport
import XCTest

/// Little memory: success, or a line that says what was needed; never a trap, a hang or a backtrace.
final class MemoryLimitTests: ToolTestCase {
    override func setUpWithError() throws {
        try skip(under: .address, .thread, because: "its shadow memory takes terabytes of address space")
        try super.setUpWithError()
    }

    private func limited(megabytes: Int, _ arguments: String, environment: [String: String] = [:]) throws -> Run {
        try shell("ulimit -v \(megabytes * 1024); exec \"$0\" \(arguments)", environment: environment)
    }

    private func assertSucceedsOrReports(_ run: Run, _ message: String, line: UInt = #line) {
        XCTAssertFalse(run.wasKilled, message, line: line)
        XCTAssert(run.error.filter(\.isNewline).count <= 1, "\(message): \(run.error)", line: line)
        if run.code != 0 { XCTAssertFalse(run.error.isEmpty, message, line: line) }
    }

    /// From too little to load the libraries to enough, with more threads than there may be room for.
    func testAnyLimit() throws {
        try writeScene("image.ppm", width: 200, height: 200)
        try writeMNIST(in: "data/")
        let commands = [
            "info", "warp image.ppm --out out.png", "warp image.ppm --size 2000x2000 --out out.png",
            "align image.ppm image.ppm --out out", (quickTraining + ["--iterations", "2", "--interval", "1"]).joined(separator: " "),
        ]
        for command in commands {
            var codes: Set<Int32> = []
            for megabytes in [30, 100, 140, 160, 170, 180, 190, 200, 250, 300, 400, 500, 700, 1000, 4000] {
                let run = try limited(megabytes: megabytes, command, environment: ["LINWARP_THREADS": "4"])
                assertSucceedsOrReports(run, "\(megabytes) MB: \(command)")
                codes.insert(run.code)
            }
            XCTAssert(codes.isSuperset(of: [0, 1]), "\(command): \(codes)")
        }
    }

    func testLessThanTheProgramNeeds() throws {
        // As much as is taken once the libraries are loaded, and some more.
        for command in ["info", "--version"] {
            let runs = try stride(from: 100, to: 200, by: 10).map { try limited(megabytes: $0, command) }
            XCTAssert(runs.contains { $0.error.contains("linwarp: memory: needed 48 MB to begin") && $0.code == 1 }, command)
        }
        XCTAssertEqual(try files, [])
    }

    /// What no machine has is refused before the work.
    func testHugeBatch() throws {
        try writeMNIST(in: "data/")
        try assertFails(
            ["train", "mnist", "--data", "data", "--batch", "1000000000", "--iterations", "1", "--out", "out"], code: 1,
            naming: "batches of 1000000000 images", "needed about", "of memory, found")
    }

    func testEnoughForABatchOfManyTimesTheMeasuredOnes() throws {
        try writeMNIST(in: "data/")
        try succeed(
            [
                "train", "mnist", "--data", "data", "--network", "stn", "--batch", "200", "--iterations", "1", "--interval", "1", "--out",
                "out",
            ])
    }

    /// The estimate is of the right size: neither a tenth of what the training takes, nor ten times as much.
    func testEstimateIsHonest() throws {
        try writeMNIST(in: "data/")
        let training = "train mnist --data data --network stn --batch 20000 --iterations 1 --interval 1 --out out"
        let run = try limited(megabytes: 600, training)
        let needed = try XCTUnwrap(run.error.firstMatch(of: /needed about (\d+) MB of memory, found (\d+) MB/), run.error)
        let megabytes = try XCTUnwrap(Int(needed.1))
        XCTAssert((600...20_000).contains(megabytes), run.error)
        XCTAssertLessThan(try XCTUnwrap(Int(needed.2)), 600)
    }

    /// A user who may have no thread but the first. The limit does not hold for root, who becomes another user where that one can start the
    /// program.
    func testNoRoomForThreads() throws {
        try writeScene("image.ppm", width: 600, height: 600)
        try writeMNIST(in: "data/")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory)
        let other = getuid() == 0 ? "setpriv --reuid 65533 --clear-groups " : ""
        guard try shell("\(other)test -x \"$0\" -a -r data/train-images-idx3-ubyte").code == 0 else {
            throw XCTSkip("no other user can start the program")
        }
        func run(_ arguments: String) throws -> Run {
            try shell("exec \(other)bash -c 'ulimit -u 1; exec \"$0\" \(arguments)' \"$0\"", environment: ["LINWARP_THREADS": "4"])
        }
        let warp = try run("warp image.ppm --size 2000x2000 --out out.png")
        XCTAssertEqual(warp.code, 0, warp.error)
        let align = try run("align image.ppm image.ppm --out out")
        XCTAssertEqual(align.code, 0, align.error)
        let train = try run((quickTraining + ["--iterations", "1"]).joined(separator: " "))
        assertReported(train, code: 1, naming: ["found no room for another thread", "ulimit -u"], "train")
    }
}
