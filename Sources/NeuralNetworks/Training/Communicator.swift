import LinearAlgebra
import Tensors

/// Processes that train one network together, each on its part of every batch.
public protocol Communicator: Sendable {
    /// Which of the processes this is, from 0.
    var rank: Int { get }

    /// The number of processes.
    var count: Int { get }

    /// Replaces the numbers by their sums over all processes: an all-reduce.
    ///
    /// Every process must call it as often as the others, with as many numbers; all get the same bits.
    /// - Returns: How long the exchange took. Waiting for slower processes before it does not count.
    @discardableResult
    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration
}

/// One process, which has nobody to talk to.
public struct SingleProcess: Communicator {
    public let rank = 0
    public let count = 1

    public init() {}

    public func sum(_ numbers: UnsafeMutableBufferPointer<Float>) -> Duration { .zero }
}

extension Communicator {
    /// What each process gives, by rank: the same on all. Whole numbers below 2^24 come out exactly.
    func gathered(_ number: Float) -> [Float] {
        var numbers = [Float](repeating: 0, count: count)
        numbers[rank] = number
        numbers.withUnsafeMutableBufferPointer { _ = sum($0) }
        return numbers
    }

    /// Replaces gradients and loss by their means over all processes, in one exchange; says how long that took.
    func average(_ gradients: inout [Tensor<Float>], loss: inout Tensor<Float>) -> Duration {
        guard count > 1 else { return .zero }
        let parts = gradients + [loss]
        var all = concatenate(parts.map { $0.reshaped([-1]) }, axis: 0)
        let duration = all.withMutableScalars { sum($0) }
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

extension Checkpoint<Float> {
    /// 24 bits that differ, all but certainly, where anything differs on which the rest of training depends.
    var fingerprint: Float {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ bits: some FixedWidthInteger) { hash = (hash ^ UInt64(truncatingIfNeeded: bits)) &* 0x100_0000_01b3 }
        for text in [network] + settings.sorted(by: { $0.key < $1.key }).flatMap({ [$0.key, $0.value] }) { text.utf8.forEach { add($0) } }
        for source in random.sorted(by: { $0.key < $1.key }).map(\.value) { add(source.seed ^ source.position) }
        for tensor in parameters.tensors + optimizer.moments.tensors {
            tensor.withScalars { for scalar in $0 { add(scalar.bitPattern) } }
        }
        add(optimizer.step)
        add(iteration)
        return Float(hash >> 40)
    }
}
