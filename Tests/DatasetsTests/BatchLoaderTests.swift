import Datasets
import Foundation
import LinearAlgebra
import Synchronization
import Tensors
import TestSupport
import XCTest

final class BatchLoaderTests: XCTestCase {
    private struct Failure: Error, Equatable { var number: Int }

    /// Twenty-three images, of which each pixel says which one it is.
    private let data = LabelledImages(
        pixels: (0..<23).flatMap { Array(repeating: UInt8($0), count: 4) }, channels: 1, height: 2, width: 2,
        labels: (0..<23).map { $0 % 3 },
        classNames: ["a", "b", "c"])

    func testEpochs() {
        let order = EpochOrder(count: 23, batchSize: 5, seed: 9)
        let row = (0..<46).flatMap { order.indices(ofBatch: $0) }
        XCTAssertEqual(row.count, 230)
        let epochs = (0..<10).map { Array(row[($0 * 23)..<($0 * 23 + 23)]) }
        for epoch in epochs { XCTAssertEqual(epoch.sorted(), Array(0..<23)) }
        XCTAssertEqual(Set(epochs).count, 10, "two epochs have the same order")
        XCTAssertEqual(order.positions(ofBatch: 7), 35..<40)
        // A batch does not depend on those asked for before.
        XCTAssertEqual(EpochOrder(count: 23, batchSize: 5, seed: 9).indices(ofBatch: 31), Array(row[155..<160]))
        XCTAssertNotEqual(EpochOrder(count: 23, batchSize: 23, seed: 8).indices(ofBatch: 0), epochs[0])
        // Larger than the set.
        XCTAssertEqual(EpochOrder(count: 3, batchSize: 9, seed: 1).indices(ofBatch: 0).sorted(), [0, 0, 0, 1, 1, 1, 2, 2, 2])
    }

    private func loader(startingAt first: Int = 0) -> BatchLoader<LabelledBatch> {
        BatchLoader(data, batchSize: 4, seed: 5, startingAt: first) { batch, positions in
            batch.images = CornerPerturbation(seed: 2).perturbed(batch.images, indices: positions)
        }
    }

    private func batches(_ count: Int, startingAt first: Int = 0) throws -> [LabelledBatch] {
        let loader = loader(startingAt: first)
        return try (0..<count).map { _ in try loader.next() }
    }

    func testDeterministicAndResumed() throws {
        let whole = try batches(20)
        for (again, name) in [
            (try Threads.with(count: 1) { try batches(20) }, "one thread"), (try Threads.with(count: 2) { try batches(20) }, "two threads"),
            (try batches(7) + batches(13, startingAt: 7), "resumed"),
        ] {
            XCTAssertEqual(whole.map(\.labels), again.map(\.labels), name)
            XCTAssertEqual(whole.map(\.images), again.map(\.images), name)
        }
    }

    /// What several processes take is, side by side, what one takes in larger batches; perturbed alike.
    func testPartsOfBatches() throws {
        func batches(_ size: Int, startingAt first: Int, step: Int) throws -> [LabelledBatch] {
            let loader = BatchLoader(data, batchSize: size, seed: 5, startingAt: first, step: step) { batch, positions in
                batch.images = CornerPerturbation(seed: 2).perturbed(batch.images, indices: positions)
            }
            return try (0..<9).map { _ in try loader.next() }
        }
        let whole = try batches(12, startingAt: 4, step: 1)
        let parts = try (0..<3).map { try batches(4, startingAt: 4 * 3 + $0, step: 3) }
        for (i, batch) in whole.enumerated() {
            XCTAssertEqual(batch.labels, parts.flatMap { $0[i].labels })
            XCTAssertEqual(batch.images, concatenate(parts.map { $0[i].images }, axis: 0))
        }
    }

    func testImagesKeepTheirLabels() throws {
        let loader = BatchLoader(data, batchSize: 6, seed: 1)
        var seen: [Int] = []
        for _ in 0..<23 {
            let batch = try loader.next()
            XCTAssertEqual(batch.images.shape, [6, 1, 2, 2])
            let numbers = (0..<6).map { Int((batch.images[$0, 0, 0, 0] * 255).rounded()) }
            XCTAssertEqual(batch.labels, numbers.map { $0 % 3 })
            seen += numbers
        }
        for number in 0..<23 { XCTAssertEqual(seen.count { $0 == number }, 6) }
    }

    func testOtherThreadAndBound() throws {
        let prepared = Mutex<[Int]>([])
        let onMain = Atomic<Bool>(false)
        let loader = BatchLoader(startingAt: 3, ahead: 2) { number in
            if Thread.isMainThread { onMain.store(true, ordering: .relaxed) }
            prepared.withLock { $0.append(number) }
            return number
        }
        XCTAssertEqual(try loader.next(), 3)
        // Until it has prepared all that it may, and time for what it may not.
        waitUntil { prepared.withLock { $0.count } >= 3 }
        Thread.sleep(forTimeInterval: 0.05)
        XCTAssertEqual(prepared.withLock { $0 }, [3, 4, 5])
        XCTAssertEqual(try [loader.next(), loader.next(), loader.next()], [4, 5, 6])
        XCTAssertFalse(onMain.load(ordering: .relaxed))
    }

    func testErrorsComeInTheirTurnAndStay() throws {
        let loader = BatchLoader(ahead: 3) { number in
            if number == 2 { throw Failure(number: number) }
            return number
        }
        XCTAssertEqual(try [loader.next(), loader.next()], [0, 1])
        for _ in 0..<3 { XCTAssertThrowsError(try loader.next()) { XCTAssertEqual($0 as? Failure, Failure(number: 2)) } }
    }

    /// The thread ends with the loader, whether it waits, works or has failed; and what it held is freed.
    func testEndsWithoutLeaks() throws {
        final class Token: Sendable {}
        weak var token: Token?
        for (taken, failing) in [(0, Int.max), (5, Int.max), (2, 2)] {
            try {
                let own = Token()
                token = own
                let loader = BatchLoader { number in
                    if number == failing { throw Failure(number: number) }
                    Thread.sleep(forTimeInterval: 0.002)
                    return own
                }
                for _ in 0..<taken { _ = try loader.next() }
            }()
            // The thread has ended, but its function may not have returned yet.
            waitUntil { token == nil }
        }
    }

    func testManyLoaders() throws {
        for _ in 0..<300 { XCTAssertEqual(try batches(1)[0].labels.count, 4) }
    }
}
