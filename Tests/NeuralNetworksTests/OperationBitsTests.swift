import Foundation
import LinearAlgebra
import XCTest

/// Operations as a whole, and their gradients, have the same bits by the kernels for AVX2 and for AVX-512 and on any number of threads.
/// `operations-process` computes them, as a process has kernels of one level only.
final class OperationBitsTests: XCTestCase {
    func testSameBitsByAnyKernelsWithFusedMultiplyAddOnAnyNumberOfThreads() throws {
        let levels: [KernelLevel] = KernelLevel.current == .avx512 ? [.avx2, .avx512] : [.current]
        let expected = try digests(levels[0], threads: 1)
        XCTAssertGreaterThan(expected.count, 80)
        for level in levels {
            for threads in 1...3 {
                let found = try digests(level, threads: threads)
                XCTAssertEqual(found.count, expected.count)
                for (found, expected) in zip(found, expected) { XCTAssertEqual(found, expected, "\(level), \(threads) threads") }
            }
        }
    }

    private func digests(_ level: KernelLevel, threads: Int) throws -> [Substring] {
        let process = Process()
        process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("operations-process")
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["LINWARP_KERNELS": level.rawValue, "LINWARP_THREADS": "\(threads)"]
        ) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }
}
