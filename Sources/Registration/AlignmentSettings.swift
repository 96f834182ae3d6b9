import LinearAlgebra
import Sampling
import Tensors

/// What `align` looks for, and where.
public struct AlignmentSettings: Sendable {
    /// Where a search begins.
    public enum Start: Sendable, Equatable {
        /// Nowhere: every turn, scales from a quarter to four, any shift that leaves about four tenths in common.
        case search
        /// At a matrix from normalized target to normalized source coordinates, of which the family's nearest is taken, and around it: turns up
        /// to 120°, scales from a half to two, shifts by a quarter of the source's height.
        case matrix(Matrix3)
        /// At a matrix, and nowhere else: the fastest, for images that lie close to where they are thought to be.
        case only(Matrix3)

        /// Where it begins, if that is known.
        var matrix: Matrix3? {
            switch self {
            case .search: nil
            case .matrix(let matrix), .only(let matrix): matrix
            }
        }
    }

    /// What of the images is compared where a start is looked for.
    public enum Comparison: String, CaseIterable, Sendable, Codable {
        /// Intensity; structure, where that finds nothing that can be trusted.
        case auto
        /// Gradients with their direction: brighter stays brighter, or all becomes darker.
        case intensity
        /// Gradients without their sign, as for images of different sensors.
        case structure
    }

    /// The family that is searched.
    public var family: TransformationFamily
    /// Where to look.
    public var start: Start
    /// What of the images starts are looked for by.
    public var comparing: Comparison
    /// Which pixels of the source count, [H, W]: those above one half. Pixels that are not finite never count.
    public var sourceMask: Tensor<Float>?
    /// The same of the target, [h, w].
    public var targetMask: Tensor<Float>?
    /// Searches by a sampler's slopes instead, from a start and as the paper does: then nothing else here counts but the family.
    public var sampled: SampledSearch?

    /// - Parameters:
    ///   - family: The family that is searched. One with more parameters needs more that the images have in common.
    ///   - start: Where to look; the default is everywhere.
    ///   - comparing: What is compared where a start is looked for; `.structure` for images of different sensors.
    ///   - sourceMask: Which pixels of the source count, [H, W]: those above one half. Nil for all.
    ///   - targetMask: The same of the target, [h, w].
    public init(
        family: TransformationFamily = .affine, start: Start = .search, comparing: Comparison = .auto, sourceMask: Tensor<Float>? = nil,
        targetMask: Tensor<Float>? = nil
    ) {
        self.family = family
        self.start = start
        self.comparing = comparing
        self.sourceMask = sourceMask
        self.targetMask = targetMask
    }

    /// The paper's search (Jiang et al., ICCV 2019): by a sampler's slopes, from one start, comparing intensities as they are. The parameters
    /// act in units of half each image's height.
    ///
    /// - Parameters:
    ///   - family: The family that is searched.
    ///   - sampler: How the source is sampled; the default is the linearized one, regularized by one squared source pixel.
    ///   - optimizer: How the parameters are improved.
    ///   - initial: Where it starts: the family's nearest to this matrix from normalized target to normalized source coordinates.
    ///   - iterations: The most iterations.
    ///   - tolerance: It has converged once an iteration moves no corner of the target by more than this, in normalized source coordinates.
    public static func paper(
        family: TransformationFamily = .affine, sampler: any Sampler = LinearizedSampler(regularization: 1),
        optimizer: SampledSearch.Optimizer = .levenbergMarquardt(), initial: Matrix3 = .identity, iterations: Int = 60,
        tolerance: Double = 1e-5
    ) -> AlignmentSettings {
        precondition(iterations >= 0, "AlignmentSettings.paper: found \(iterations) iterations, expected at least 0")
        var settings = AlignmentSettings(family: family)
        settings.sampled = SampledSearch(
            sampler: sampler, optimizer: optimizer, initial: initial, iterations: iterations, tolerance: tolerance)
        return settings
    }
}
