import CWarpKernels

/// The instruction set that the inner loops were compiled for.
///
/// `avx2` and `avx512` give the same bits. Those of `baseline` differ in the last places: it has no fused multiply-add, which rounds a product
/// and its sum once instead of twice.
public enum KernelLevel: String, CaseIterable, Sendable {
    /// What every x86-64 processor runs: 128 bits, no fused multiply-add.
    case baseline
    /// AVX2 and FMA: 256 bits.
    case avx2
    /// AVX-512: 512 bits.
    case avx512

    /// The level in force: the best that the processor runs, or a lower one named by the environment variable `LINWARP_KERNELS`.
    public static let current: KernelLevel = Environment.kernels ?? best

    /// The best that the processor runs.
    static var best: KernelLevel { KernelLevel(warp_best_level()) }

    /// All that the processor runs.
    static var usable: [KernelLevel] { allCases.filter { $0.raw.rawValue <= best.raw.rawValue } }

    static let tables: (float: warp_kernels, double: warp_kernels) = {
        // `current` is never above the best level, for which both tables exist.
        (warp_kernels_float(current.raw)!.pointee, warp_kernels_double(current.raw)!.pointee)
    }()

    private init(_ raw: warp_level) { self = raw == warp_level_avx512 ? .avx512 : raw == warp_level_avx2 ? .avx2 : .baseline }

    private var raw: warp_level {
        switch self {
        case .baseline: warp_level_baseline
        case .avx2: warp_level_avx2
        case .avx512: warp_level_avx512
        }
    }
}
