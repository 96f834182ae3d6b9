import Foundation
import TestSupport
import XCTest

/// After its first steps a training lives on the memory that it has. `TrainingStepsProbe` trains and counts, in a process of its own that
/// does nothing else: what this one, other tests or the machine do can't be seen there.
final class MemoryTests: XCTestCase {
    private typealias Counts = (blocks: [Int], bytes: [Int])

    override func setUpWithError() throws {
        try skip(under: .address, .thread, because: "memory is the sanitizer's")
    }

    /// The pool takes no block more from the system.
    func testPoolTakesNoMemoryAfterTheFirstSteps() throws {
        for threads in [1, 2, 5] {
            let blocks = try counts(steps: 25, threads: threads).blocks
            XCTAssertGreaterThan(blocks[0], 0)
            XCTAssertEqual(blocks[5...].map { $0 - blocks[5] }, [Int](repeating: 0, count: 20), "\(threads) threads")
        }
    }

    /// Nor is more of the heap in use. What is in use goes up and down by some bytes, as a block may come out larger than what was asked for;
    /// 16 bytes a step, the smallest block there is, would lift the lowest of the last steps over the highest of the first.
    func testHeapDoesNotGrow() throws {
        for threads in [1, 2, 5] {
            let bytes = try counts(steps: 500, threads: threads).bytes
            let (first, last) = (bytes[20..<120], bytes[400...])
            XCTAssertLessThanOrEqual(last.min()!, first.max()!, "\(threads) threads")
            XCTAssertLessThan(first.max()! - first.min()!, 280 * 16, "\(threads) threads: it varies by too much to see one block a step")
        }
    }

    /// What the probe counted after each step.
    private func counts(steps: Int, threads: Int) throws -> Counts {
        let process = Process()
        process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("TrainingStepsProbe")
        process.arguments = ["\(steps)"]
        // Without the blocks that each thread keeps for the next time, which would count as in use.
        let tunables = [ProcessInfo.processInfo.environment["GLIBC_TUNABLES"], "glibc.malloc.tcache_count=0"].compactMap { $0 }
        process.environment = ProcessInfo.processInfo.environment.merging([
            "GLIBC_TUNABLES": tunables.joined(separator: ":"), "LINWARP_THREADS": "\(threads)",
        ]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let lines = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        XCTAssertEqual(lines.count, steps)
        let numbers = try lines.map { line in try line.split(separator: " ").map { try XCTUnwrap(Int($0)) } }
        return (numbers.map { $0[0] }, numbers.map { $0[1] })
    }
}
