import CWarpKernels
import LinearAlgebra
import Tensors

/// Linearized multi-sampling (Jiang et al., ICCV 2019): a plane is fitted through random samples around each pixel, and its slope is the
/// gradient by the position.
///
/// For a target pixel x with source position u = T(x), sample k lies at T(x + σ·n) + m, n and m standard normal, in target and in source
/// pixels (Eqs. 3, 8, 9). A = (XᵀX + εE)⁻¹XᵀY (Eqs. 5-7) with offsets in source pixels; samples outside of the source count for nothing.
/// Where T is affine, and for a grid, n and m are drawn as one Gaussian of the same distribution.
/// The value is I(u), plus the bias row of A where that is included; ∂value/∂u and ∂value/∂v are the first two rows of A.
/// With `noiseFrame: .source` sample k lies at T(x) + σ·s·n + m instead, s the pitch of the result's pixels where nothing is transformed.
///
/// Convention: as `BilinearSampler`. Where every sample is outside, the slopes are exactly zero.
public struct LinearizedSampler: Sampler {
    /// What the samples add to the value at the pixel. The slopes are the plane's, whatever stands here.
    public enum Bias: String, CaseIterable, Sendable, Codable {
        /// I(u) + the bias row: the centre blurred by the noise (the paper).
        case included
        /// I(u) alone: exactly bilinear's value, so that a trained network may run with bilinear sampling.
        case excluded
        /// The mean of all samples that count, I(u) among them: blurred by the noise as with the bias row, but a mean of values rather than the
        /// height of a plane that few samples hold, and so less noisy.
        case mean
    }

    /// Where the noise of σ target pixels is added.
    public enum NoiseFrame: String, CaseIterable, Sendable, Codable {
        /// Before the transformation, which turns, scales and bends it (the paper's text).
        case target
        /// After it, along the source's axes, as wide as the result's pixels are where nothing is transformed: σ·W/w and σ·H/h source pixels for a
        /// result of w×h pixels of a source of W×H (the authors' released code).
        case source
    }

    /// What becomes of samples whose position is outside of the source.
    public enum OutsideSamples: String, CaseIterable, Sendable, Codable {
        /// They count for nothing in the fit (the paper).
        case leftOut = "left-out"
        /// They count with what the padding puts there: what the authors' released code comes to, which asks for the offset where it means the position.
        case counted
    }

    /// What the gradient by the image takes into account.
    public enum ImageGradient: String, CaseIterable, Sendable, Codable {
        /// Nothing: the image gets no gradient (the paper).
        case none
        /// The sample at the centre.
        case centre
        /// All samples, as the bias takes them.
        case allSamples = "all-samples"
    }

    /// How the planes are fitted. `Docs/Solvers.md` has what each costs, and when which wins.
    public enum Solver: String, CaseIterable, Sendable, Codable {
        /// Samples, moments and solve in one pass, eight pixels at a time in registers; only the results are written.
        case fused
        /// X and Y written out, XᵀX and XᵀY by batched matrix products, a batched solve by LAPACK: the equations as they stand, in Double.
        /// The same noise as `.fused` and, to rounding, the same results, but many times slower: to compare with.
        case blas
        /// One noise pattern for all pixels of an image. Under an affine map all pixels then have the same X, but for those with a sample
        /// out of bounds: one solve serves them all. Faster; the errors of neighbouring pixels' slopes are not independent any more, and
        /// average out less.
        case sharedNoise = "shared-noise"
    }

    /// How the samples of a pixel are drawn from a seed. Either way each by itself is Gaussian.
    public enum Draws: String, CaseIterable, Sendable, Codable {
        /// Each by itself (the paper).
        case independent
        /// Together: at equal angles and evenly spread radii, turned and shifted at random (a lattice of rank 1: Cranley & Patterson, SIAM J.
        /// Numer. Anal. 13, 1976). Samples are then never all on one side, so that slopes scatter less: with 4 auxiliary samples as with 7
        /// independent ones, with 7 nearly as with 15.
        case lattice
    }

