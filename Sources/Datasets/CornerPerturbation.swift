import LinearAlgebra
import Sampling
import Tensors

/// Random homographies that move the corners of images: how Lin and Lucey (Inverse Compositional Spatial Transformer Networks, CVPR 2017)
/// perturb MNIST, which the paper's section A.2 follows.
///
/// Each corner moves by itself, and all of them by the same in addition: Gaussian, along x in proportion to the image's width, along y to
/// its height. The homography that takes the corners along is where the new image samples the old one. Beyond the old one is black.
public struct CornerPerturbation: Sendable {
    /// Different seeds perturb differently: use one to train and another to test.
    public var seed: UInt64
    /// The standard deviation of each corner's own movement, as a fraction of the image's size.
    public var corners: Double
    /// The standard deviation of the common movement, as a fraction of the image's size.
    public var translation: Double

    /// The standard deviations are the publication's unless others are given.
    public init(seed: UInt64, corners: Double = 0.125, translation: Double = 0.125) {
        precondition(
            corners >= 0 && translation >= 0,
            "CornerPerturbation: found the deviations \(corners) and \(translation), expected none below 0")
        self.seed = seed
        self.corners = corners
        self.translation = translation
    }

    /// The images [N, C, H, W], each warped by a homography that the seed and its index give: the same whatever images it comes with.
    public func perturbed(_ images: Tensor<Float>, indices: some Sequence<Int>) -> Tensor<Float> {
        let matrices = indices.map(matrix)
        precondition(
            images.rank == 4 && images.shape[0] == matrices.count,
            "perturbed: found images of the shape \(images.shape) and \(matrices.count) indices, expected [N, C, H, W] and N")
        let grid = SamplingGrid(matrices: Tensor<Float>.matrices(matrices), height: images.shape[2], width: images.shape[3])
        return BilinearSampler().sample(images, at: grid)
    }

    /// The homography for an index, between normalized coordinates.
    public func matrix(_ index: Int) -> Matrix3 {
        var source = RandomSource(seed: seed, purpose: .perturbation, index: index)
        while true {
            let draws = Tensor<Double>.normal([10], from: &source).scalars
            // Normalized coordinates are two to the image's size.
            let moved = zip(Matrix3.identity.corners, 0...).map { corner, i in
                (
                    x: corner.x + 2 * (corners * draws[i] + translation * draws[8]),
                    y: corner.y + 2 * (corners * draws[4 + i] + translation * draws[9])
                )
            }
            // Four corners in any other arrangement would fold the image over. That happens about once in 10^5 draws.
            if isConvex(moved) { return homography(to: moved) }
        }
    }

    /// Whether each corner turns the way that the target's corners turn.
    private func isConvex(_ corners: [(x: Double, y: Double)]) -> Bool {
        (0..<4).allSatisfy { i in
            let (a, b, c) = (corners[i], corners[(i + 1) % 4], corners[(i + 2) % 4])
            return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x) > 0
        }
    }

    /// The homography that takes the four corners of the target to the given ones, in the order of `Matrix3.corners`.
    ///
    /// In closed form from the unit square (Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989).
    private func homography(to p: [(x: Double, y: Double)]) -> Matrix3 {
        let (right, below) = ((x: p[1].x - p[2].x, y: p[1].y - p[2].y), (x: p[3].x - p[2].x, y: p[3].y - p[2].y))
        let skew = (x: p[0].x - p[1].x + p[2].x - p[3].x, y: p[0].y - p[1].y + p[2].y - p[3].y)
        let determinant = right.x * below.y - below.x * right.y
        let g = (skew.x * below.y - below.x * skew.y) / determinant
        let h = (right.x * skew.y - skew.x * right.y) / determinant
        let fromUnitSquare = Matrix3([
            p[1].x - p[0].x + g * p[1].x, p[3].x - p[0].x + h * p[3].x, p[0].x,
            p[1].y - p[0].y + g * p[1].y, p[3].y - p[0].y + h * p[3].y, p[0].y,
            g, h, 1,
        ])
        return fromUnitSquare * Matrix3([0.5, 0, 0.5, 0, 0.5, 0.5, 0, 0, 1])
    }
}
