import LinearAlgebra
import Tensors

/// The paper's multi-scale baseline: the image and Gaussian blurs of it, sampled bilinearly and averaged.
///
/// Bilinear sampling is linear in the image, so the average of the samples is one sample of the averaged images: they are averaged once,
/// by `prepare`.
public struct MultiScaleSampler: Sampler {
    /// Standard deviations of the blurs, in source pixels.
    public var sigmas: [Double]
    private var bilinear: BilinearSampler

    /// - Parameters:
    ///   - sigmas: Standard deviations of the blurs, in source pixels. The image itself is averaged with them.
    ///   - padding: What a sample outside of the image is.
    ///   - alignCorners: Whether -1 and 1 are the centres of the source's border pixels, instead of their outer edges.
    ///   - propagatesToImage: Whether gradients flow to the image.
    public init(sigmas: [Double] = [1, 5, 10], padding: Padding = .zeros, alignCorners: Bool = false, propagatesToImage: Bool = true) {
        precondition(
            sigmas.allSatisfy { $0 > 0 && $0.isFinite }, "MultiScaleSampler: found sigmas of \(sigmas), expected positive ones")
        self.sigmas = sigmas
        bilinear = BilinearSampler(padding: padding, alignCorners: alignCorners, propagatesToImage: propagatesToImage)
    }

    public var alignCorners: Bool { bilinear.alignCorners }

    public var propagatesToImage: Bool { bilinear.propagatesToImage }

    public func prepare<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) -> Tensor<Scalar> {
        let levels = sigmas.map { gaussianBlur(image, sigma: $0) }
        return levels.reduce(image, +) / Scalar(sigmas.count + 1)
    }

    public func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar> {
        bilinear.linearization(ofPrepared: image, at: grid, call: call, slopes: slopes)
    }

    public var keepsSlopes: Bool { bilinear.keepsSlopes }

    public func gridGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, slopes: (u: Tensor<Scalar>, v: Tensor<Scalar>)?, ofPrepared image: Tensor<Scalar>,
        at grid: SamplingGrid<Scalar>
    ) -> Tensor<Scalar> {
        bilinear.gridGradient(cotangent, slopes: slopes, ofPrepared: image, at: grid)
    }

    public func preparedImageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int
    ) -> Tensor<Scalar> {
        bilinear.preparedImageGradient(cotangent, ofPrepared: image, at: grid, call: call)
    }
}
