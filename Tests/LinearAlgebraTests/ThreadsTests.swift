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

    func testCountIsKept() {
        let before = Threads.count
        XCTAssertGreaterThanOrEqual(before, 1)
        Threads.with(count: 7) { XCTAssertEqual(Threads.count, 7) }
        XCTAssertEqual(Threads.count, before)
    }
}
