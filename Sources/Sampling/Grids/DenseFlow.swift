import LinearAlgebra
import Tensors

// Dense flow: every pixel of the target has a displacement of its own, as optical flow has it.

extension SamplingGrid {
    /// Samples an image displaced by a dense flow: the pixel (x, y) of the target at (x + u, y + v) of the source. A flow of zeros is the
    /// identity.
    ///
    /// - Parameters:
    ///   - flow: [N, H, W, 2]: u to the right and v down, in pixels; may require gradients. Of the form of `points`: one of the form
    ///     [N, 2, H, W], as a convolution gives it, is `permuted([0, 2, 3, 1])`.
    ///   - alignCorners: As the sampler's. The source has the size of the flow.
    public init(flow: Tensor<Scalar>, alignCorners: Bool = false) {
        precondition(
            flow.rank == 4 && flow.shape[3] == 2, "SamplingGrid: found a flow of the shape \(flow.shape), expected [N, H, W, 2]")
        let (height, width) = (flow.shape[1], flow.shape[2])
        self = SamplingGrid(.identity, height: height, width: width, alignCorners: alignCorners)
            .displaced(by: flow, source: (height, width))
    }

    /// The same positions, each displaced by a flow: what is left after a coarser transformation, say. Differentiable by both.
    ///
    /// - Parameters:
    ///   - flow: [N, H, W, 2], u to the right and v down, in pixels of the source; N is the grid's batch, or one of the two is 1.
    ///   - source: The source's size in pixels. `alignCorners` is taken to hold for it as it does for the target.
    public func displaced(by flow: Tensor<Scalar>, source: (height: Int, width: Int)) -> SamplingGrid {
        precondition(
            flow.rank == 4 && flow.shape[1...] == [height, width, 2] && (flow.shape[0] == batch || flow.shape[0] == 1 || batch == 1),
            "displaced: found a flow of the shape \(flow.shape) for \(batch) targets, expected [N, \(height), \(width), 2], N as many or 1")
        let pitch = sourcePitch(source, alignCorners: alignCorners)
        // Rows as a whole: broadcasting along an axis of two would be a loop of two for each pixel.
        let row = Tensor<Scalar>((0..<width).flatMap { _ in [Scalar(pitch.x), Scalar(pitch.y)] })
        let displaced = points.reshaped([batch, height, 2 * width]) + flow.reshaped([flow.shape[0], height, 2 * width]) * row
        let count = displaced.shape[0]
        return SamplingGrid(
            .points(displaced.reshaped([count, height, width, 2])), height, width, alignCorners,
            images: images.map { images in (0..<count).map { images[images.count == 1 ? 0 : $0] } })
    }
}
