import CProcessors
import Glibc
import Synchronization

/// Threads that help with work.
///
/// They keep looking for some for a moment before they sleep: the steps of a computation follow each other within microseconds, and waking a
/// thread takes longer than many a step. And they leave the processor of whoever asks for help: kernels wake a thread where it was, and on
/// some machines leave both there for milliseconds while another processor is idle.
final class ThreadPool: Sendable {
    static let shared = ThreadPool()

    /// Work that threads may enter. Several at once, as work may ask for help itself, and threads that are not the pool's may ask at the
    /// same time.
    private let places = (0..<8).map { _ in Place() }
    private let threads = Mutex(0)
    private let sleepers = Atomic<Int>(0)
    private let alarm = Condition()
    /// The processor of the one who asked last; and how many have asked before, in units of `request`.
    private let caller = Atomic<UInt64>(0)
    private static let request: UInt64 = 1 << 32
    /// Looks before a thread sleeps, about half a millisecond.
    private static let patience = 1000

    /// Calls `work` on this thread and, where they come in time, on up to `helpers` others at once; returns when all are through.
    func run(helpers: Int, _ work: () -> Void) {
        guard let place = places.first(where: { $0.reserve() }) else { return work() }
        start(atLeast: helpers)
        let requests = caller.load(ordering: .relaxed) / Self.request + 1
        caller.store((requests % Self.request) * Self.request + UInt64(UInt32(bitPattern: processor_current())), ordering: .relaxed)
        withoutActuallyEscaping(work) { work in
            place.open(work, entries: helpers)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                alarm.lock()
                alarm.broadcast()
                alarm.unlock()
            }
            work()
            place.close()
        }
    }

    /// Where the system has no room for a thread, the others do its work: each is tried once.
    private func start(atLeast count: Int) {
        threads.withLock { tried in
            while tried < count {
                _ = startThread { self.help() }
                tried += 1
            }
        }
    }

    private func help() {
        var looks = 0
        var seen: UInt64 = 0
        while true {
            let asked = caller.load(ordering: .relaxed)
            if asked != seen {
                seen = asked
                processor_leave(Int32(truncatingIfNeeded: asked))
            }
            if let place = places.first(where: { $0.enter() }) {
                place.work()
                place.leave()
                looks = 0
            } else if looks < Self.patience {
                looks += 1
                // Another thread may need the processor more.
                sched_yield()
            } else {
                sleepUntilNeeded()
                looks = 0
            }
        }
    }

    private func sleepUntilNeeded() {
        alarm.lock()
        // Counted before the last look: whoever opens a place after it sees a sleeper.
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while !places.contains(where: { $0.isOpen }) { alarm.wait() }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        alarm.unlock()
    }
}

/// What threads wait for: a condition of POSIX with its lock.
private final class Condition: Sendable {
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }

    func unlock() { pthread_mutex_unlock(mutex) }

    func wait() { pthread_cond_wait(condition, mutex) }

    func broadcast() { pthread_cond_broadcast(condition) }
}

/// Calls `body` on a thread of its own, which ends with it.
///
/// - Returns: Whether it could be started: the system may have no room for a thread, which Foundation's own threads don't say.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let argument = Unmanaged.passRetained(ThreadBody(call: body))
    let isStarted = thread_start(
        "LinWarp", 8 << 20, { Unmanaged<ThreadBody>.fromOpaque($0!).takeRetainedValue().call() }, argument.toOpaque())
    if !isStarted { argument.release() }
    return isStarted
}

private final class ThreadBody: Sendable {
    let call: @Sendable () -> Void

    init(call: @escaping @Sendable () -> Void) { self.call = call }
}

/// One piece of work, and who is at it.
private final class Place: Sendable {
    private let isReserved = Atomic(false)
    /// How many may still enter, in units of `entry`, and how many are inside.
    private let state = Atomic<UInt64>(0)
    private static let entry: UInt64 = 1 << 32
    /// Written while nobody may enter.
    private nonisolated(unsafe) var body: (() -> Void)?

    func reserve() -> Bool { isReserved.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged }

    func open(_ work: @escaping () -> Void, entries: Int) {
        body = work
        state.store(UInt64(entries) * Self.entry, ordering: .sequentiallyConsistent)
    }

    /// Waits for those inside; nobody else enters.
    func close() {
        var inside = state.bitwiseAnd(Self.entry - 1, ordering: .acquiring).newValue
        while inside > 0 {
            sched_yield()
            inside = state.load(ordering: .acquiring)
        }
        body = nil
        isReserved.store(false, ordering: .releasing)
    }

    var isOpen: Bool { state.load(ordering: .sequentiallyConsistent) >= Self.entry }

    func enter() -> Bool {
        var seen = state.load(ordering: .relaxed)
        while seen >= Self.entry {
            let (exchanged, original) = state.weakCompareExchange(expected: seen, desired: seen - Self.entry + 1, ordering: .acquiring)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Of one who has entered.
    func work() { body!() }

    func leave() { state.subtract(1, ordering: .releasing) }
}
