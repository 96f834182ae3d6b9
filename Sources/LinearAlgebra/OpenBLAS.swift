import COpenBLAS
import Glibc
import Synchronization

/// How OpenBLAS is kept within what this process may have.
enum OpenBLAS {
    /// To be called before each BLAS or LAPACK call: keeps OpenBLAS to one thread, and gets it its memory.
    ///
    /// It takes a buffer for each thread that calls at the same time, keeps it, and tries for ever where the system has none left. So all
    /// of them are taken at once, after the system was asked.
    @inline(__always)
    static func prepare() {
        let wanted = min(Threads.count, mostBuffers)
        if buffers.load(ordering: .relaxed) < wanted { takeBuffers(wanted) }
    }

    static let isSingleThreaded: Void = openblas_set_num_threads(1)

    private static let buffers = Atomic(0)
    private static let isTaking = Mutex(())
    /// OpenBLAS itself has room for some more than this.
    private static let mostBuffers = 64
    private static let bufferSize = 129 << 20

    private static func takeBuffers(_ wanted: Int) {
        isTaking.withLock { _ in
            guard buffers.load(ordering: .relaxed) < wanted else { return }
            isSingleThreaded
            let new = wanted - buffers.load(ordering: .relaxed)
            guard Memory.canMap(bytes: new * bufferSize) else {
                Memory.end(needed: new * bufferSize, for: "matrix products on \(wanted) threads (LINWARP_THREADS)")
            }
            // Those that it has are given out first.
            let taken = (0..<wanted).map { _ in blas_memory_alloc(0) }
            for buffer in taken { blas_memory_free(buffer) }
            buffers.store(wanted, ordering: .relaxed)
        }
    }
}

/// Gets OpenBLAS its memory now, instead of with the first matrix product. Ends the program where the system has none left for it.
package func prepareMatrixProducts() { OpenBLAS.prepare() }

/// Facts about the BLAS in use, for reports.
public enum BLASInformation {
    /// OpenBLAS's configuration line: version, options, and the core it was dispatched to.
    public static var configuration: String { String(cString: openblas_get_config()) }
    /// The name of the processor core whose kernels OpenBLAS runs.
    public static var core: String { String(cString: openblas_get_corename()) }
    /// OpenBLAS's own threads: one, since LinWarp spreads the work itself.
    public static var threads: Int {
        OpenBLAS.isSingleThreaded
        return Int(openblas_get_num_threads())
    }
}
