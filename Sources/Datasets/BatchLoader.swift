import Dispatch
import LinearAlgebra
import Synchronization
import Tensors

/// Prepares the next batches on a thread of its own while the caller trains with the one before.
///
/// Batches come in the order of their numbers, and no more than a few are prepared ahead. When the loader goes out of scope its thread
/// ends: `deinit` waits for the batch in preparation.
public final class BatchLoader<Batch: Sendable>: Sendable {
    private let queue: BatchQueue<Batch>

    /// A loader that starts with batch `first`.
    ///
    /// - Parameters:
    ///   - first: The number of the batch that `next()` returns first: where training is to go on.
    ///   - step: From the number of a batch to that of the next.
    ///   - ahead: How many batches may wait, at least one; each takes memory.
    ///   - prepare: Makes the batch of a given number. It is called on the loader's thread, and should depend on nothing but the number.
    public init(startingAt first: Int = 0, step: Int = 1, ahead: Int = 2, prepare: @escaping @Sendable (_ number: Int) throws -> Batch) {
        precondition(
            first >= 0 && step >= 1 && ahead >= 1,
            "BatchLoader: found the start \(first), the step \(step) and \(ahead) ahead, expected at least 0, 1 and 1")
        let queue = BatchQueue<Batch>(room: ahead)
        self.queue = queue
        // The thread holds the queue but not the loader, whose end it must notice.
        if !startThread({ queue.fill(startingAt: first, step: step, prepare) }) { queue.fail(BatchLoaderError.noThread) }
    }

    deinit { queue.close() }

    /// The next batch; waits until it is prepared.
    ///
    /// Throws `BatchLoaderError.noThread` where the loader could not start its thread, and the error that preparing the batch threw, after all batches before it were returned; every further call throws it again.
    public func next() throws -> Batch { try queue.next() }
}

extension BatchLoader where Batch == LabelledBatch {
    /// Loads batches of images in random order, epoch after epoch, as `EpochOrder` says.
    ///
    /// - Parameters:
    ///   - data: The images, at least one.
    ///   - batchSize: The number of images in each batch.
    ///   - seed: Decides the order.
    ///   - first: The number of the batch that `next()` returns first: where training is to go on.
    ///   - step: From the number of a batch to that of the next. Process `rank` of `count` takes the batches `rank + count * iteration`: its
    ///     parts of the batches, `count` times as large, of a single process.
    ///   - change: What to do with a batch, on the loader's thread; a `CornerPerturbation` of its images, say. The positions count
    ///     images from the start of the first epoch on, so that no two are the same: the index for what is random.
    public convenience init(
        _ data: LabelledImages, batchSize: Int, seed: UInt64, startingAt first: Int = 0, step: Int = 1,
        change: @escaping @Sendable (_ batch: inout LabelledBatch, _ positions: Range<Int>) throws -> Void = { _, _ in }
    ) {
        let order = EpochOrder(count: data.count, batchSize: batchSize, seed: seed)
        self.init(startingAt: first, step: step) { number in
            var batch = data.batch(order.indices(ofBatch: number))
            try change(&batch, order.positions(ofBatch: number))
            return batch
        }
    }
}

/// Why a loader makes no batches.
public enum BatchLoaderError: Error, Equatable, CustomStringConvertible {
    /// The system has no room for its thread.
    case noThread

    public var description: String {
        "found no room for another thread, expected one to prepare batches on (see ulimit -u and ulimit -v)"
    }
}

/// What a loader and its thread share.
private final class BatchQueue<Batch: Sendable>: Sendable {
    private struct State {
        var waiting: [Result<Batch, any Error>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts the batches that may be prepared.
    private let room = DispatchSemaphore(value: 0)
    /// Counts the batches that wait.
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(room count: Int) {
        // Signalled rather than created with this value: a semaphore must not end below the value that it was created with.
        for _ in 0..<count { room.signal() }
    }

    /// Prepares batches until the queue is closed or one fails.
    func fill(startingAt first: Int, step: Int, _ prepare: (Int) throws -> Batch) {
        var number = first
        var hasFailed = false
        while !hasFailed {
            room.wait()
            if state.withLock({ $0.isClosed }) { break }
            let result = Result { try prepare(number) }
            if case .failure = result { hasFailed = true }
            state.withLock { $0.waiting.append(result) }
            ready.signal()
            number += step
        }
        ended.signal()
    }

    /// Without a thread that fills it.
    func fail(_ error: any Error) {
        state.withLock { $0.waiting.append(.failure(error)) }
        ready.signal()
        ended.signal()
    }

    func next() throws -> Batch {
        ready.wait()
        let result = state.withLock { state in
            // A failure stays, for all further calls.
            if case .failure = state.waiting[0] { return state.waiting[0] }
            return state.waiting.removeFirst()
        }
        switch result {
        case .success(let batch):
            room.signal()
            return batch
        case .failure(let error):
            ready.signal()
            throw error
        }
    }

    /// Tells the thread to end, and waits until it has.
    func close() {
        state.withLock { $0.isClosed = true }
        room.signal()
        ended.wait()
    }
}