    /// Where the noise comes from.
    public enum Noise: Sendable {
        /// A counter-based generator: the same seed, call, image, pixel and sample give the same bits; `.sharedNoise` leaves the pixel out.
        case seed(UInt64)
        /// Given normals [N, K-1, 4, h, w], for `.sharedNoise` [N, K-1, 4, 1, 1]: components n along x and y, m along x and y.
        case normals(Tensor<Double>)
    }

    /// K, the centre included: 2...64.
    public var sampleCount: Int
    /// σ, in target pixels.
    public var sigma: Double
    /// Where the noise of σ target pixels is added.
    public var noiseFrame: NoiseFrame
    /// ε, in squared source pixels.
    public var regularization: Double
    /// Whether noise of one source pixel is added after the transformation, so that samples do not collapse when it zooms in (Eqs. 8, 9).
    public var preventsCollapse: Bool
    /// What the samples add to the value at the pixel: whether values are blurred by the noise.
    public var bias: Bias
    /// What becomes of samples outside of the source.
    public var outside: OutsideSamples
    /// Which samples give the image a gradient. That by the position is the plane's slope, whatever stands here.
    public var imageGradient: ImageGradient
    /// The numbers that scatter the samples; pass another `call` with each training step, so that a seed gives others.
    public var noise: Noise
    /// How the samples of a pixel are drawn; without meaning where the noise is given.
    public var draws: Draws
    /// How the planes are fitted.
    public var solver: Solver
    /// What lies outside, for the value at the centre, along the edges, and for other samples that lie outside where these count.
    public var padding: Padding
    /// What -1 and 1 mean in the source: the outer edges of the border pixels, or (true) their centres.
    public var alignCorners: Bool
    /// The place in the batch of the first image, by which the noise of a seed is drawn.
    private var firstImage = 0

    /// - Parameters:
    ///   - sampleCount: K, the centre included: 2...64. Time grows with it.
    ///   - sigma: σ, in target pixels.
    ///   - noiseFrame: Where the noise of σ target pixels is added.
    ///   - regularization: ε, in squared source pixels: more of it makes slopes smaller and steadier.
    ///   - preventsCollapse: Whether noise of one source pixel is added after the transformation.
    ///   - bias: What the samples add to the value at the pixel.
    ///   - outside: What becomes of samples outside of the source.
    ///   - imageGradient: Which samples give the image a gradient.
    ///   - noise: The numbers that scatter the samples.
    ///   - draws: How the samples of a pixel are drawn from a seed.
    ///   - solver: How the planes are fitted.
    ///   - padding: What lies outside of the image.
    ///   - alignCorners: Whether -1 and 1 are the centres of the source's border pixels, instead of their outer edges.
    public init(
        sampleCount: Int = 8, sigma: Double = 1, noiseFrame: NoiseFrame = .target, regularization: Double = 1e-3,
        preventsCollapse: Bool = true, bias: Bias = .included, outside: OutsideSamples = .leftOut, imageGradient: ImageGradient = .none,
        noise: Noise = .seed(0),
        draws: Draws = .independent, solver: Solver = .fused, padding: Padding = .zeros, alignCorners: Bool = false
    ) {
        self.sampleCount = sampleCount
        self.sigma = sigma
        self.noiseFrame = noiseFrame
        self.regularization = regularization
        self.preventsCollapse = preventsCollapse
        self.bias = bias
        self.outside = outside
        self.imageGradient = imageGradient
        self.noise = noise
        self.draws = draws
        self.solver = solver
        self.padding = padding
        self.alignCorners = alignCorners
    }

    public var propagatesToImage: Bool { imageGradient != .none }

    public var drawsNoise: Bool { true }

    public var unblurred: LinearizedSampler {
        var copy = self
        copy.bias = .excluded
        return copy
    }

    public func withNoise(sigma: Double) -> LinearizedSampler {
        var copy = self
        copy.sigma = sigma
        return copy
    }

