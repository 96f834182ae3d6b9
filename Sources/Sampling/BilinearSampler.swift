import LinearAlgebra
import Tensors

/// Bilinear interpolation: four nearest pixels, whatever the transformation (Eq. 1; PyTorch's `grid_sample`).
///
/// Convention: images [N, C, H, W], coordinates normalized, x right, y down. With `alignCorners` false (the default) -1 and 1 are the
/// outer edges of the source's border pixels; with true, the centres of its border pixels. A coordinate that is not a number gives the
/// padding's value (zero; for the other paddings the pixel at the upper left) and zero gradients.
///
/// ``InterleavedImages``, [N, H, W, C], are sampled where they are: a pixel's channels are side by side in memory, which is faster than planes
/// where images are larger than the caches.
public struct BilinearSampler: Sampler {
    /// What a sample outside of the image is.
    public var padding: Padding
    /// What -1 and 1 mean in the source: the outer edges of the border pixels, or (true) their centres.
    public var alignCorners: Bool
    /// Whether gradients flow to the image.
    public var propagatesToImage: Bool

    /// - Parameters:
    ///   - padding: What a sample outside of the image is.
    ///   - alignCorners: Whether -1 and 1 are the centres of the source's border pixels, instead of their outer edges.
    ///   - propagatesToImage: Whether gradients flow to the image; without, the way back is shorter.
    public init(padding: Padding = .zeros, alignCorners: Bool = false, propagatesToImage: Bool = true) {
        self.padding = padding
        self.alignCorners = alignCorners
        self.propagatesToImage = propagatesToImage
    }

    public func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar> {
        pass(image, grid).run(slopes: slopes) { run, source, grid, results in
            Scalar.kernels.bilinear(source, grid, Int32(run.first), Int32(run.count), results)
        }
    }

    public var keepsSlopes: Bool { false }

    public func gridGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, slopes: (u: Tensor<Scalar>, v: Tensor<Scalar>)?, ofPrepared image: Tensor<Scalar>,
        at grid: SamplingGrid<Scalar>
    ) -> Tensor<Scalar> {
        let pass = pass(image, grid)
        return pass.gridGradient(cotangent) { run, source, grid, cotangent, gradient in
            Scalar.kernels.bilinear_gradient(source, grid, Int32(run.first), Int32(run.count), cotangent, pass.pixels, gradient)
        }
    }

    public func preparedImageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int
    ) -> Tensor<Scalar> {
        let pass = pass(image, grid)
        return pass.scatter(cotangent) { _, shape, grid, cotangent, gradient in
            Scalar.kernels.bilinear_scatter(shape, grid, 0, Int32(pass.pixels), cotangent, pass.pixels, gradient)
        }
    }

    /// The images sampled at the grid: [N, C, h, w], planes as every sampler gives them. Differentiable by the grid's matrices or points; there is
    /// no gradient by the images.
    public func sample<Scalar: FloatingScalar>(_ images: InterleavedImages, at grid: SamplingGrid<Scalar>) -> Tensor<Scalar> {
        let pass = pass(images, grid.stopGradient())
        let result = pass.run(slopes: false) { run, source, grid, results in
            Scalar.kernels.bilinear_interleaved(
                source, images.elements, grid, Int32(run.first), Int32(run.count), results.pointee.values, results.pointee.stride)
        }
        return result.values.recorded(from: [grid.variable]) { cotangent, _ in
            let gradient = pass.gridGradient(cotangent) { run, source, grid, cotangent, gradient in
                Scalar.kernels.bilinear_interleaved_gradient(
                    source, images.elements, grid, Int32(run.first), Int32(run.count), cotangent, pass.pixels, gradient)
            }
            return [gradient]
        }
    }

    private func pass<Scalar: FloatingScalar>(_ image: any PixelMemory, _ grid: SamplingGrid<Scalar>) -> SamplingPass<Scalar> {
        SamplingPass("BilinearSampler", image, grid, padding, alignCorners: alignCorners)
    }
}
