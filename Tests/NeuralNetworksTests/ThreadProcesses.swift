import Foundation
import NeuralNetworks
import Synchronization
import XCTest

/// A thread that stands for a process.
struct ThreadProcess: Communicator {
    let rank, count: Int
    private let exchange: Exchange

    func gather(_ bytes: [UInt8]) -> [UInt8] { exchange.all(bytes, of: rank, count).flatMap { $0 } }

    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration {
        // By rank, so that rounding does not depend on who comes first.
        let parts = exchange.all(Array(UnsafeRawBufferPointer(numbers)), of: rank, count)
        for i in numbers.indices {
            numbers[i] = parts.map { $0.withUnsafeBytes { $0.load(fromByteOffset: 4 * i, as: Float.self) } }.reduce(0, +)
        }
        return .seconds(1)
    }

    /// What `body` returns on each of `count` threads, by rank.
    static func run<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (ThreadProcess) -> Result) -> [Result] {
        let exchange = Exchange()
        let results = Mutex([Result?](repeating: nil, count: count))
        let done = DispatchSemaphore(value: 0)
        for rank in 0..<count {
            Thread.detachNewThread {
                let result = body(ThreadProcess(rank: rank, count: count, exchange: exchange))
                results.withLock { $0[rank] = result }
                done.signal()
            }
        }
        for _ in 0..<count { done.wait() }
        return results.withLock { $0.map { $0! } }
    }
}

/// Passes around what all threads bring, and lets none go before the last has come.
private final class Exchange: Sendable {
    private struct State {
        var arriving: [Int: [UInt8]] = [:]
        var all: [[UInt8]] = []
        var round = 0

        mutating func complete() {
            all = arriving.sorted { $0.key < $1.key }.map(\.value)
            // MPI would write beyond the shortest.
            XCTAssertEqual(Set(all.map(\.count)).count, 1, "processes exchange different numbers of bytes")
            arriving = [:]
            round += 1
        }
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    func all(_ bytes: [UInt8], of rank: Int, _ count: Int) -> [[UInt8]] {
        condition.lock()
        defer { condition.unlock() }
        let round = state.withLock { state in
            defer { if state.arriving.count == count { state.complete() } }
            state.arriving[rank] = bytes
            return state.round
        }
        condition.broadcast()
        while state.withLock({ $0.round }) == round { condition.wait() }
        return state.withLock { $0.all }
    }
}
