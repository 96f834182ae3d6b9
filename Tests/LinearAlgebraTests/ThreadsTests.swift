import Dispatch
import Foundation
import LinearAlgebra
import Synchronization
import TestSupport
import XCTest

final class ThreadsTests: XCTestCase {
    func testEveryPieceComesOnce() {
        for threads in 1...5 {
            for count in [0, 1, 2, 7, 100, 1000] {
                for size in [1, 3, 64, 1000, 5000] {
                    let found = Mutex<[Range<Int>]>([])
                    Threads.with(count: threads) {
                        Threads.forEachPiece(of: count, size: size) { piece in found.withLock { $0.append(piece) } }
                    }
                    let expected = stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
                    let sorted = found.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
                    XCTAssertEqual(sorted, expected, "\(count) by \(size) on \(threads) threads")
                }
            }
        }
    }

    func testNested() {
        Threads.with(count: 3) {
            let total = Atomic<Int>(0)
            Threads.forEachPiece(of: 20, size: 1) { outer in
                Threads.forEachPiece(of: 50, size: 7) { inner in
                    for i in inner { total.add(1000 * outer.lowerBound + i, ordering: .relaxed) }
                }
            }
            XCTAssertEqual(total.load(ordering: .relaxed), 1000 * 190 * 50 + 20 * 1225)
        }
    }

    /// More callers than the pool has places for, each with nested work.
    func testManyCallers() {
        Threads.with(count: 3) {
            let total = Atomic<Int>(0)
            let ended = DispatchSemaphore(value: 0)
            for _ in 0..<16 {
                Thread.detachNewThread {
                    for _ in 0..<200 {
                        Threads.forEachPiece(of: 6, size: 1) { _ in
                            Threads.forEachPiece(of: 10, size: 3) { total.add($0.count, ordering: .relaxed) }
                        }
                    }
                    ended.signal()
                }
            }
            for _ in 0..<16 { ended.wait() }
            XCTAssertEqual(total.load(ordering: .relaxed), 16 * 200 * 6 * 10)
        }
    }

    /// After a pause in which the pool's threads have gone to sleep.
    func testWorkAfterSleep() {
        Threads.with(count: 2) {
            for _ in 0..<20 {
                Thread.sleep(forTimeInterval: 0.005)
                let total = Atomic<Int>(0)
                Threads.forEachPiece(of: 100, size: 1) { total.add($0.lowerBound, ordering: .relaxed) }
                XCTAssertEqual(total.load(ordering: .relaxed), 4950)
            }
        }
    }

    func testCountIsKept() {
        let before = Threads.count
        XCTAssertGreaterThanOrEqual(before, 1)
        Threads.with(count: 7) { XCTAssertEqual(Threads.count, 7) }
        XCTAssertEqual(Threads.count, before)
    }
}
