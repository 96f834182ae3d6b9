import LinearAlgebra
import Tensors

/// Bilinear interpolation: four nearest pixels, whatever the transformation (Eq. 1; PyTorch's `grid_sample`).
///
/// Convention: images [N, C, H, W], coordinates normalized, x right, y down. With `alignCorners` false (the default) -1 and 1 are the
/// outer edges of the source's border pixels; with true, the centres of its border pixels. A coordinate that is not a number gives the
/// padding's value (zero; for the other paddings the pixel at the upper left) and zero gradients.
public struct BilinearSampler: Sampler {
    public var padding: Padding
    public var alignCorners: Bool
    /// Whether gradients flow to the image.
    public var propagatesToImage: Bool

    public init(padding: Padding = .zeros, alignCorners: Bool = false, propagatesToImage: Bool = true) {
        self.padding = padding
        self.alignCorners = alignCorners
        self.propagatesToImage = propagatesToImage
    }

    public func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar> {
        SamplingPass("BilinearSampler", image, grid, padding, alignCorners: alignCorners).run(slopes: slopes) {
            source, _, _, points, run in
            Scalar.kernels.bilinear(source, points, run)
        }
    }

    public func preparedImageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int
    ) -> Tensor<Scalar> {
        let pass = SamplingPass("BilinearSampler", image, grid, padding, alignCorners: alignCorners)
        return pass.scatter(cotangent) { shape, _, _, points, cotangent, gradient in
            Scalar.kernels.bilinear_scatter(shape, points, cotangent, pass.pixels, gradient)
        }
    }
}
