import CWarpKernels
import LinearAlgebra

/// A source of random numbers: a position in one of 2^32 independent streams that a seed has.
///
/// Each number is a function of seed, stream and position alone (Philox 4x32-10, a counter-based generator). So the same numbers come
/// whatever the number of threads, and in whatever parts they are drawn; and the whole state is three integers, which a checkpoint can
/// hold.
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable, Codable {
    /// Different seeds give different numbers.
    public let seed: UInt64
    /// Which of the seed's streams; use one for each purpose, so that they do not depend on how much another one draws.
    public let stream: UInt32
    /// How many numbers were drawn.
    public private(set) var position: UInt64 = 0

    /// The start of a stream.
    public init(seed: UInt64, stream: UInt32 = 0) {
        self.seed = seed
        self.stream = stream
    }

    fileprivate var key: warp_noise_key { warp_noise_key(seed: seed, call: stream, image: 0) }

    /// Moves on by `count` numbers, and returns where they start.
    fileprivate mutating func advance(by count: Int) -> UInt64 {
        defer { position += UInt64(count) }
        return position
    }

    /// 64 random bits, for what the standard library draws: `shuffled(using:)`, `random(in:using:)`. Counts as three numbers drawn.
    public mutating func next() -> UInt64 {
        // The kernels give 24 bits a number.
        let first = advance(by: 3)
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 3) { numbers in
            Double.kernels.uniforms(key, first, 3, numbers.baseAddress!)
            let words = numbers.map { UInt64($0 * 0x1p24) }
            return words[0] << 40 | words[1] << 16 | words[2] >> 8
        }
    }
}

extension Tensor {
    /// Independent normal numbers.
    public static func normal(
        _ shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, from source: inout RandomSource
    ) -> Tensor {
        drawn(
            shape, from: &source, Scalar.kernels.normals, Affine(offset: Double(mean), factor: Double(standardDeviation), limit: .infinity))
    }

    /// Independent numbers, equally likely everywhere in `range`.
    public static func uniform(_ shape: [Int], in range: Range<Scalar> = 0..<1, from source: inout RandomSource) -> Tensor {
        precondition(!range.isEmpty, "uniform: found the range \(range), expected one that is not empty")
        // Rounding must not lead to the upper bound, which is outside of the range.
        return drawn(
            shape, from: &source, Scalar.kernels.uniforms,
            Affine(
                offset: Double(range.lowerBound), factor: Double(range.upperBound - range.lowerBound),
                limit: Double(range.upperBound.nextDown)))
    }

    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    private static func drawn(
        _ shape: [Int], from source: inout RandomSource,
        _ kernel: (warp_noise_key, UInt64, Int, UnsafeMutableRawPointer?) -> Void, _ affine: Affine
    ) -> Tensor {
        let result = Tensor(uninitialized: shape)
        let (out, key, first) = (result.base, source.key, source.advance(by: result.count))
        Threads.forEachPiece(of: result.count, size: pieceSize) { piece in
            kernel(key, first + UInt64(piece.lowerBound), piece.count, out + piece.lowerBound)
            for i in piece { out[i] = affine.value(out[i]) }
        }
        return result
    }
}

/// What turns a number of the kernels into one of the distribution asked for. Double holds either scalar type's numbers exactly.
private struct Affine: UnaryFunction {
    let offset, factor, limit: Double
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { min(Scalar(offset) + Scalar(factor) * x, Scalar(limit)) }
}
