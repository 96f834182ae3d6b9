import LinearAlgebra
import Tensors

// Many boxes of images in one call: RoI align (He et al., Mask R-CNN, ICCV 2017).

extension SamplingGrid {
    /// Samples boxes: the target's outer edges are those of its box. Nothing is rounded to whole pixels.
    ///
    /// - Parameters:
    ///   - boxes: [K, 4]: x0, y0, x1, y1 in source pixels, where 0 and the source's width or height are its outer edges; may require
    ///     gradients. A box with x1 below x0, or y1 below y0, is mirrored.
    ///   - images: The place in the batch of the image that each box is of.
    ///   - height: Of each target, in pixels.
    ///   - width: Of each target, in pixels.
    ///   - source: The images' size in pixels.
    ///   - alignCorners: The sampler's: what -1 and 1 mean in the source.
    public init(
        boxes: Tensor<Scalar>, images: [Int], height: Int, width: Int, source: (height: Int, width: Int), alignCorners: Bool = false
    ) {
        precondition(
            boxes.rank == 2 && boxes.shape[1] == 4 && boxes.shape[0] == images.count,
            "SamplingGrid: found boxes of the shape \(boxes.shape) and \(images.count) images, expected [K, 4] and an image for each box")
        // A box is a scaling and a translation: (x1 - x0) / 2 · x + (x0 + x1) / 2 in pixels, which the elements of a matrix are linear in.
        let pitch = sourcePitch(source, alignCorners: alignCorners)
        let (halfX, halfY) = (pitch.x / 2, pitch.y / 2)
        let byEdges: [Double] = [
            -halfX, 0, halfX, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, -halfY, halfY, 0, 0, 0,
            halfX, 0, halfX, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, halfY, halfY, 0, 0, 0,
        ]
        let offset: [Double] = [0, 0, -halfX * Double(source.width), 0, 0, -halfY * Double(source.height), 0, 0, 1]
        let matrices = matmul(boxes, Tensor(byEdges.map { Scalar($0) }, shape: [4, 9])) + Tensor(offset.map { Scalar($0) })
        self.init(.matrices(matrices.reshaped([images.count, 3, 3])), height, width, false, images: images)
    }
}

extension Sampler {
    /// Boxes of images, each at the same size: RoI align with any sampler. Differentiable by the boxes and, where the sampler propagates to
    /// it, by the image. No image is copied, however many boxes are of it.
    ///
    /// - Parameters:
    ///   - boxes: [K, 4]: x0, y0, x1, y1 in pixels of the image, where 0 and the image's width or height are its outer edges.
    ///   - image: [N, C, H, W].
    ///   - images: The place in the batch of the image that each box is of.
    ///   - height: Of each result, in pixels.
    ///   - width: Of each result, in pixels.
    ///   - samplingRatio: A pixel is the mean of so many samples along each of its axes; 2 as in Mask R-CNN. For samplers that average
    ///     themselves 1 does: the multi-scale one, and the linearized one, whose noise is measured in the pixels of the finer grid.
    ///   - call: As for `sample(_:at:call:)`.
    /// - Returns: [K, C, height, width].
    public func sample<Scalar: FloatingScalar>(
        boxes: Tensor<Scalar>, of image: Tensor<Scalar>, images: [Int], height: Int, width: Int, samplingRatio: Int = 2, call: Int = 0
    ) -> Tensor<Scalar> {
        precondition(image.rank == 4, "sample: found an image of the shape \(image.shape), expected [N, C, H, W]")
        precondition(samplingRatio >= 1, "sample: found a sampling ratio of \(samplingRatio), expected at least 1")
        let grid = SamplingGrid(
            boxes: boxes, images: images, height: height * samplingRatio, width: width * samplingRatio,
            source: (image.shape[2], image.shape[3]), alignCorners: alignCorners)
        let samples = sample(image, at: grid, call: call)
        let hasNoMeans = samplingRatio == 1 || samples.count == 0
        return hasNoMeans
            ? samples.reshaped([images.count, image.shape[1], height, width]) : areaAveraged(samples, height: height, width: width)
    }
}
