import Foundation
import NeuralNetworks
import Synchronization
import XCTest

/// A thread that stands for a process.
struct ThreadProcess: Communicator {
    let rank, count: Int
    private let exchange: Exchange

    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration {
        let sums = exchange.sum(Array(numbers), of: rank, count)
        for i in numbers.indices { numbers[i] = sums[i] }
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

/// Adds what all threads bring, and lets none go before the last has come.
private final class Exchange: Sendable {
    private struct State {
        var arriving: [Int: [Float]] = [:]
        var sums: [Float] = []
        var round = 0

        mutating func complete() {
            // By rank, so that rounding does not depend on who comes first.
            let parts = arriving.sorted { $0.key < $1.key }.map(\.value)
            XCTAssertEqual(Set(parts.map(\.count)).count, 1, "processes exchange different numbers of numbers")
            sums = parts.dropFirst().reduce(parts[0]) { zip($0, $1).map { $0 + $1 } }
            arriving = [:]
            round += 1
        }
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    func sum(_ numbers: [Float], of rank: Int, _ count: Int) -> [Float] {
        condition.lock()
        defer { condition.unlock() }
        let round = state.withLock { state in
            defer { if state.arriving.count == count { state.complete() } }
            state.arriving[rank] = numbers
            return state.round
        }
        condition.broadcast()
        while state.withLock({ $0.round }) == round { condition.wait() }
        return state.withLock { $0.sums }
    }
}
