import Synchronization
import Tensors

/// Which images make up which batch: epoch after epoch, each in a random order of its own, cut into batches of one size.
///
/// A batch is a function of the seed and its number alone, so that training goes on after an interruption as if there had been none. One
/// that reaches beyond the end of an epoch goes on with the next epoch: every batch is full, and every image comes once an epoch.
public final class EpochOrder: Sendable {
    /// The number of images.
    public let count: Int
    /// The number of images in each batch.
    public let batchSize: Int
    /// Different seeds give different orders.
    public let seed: UInt64
    /// The order of an epoch is drawn once for all its batches.
    private let latest: Mutex<(epoch: Int, order: [Int])>

    /// The order of `count` images, at least one, in batches of `batchSize`.
    public init(count: Int, batchSize: Int, seed: UInt64) {
        precondition(
            count > 0 && batchSize > 0, "EpochOrder: found \(count) images in batches of \(batchSize), expected at least 1 of each")
        self.count = count
        self.batchSize = batchSize
        self.seed = seed
        latest = Mutex((0, Self.order(count, seed, epoch: 0)))
    }

    /// The places of batch `number` in the endless row of images: they go on where the batch before ended.
    public func positions(ofBatch number: Int) -> Range<Int> {
        precondition(
            number >= 0 && number < Int.max / batchSize,
            "EpochOrder: found batch \(number) of \(batchSize) images, expected at least 0 and a place that can be counted")
        return number * batchSize..<(number + 1) * batchSize
    }

    /// The indices of the images in batch `number`, counted from 0.
    public func indices(ofBatch number: Int) -> [Int] {
        latest.withLock { latest in
            positions(ofBatch: number).map { position in
                let (epoch, place) = position.quotientAndRemainder(dividingBy: count)
                if epoch != latest.epoch { latest = (epoch, Self.order(count, seed, epoch: epoch)) }
                return latest.order[place]
            }
        }
    }

    private static func order(_ count: Int, _ seed: UInt64, epoch: Int) -> [Int] {
        var source = RandomSource(seed: seed, purpose: .epochOrder, index: epoch)
        return (0..<count).shuffled(using: &source)
    }
}
