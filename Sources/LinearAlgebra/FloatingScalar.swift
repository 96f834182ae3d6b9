import COpenBLAS
import CWarpKernels
import RealModule

/// The element type of everything in LinWarp: `Float` or `Double`.
///
/// It ties each type to its BLAS and LAPACK routines and to its kernels, so that all code above is written once. The requirements
/// that begin with an underscore are raw routines without checks: call `gemm`, `solvePositiveDefinite` and the like instead.
public protocol FloatingScalar: Real, BinaryFloatingPoint, Sendable, BitwiseCopyable {
    /// The kernels for this type at the level in force.
    static var kernels: warp_kernels { get }

    static func _gemm(
        _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Self,
        _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32, _ beta: Self,
        _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
    static func _posv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32
    ) -> Int32
    static func _gesv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Self>, _ ldb: Int32
    ) -> Int32
    static func _gelsd(
        _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32,
        _ singularValues: UnsafeMutablePointer<Self>, _ rank: UnsafeMutablePointer<Int32>
    ) -> Int32
}

extension Float: FloatingScalar {
    public static var kernels: warp_kernels { KernelLevel.tables.float }

    public static func _gemm(
        _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32, _ beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
    ) {
        cblas_sgemm(CblasRowMajor, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    }

    public static func _posv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ ldb: Int32
    ) -> Int32 {
        LAPACKE_sposv_work(LAPACK_ROW_MAJOR, lower, n, nrhs, a, n, b, ldb)
    }

    public static func _gesv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Float>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Float>, _ ldb: Int32
    ) -> Int32 {
        LAPACKE_sgesv_work(LAPACK_ROW_MAJOR, n, nrhs, a, n, pivots, b, ldb)
    }

    public static func _gelsd(
        _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ ldb: Int32,
        _ singularValues: UnsafeMutablePointer<Float>, _ rank: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        LAPACKE_sgelsd(LAPACK_ROW_MAJOR, m, n, nrhs, a, n, b, ldb, singularValues, -1, rank)
    }
}

extension Double: FloatingScalar {
    public static var kernels: warp_kernels { KernelLevel.tables.double }

    public static func _gemm(
        _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Double,
        _ a: UnsafePointer<Double>, _ lda: Int32, _ b: UnsafePointer<Double>, _ ldb: Int32, _ beta: Double,
        _ c: UnsafeMutablePointer<Double>, _ ldc: Int32
    ) {
        cblas_dgemm(CblasRowMajor, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    }

    public static func _posv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, _ ldb: Int32
    ) -> Int32 {
        LAPACKE_dposv_work(LAPACK_ROW_MAJOR, lower, n, nrhs, a, n, b, ldb)
    }

    public static func _gesv(
        _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Double>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Double>, _ ldb: Int32
    ) -> Int32 {
        LAPACKE_dgesv_work(LAPACK_ROW_MAJOR, n, nrhs, a, n, pivots, b, ldb)
    }

    public static func _gelsd(
        _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, _ ldb: Int32,
        _ singularValues: UnsafeMutablePointer<Double>, _ rank: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        LAPACKE_dgelsd(LAPACK_ROW_MAJOR, m, n, nrhs, a, n, b, ldb, singularValues, -1, rank)
    }
}

private let lower = CChar(UInt8(ascii: "L"))
