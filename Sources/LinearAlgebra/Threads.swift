import Glibc
import Synchronization

/// The one setting for threads, and the one way in which work is spread over them.
///
/// OpenBLAS is kept to one thread: LinWarp cuts the work itself, into pieces whose size does not depend on the number of threads.
/// So the two kinds of threads never compete for the cores, and results have the same bits whatever the number of threads.
public enum Threads {
    /// The number of threads that LinWarp uses, at least one. At the start: the environment variable `LINWARP_THREADS`, or the number
    /// of processors that this process may use.
    public static var count: Int {
        get { setting.load(ordering: .relaxed) }
        set {
            precondition(newValue >= 1, "Threads.count: found \(newValue), expected at least 1")
            setting.store(newValue, ordering: .relaxed)
        }
    }

    private static let setting = Atomic(Environment.threads ?? Processors.count)

    /// Calls `body` for consecutive pieces of `0..<count`, each of `size` elements but the last, from several threads at once.
    ///
    /// `body` must write to memory that belongs to its piece alone; it returns when all pieces are done.
    public static func forEachPiece(of count: Int, size: Int, _ body: (Range<Int>) -> Void) {
        precondition(size > 0, "Threads.forEachPiece: found a size of \(size), expected at least 1")
        let pieces = (count + size - 1) / size
        precondition(pieces < 1 << 31, "Threads.forEachPiece: found \(pieces) pieces, expected fewer than 2^31")
        let workers = min(Self.count, pieces)
        if workers <= 1 {
            for piece in 0..<pieces { body(piece * size..<min(count, (piece + 1) * size)) }
            return
        }
        // The calling thread goes from the first piece on, another one from the last one back until they meet. So each finds in its caches what it
        // had there in the last operation. How many are taken from the front stands in the lower half of the bits, from the back in the upper.
        let taken = Atomic<UInt64>(0)
        let helpers = Atomic<Int>(0)
        let caller = pthread_self()
        ThreadPool.shared.run(helpers: workers - 1) {
            let fromFront =
                pthread_equal(pthread_self(), caller) != 0 || helpers.wrappingAdd(1, ordering: .relaxed).oldValue % 2 == 1
            while true {
                let others = taken.wrappingAdd(fromFront ? 1 : 1 << 32, ordering: .relaxed).oldValue
                let (front, back) = (Int(others & 0xffff_ffff), Int(others >> 32))
                guard front + back < pieces else { return }
                let piece = fromFront ? front : pieces - 1 - back
                body(piece * size..<min(count, (piece + 1) * size))
            }
        }
    }
}