    public func withFirstImage(_ first: Int) -> LinearizedSampler {
        var copy = self
        copy.firstImage = first
        return copy
    }

    public func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar> {
        let pass = pass(image, grid)
        return withNoise(pass, call) { options, noise in
            pass.run(slopes: slopes) { run, source, grid, results in
                var noise = noise(run.target)
                if solver == .blas {
                    linearizedByBLAS(run, source, grid, options, &noise, results, as: Scalar.self)
                } else {
                    Scalar.kernels.linearized(source, grid, options, &noise, Int32(run.first), Int32(run.count), results)
                }
            }
        }
    }

    public func preparedImageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int
    ) -> Tensor<Scalar> {
        guard imageGradient == .allSamples && bias != .excluded else {
            return BilinearSampler(padding: padding, alignCorners: alignCorners)
                .preparedImageGradient(cotangent, ofPrepared: image, at: grid, call: call)
        }
        let pass = pass(image, grid)
        return withNoise(pass, call) { options, noise in
            pass.scatter(cotangent) { target, shape, grid, cotangent, gradient in
                var noise = noise(target)
                Scalar.kernels.linearized_scatter(
                    shape, grid, options, &noise, 0, Int32(pass.pixels), cotangent, pass.pixels, gradient)
            }
        }
    }

    private func pass<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, _ grid: SamplingGrid<Scalar>) -> SamplingPass<Scalar> {
        SamplingPass("LinearizedSampler", image, grid, padding, alignCorners: alignCorners, cost: sampleCount)
    }

    private var rawOptions: warp_linearization {
        precondition(
            (2...warp_max_samples).contains(sampleCount),
            "LinearizedSampler: found \(sampleCount) samples, expected 2...\(warp_max_samples)")
        precondition(
            sigma >= 0 && sigma.isFinite && regularization > 0 && regularization.isFinite,
            "LinearizedSampler: found a sigma of \(sigma) and a regularization of \(regularization), expected at least 0 and above 0")
        return warp_linearization(
            samples: Int32(sampleCount), sigma: sigma, frame: noiseFrame == .source ? warp_frame_source : warp_frame_target,
            collapse: preventsCollapse ? 1 : 0, epsilon: regularization, bias: bias.raw, counts_outside: outside == .counted,
            draws: draws == .lattice ? warp_draws_lattice : warp_draws_independent)
    }

    /// Hands `body` the kernel's options and a function that gives each target's noise.
    private func withNoise<Scalar: FloatingScalar, Result>(
        _ pass: SamplingPass<Scalar>, _ call: Int,
        _ body: (_ options: UnsafePointer<warp_linearization>, _ noise: (_ target: Int) -> warp_noise) -> Result
    ) -> Result {
        var options = rawOptions
        let isShared = solver == .sharedNoise
        switch noise {
        case .seed(let seed):
            return body(&options) { target in
                warp_noise(
                    key: warp_noise_key(seed: seed, call: UInt32(truncatingIfNeeded: call), image: UInt32(firstImage + target)), given: nil,
                    shared: isShared)
            }
        case .normals(let given):
            let size = isShared ? [1, 1] : [pass.grid.height, pass.grid.width]
            let expected = [pass.batch, sampleCount - 1, 4] + size
            precondition(given.shape == expected, "LinearizedSampler: found normals of the shape \(given.shape), expected \(expected)")
            let stride = (sampleCount - 1) * 4 * size[0] * size[1]
            return given.cast(to: Scalar.self).withScalars { given in
                body(&options) { target in
                    warp_noise(key: warp_noise_key(), given: given.baseAddress! + target * stride, shared: isShared)
                }
            }
        }
    }
}

extension LinearizedSampler.Bias {
    fileprivate var raw: warp_bias {
        switch self {
        case .included: warp_bias_height
        case .excluded: warp_bias_none
        case .mean: warp_bias_mean
        }
    }
}
