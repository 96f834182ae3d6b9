import Glibc
import LinearAlgebra
import Synchronization

/// The memory of a tensor: aligned to 64 bytes, taken from a pool and given back to it; or a caller's.
///
/// Written to only while a tensor is made, or by its single owner; read-only once it is shared, and where it is a caller's.
final class Storage<Scalar: FloatingScalar>: @unchecked Sendable {
    private enum Owner {
        case pool(StoragePool.Block)
        case caller(release: @Sendable () -> Void)
    }

    let base: UnsafeMutablePointer<Scalar>
    let count: Int
    private let owner: Owner

    /// Uninitialized memory for `count` elements. Ends the program where the system has none left.
    init(count: Int) {
        let block = StoragePool.take(bytes: count * MemoryLayout<Scalar>.stride)
        base = block.address.bindMemory(to: Scalar.self, capacity: count)
        self.count = count
        owner = .pool(block)
    }

    /// A caller's memory, until `release` is called.
    init(sharing elements: UnsafeBufferPointer<Scalar>, release: @escaping @Sendable () -> Void) {
        // Without elements there may be no address; one of a kind is as good as another.
        base = UnsafeMutablePointer(mutating: elements.baseAddress) ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Scalar>.alignment)!
        count = elements.count
        owner = .caller(release: release)
    }

    /// Whether a single owner may write to it.
    var isOwn: Bool { if case .pool = owner { true } else { false } }

    deinit {
        switch owner {
        case .pool(let block): StoragePool.giveBack(block)
        case .caller(let release): release()
        }
    }
}

/// Sets `count` elements to `value`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func fill<Scalar: FloatingScalar>(_ start: UnsafeMutablePointer<Scalar>, _ count: Int, with value: Scalar) {
    for i in 0..<count { start[i] = value }
}

/// Unlike the collection's own `initialize(from:)`, a single `memcpy` in code that is not specialized too.
func copyElements<Scalar: FloatingScalar>(_ source: UnsafeBufferPointer<Scalar>, to start: UnsafeMutablePointer<Scalar>) {
    if let first = source.baseAddress { start.initialize(from: first, count: source.count) }
}

/// Memory blocks kept for the next tensor of about the same size, so that a training step after the first takes none from the system.
///
/// Where the system has no more memory, the blocks that wait are given back to it; where even then it has none, the program ends with a line
/// that says what was needed. Whoever makes tensors of a size that a user has chosen asks `Memory.require` before.
public enum StoragePool {
    struct Block: @unchecked Sendable {
        let address: UnsafeMutableRawPointer
        let bytes: Int
    }

    /// Bytes that wait in the pool, and blocks that were taken from the system since the start.
    package struct Statistics: Sendable {
        package var idleBytes = 0
        package var systemAllocations = 0
    }

    /// The pool's state now.
    package static var statistics: Statistics { state.withLock { $0.statistics } }

    private struct State: Sendable {
        var idle: [Int: [Block]] = [:]
        var statistics = Statistics()
        /// Of tensors.
        var usedBytes = 0
        var peakBytes = 0
    }

    private static let state = Mutex(State())
    #if ADDRESS_SANITIZER || THREAD_SANITIZER
        /// A sanitizer knows the bounds and the life of the system's own blocks alone.
        private static let keepsBlocks = false
    #else
        private static let keepsBlocks = true
    #endif
    /// Beyond this many idle bytes, blocks go back to the system.
    private static let idleLimit = keepsBlocks ? 1 << 30 : -1

    static func take(bytes: Int) -> Block {
        let size = sizeClass(bytes)
        let idle = state.withLock { state -> Block? in
            state.usedBytes += size
            state.peakBytes = max(state.peakBytes, state.usedBytes)
            if let block = state.idle[size]?.popLast() {
                state.statistics.idleBytes -= size
                return block
            }
            state.statistics.systemAllocations += 1
            return nil
        }
        if let idle { return idle }
        if let block = allocate(bytes: size) { return block }
        giveBackIdle()
        guard let block = allocate(bytes: size) else { Memory.end(needed: size, for: "a tensor") }
        return block
    }

    private static func allocate(bytes: Int) -> Block? {
        var address: UnsafeMutableRawPointer?
        let isLarge = bytes >= 4 * largePage
        guard posix_memalign(&address, isLarge ? largePage : 64, bytes) == 0, let address else { return nil }
        // A request: small pages do as well.
        if isLarge { madvise(address, bytes, MADV_HUGEPAGE) }
        return Block(address: address, bytes: bytes)
    }

    /// In bytes. To take new memory in pages of 4 kB can take longer than to fill it.
    private static let largePage = 1 << 21

    /// Gives back to the system what waits.
    public static func giveBackIdle() {
        let idle = state.withLock { state in
            defer {
                state.idle = [:]
                state.statistics.idleBytes = 0
            }
            return state.idle
        }
        for blocks in idle.values { for block in blocks { free(block.address) } }
    }

    /// By how much more memory tensors took at most, while `body` ran, than before it; those of other threads are counted too.
    package static func peak(during body: () throws -> Void) rethrows -> Int {
        let before = state.withLock { state in
            state.peakBytes = state.usedBytes
            return state.usedBytes
        }
        try body()
        return state.withLock { $0.peakBytes } - before
    }

    static func giveBack(_ block: Block) {
        let kept = state.withLock { state -> Bool in
            state.usedBytes -= block.bytes
            guard state.statistics.idleBytes + block.bytes <= idleLimit else { return false }
            state.idle[block.bytes, default: []].append(block)
            state.statistics.idleBytes += block.bytes
            return true
        }
        if !kept { free(block.address) }
    }

    /// `bytes` rounded up to one of four sizes an octave, so that sizes near each other share blocks and at most a quarter is wasted.
    private static func sizeClass(_ bytes: Int) -> Int {
        guard keepsBlocks else { return bytes }
        guard bytes > 256 else { return 256 }
        let octave = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount
        let step = 1 << (octave - 2)
        return (bytes + step - 1) & ~(step - 1)
    }
}
