import Foundation
import TestSupport
import XCTest

/// After its first steps a training lives on the memory that it has. `training-process` trains and counts, in a process of its own that
/// does nothing else: what this one, other tests or the machine do can't be seen there.
final class MemoryTests: XCTestCase {
    func testTrainingTakesNoMoreAfterTheFirstSteps() throws {
        try skip(under: .address, .thread, because: "memory is the sanitizer's")
        for threads in [1, 2, 5] {
            let (blocks, bytes) = try counts(steps: 60, threads: threads)
            // The pool takes no block more from the system.
            XCTAssertGreaterThan(blocks[0], 0)
            XCTAssertEqual(blocks[5...].max(), blocks[5], "\(threads) threads")
            // Nor is more of the heap in use. What is in use goes up and down by some bytes, as a block may come out larger than what was asked
            // for; 16 bytes a step, the smallest block there is, would lift the lowest of the last steps over the highest of the first.
            let (first, last) = (bytes[5..<20], bytes[45...])
            XCTAssertLessThanOrEqual(last.min()!, first.max()!, "\(threads) threads")
            XCTAssertLessThan(first.max()! - first.min()!, 26 * 16, "\(threads) threads: it varies by too much to see one block a step")
        }
    }

    /// What the process counted after each step: blocks of the pool, bytes of the heap.
    private func counts(steps: Int, threads: Int) throws -> (blocks: [Int], bytes: [Int]) {
        let process = Process()
        process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("training-process")
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
