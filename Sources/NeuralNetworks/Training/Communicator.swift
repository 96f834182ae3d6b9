import LinearAlgebra
import Tensors

/// Processes that train one network together, each on its part of every batch.
///
/// Its two operations need all processes to come to the same one, with as much. Nothing here calls them without `meet`, which finds out.
public protocol Communicator: Sendable {
    /// Which of the processes this is, from 0.
    var rank: Int { get }

    /// The number of processes.
    var count: Int { get }

    /// The bytes of every process, one after the other by rank: an all-gather. Waits for all.
    func gather(_ bytes: [UInt8]) -> [UInt8]

    /// Replaces the numbers by their sums over all processes: an all-reduce. All get the same bits.
    /// - Returns: How long the exchange took.
    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration
}

/// One process, which has nobody to talk to.
public struct SingleProcess: Communicator {
    public let rank = 0
    public let count = 1

    /// What a training without others takes.
    public init() {}

    public func gather(_ bytes: [UInt8]) -> [UInt8] { bytes }

    public func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration { .zero }
}

extension Communicator {
    /// Waits for all processes, and throws on all of them where one has come for something else than process 0.
    ///
    /// What they come for goes around as text of a fixed length, so that this cannot fail for what it is to find.
    package func meet(for purpose: String) throws(TrainingError) {
        guard count > 1 else { return }
        let length = 96
        let texts = gathered(Array(purpose.utf8.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - purpose.utf8.count)))
        guard let other = texts.firstIndex(where: { $0 != texts[0] }) else { return }
        func text(_ process: Int) -> String { String(decoding: texts[process].prefix { $0 != 0 }, as: UTF8.self) }
        throw .differentExchange(process: other, found: text(other), expected: text(0))
    }

    /// What each process gives, by rank: the same on all, each as long.
    private func gathered(_ bytes: [UInt8]) -> [[UInt8]] {
        let all = gather(bytes)
        return (0..<count).map { Array(all[$0 * bytes.count..<($0 + 1) * bytes.count]) }
    }

    /// What each process gives, by rank. They may give different numbers of bytes.
    func gathered(_ bytes: [UInt8], for purpose: String) throws(TrainingError) -> [[UInt8]] {
        try meet(for: purpose)
        let lengths = gathered(withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) }).map { length in
            length.reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let longest = lengths.max() ?? 0
        let padded = gathered(bytes + [UInt8](repeating: 0, count: longest - bytes.count))
        return zip(padded, lengths).map { Array($0.prefix($1)) }
    }

    /// Replaces the numbers by their sums over all processes, once all have come with as many for the same purpose.
    /// - Returns: How long the exchange took. Waiting for slower processes before it does not count.
    @discardableResult
    func sum(_ numbers: UnsafeMutableBufferPointer<Float>, for purpose: String) throws(TrainingError) -> Duration {
        guard count > 1 else { return .zero }
        try meet(for: "\(purpose), \(numbers.count) numbers")
        return sum(numbers)
    }

    /// Replaces gradients and loss by their means over all processes, in one exchange; says how long that took.
    func average(
        _ gradients: inout [Tensor<Float>], loss: inout Tensor<Float>, iteration: Int
    ) throws(TrainingError) -> Duration {
        guard count > 1 else { return .zero }
        let parts = gradients + [loss]
        var all = concatenate(parts.map { $0.reshaped([-1]) }, axis: 0)
        let duration = try all.withMutableScalars { (numbers) throws(TrainingError) in
            try sum(numbers, for: "the gradients of iteration \(iteration)")
        }
        all *= 1 / Float(count)
        var start = 0
        let means = parts.map { part in
            defer { start += part.count }
            return all[start..<start + part.count].reshaped(part.shape)
        }
        (gradients, loss) = (Array(means.dropLast()), means[gradients.count])
        return duration
    }
}
