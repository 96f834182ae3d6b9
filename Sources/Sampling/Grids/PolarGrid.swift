import Glibc
import LinearAlgebra
import Tensors

// Polar and log-polar grids: rows are angles, columns are radii, as in OpenCV's `warpPolar`. A turn of the source about the centre becomes
// a shift along y, and in a log-polar grid a scaling becomes a shift along x.

extension SamplingGrid {
    /// Samples circles around a centre: each row of the target is a ray from the centre, each column a circle, true in pixels whatever the
    /// source's shape.
    ///
    /// The ranges span the target as -1...1 does: from edge to edge, so that the first pixel's centre lies half a step within, or, with
    /// `alignCorners`, from the centre of the first pixel to that of the last. (`warpPolar` has the beginning of both ranges at the centre of
    /// the first pixel, and their ends one pixel after the last.)
    ///
    /// - Parameters:
    ///   - centre: [N, 2]: x, y in normalized source coordinates; may require gradients.
    ///   - radii: [N, 2]: at the left and at the right, in source pixels; may require gradients. One of `centre` and `radii` may have a
    ///     batch of 1, which then serves all.
    ///   - angles: At the top and at the bottom, in radians, from x (right) towards y (down).
    ///   - height: Of the target: the number of angles.
    ///   - width: Of the target: the number of radii.
    ///   - source: The source's size in pixels.
    ///   - alignCorners: What -1 and 1 mean in the target, and in the source: as the sampler's.
    public static func polar(
        centre: Tensor<Scalar>, radii: Tensor<Scalar>, angles: ClosedRange<Double> = 0...2 * .pi, height: Int, width: Int,
        source: (height: Int, width: Int), alignCorners: Bool = false
    ) -> SamplingGrid {
        circles(centre, radii, angles, height, width, source, alignCorners) { $0 }
    }

    /// As `polar`, but with radii that grow by the same factor from column to column.
    ///
    /// Radii must be above 0: where one is not, positions are not numbers, which samplers take for the padding.
    public static func logPolar(
        centre: Tensor<Scalar>, radii: Tensor<Scalar>, angles: ClosedRange<Double> = 0...2 * .pi, height: Int, width: Int,
        source: (height: Int, width: Int), alignCorners: Bool = false
    ) -> SamplingGrid {
        circles(centre, radii.log(), angles, height, width, source, alignCorners) { $0.exp() }
    }

    /// Circles whose radii are what `radius` makes of numbers that change evenly from column to column, within `range`, [N, 2].
    private static func circles(
        _ centre: Tensor<Scalar>, _ range: Tensor<Scalar>, _ angles: ClosedRange<Double>, _ height: Int, _ width: Int,
        _ source: (height: Int, width: Int), _ alignCorners: Bool, _ radius: (Tensor<Scalar>) -> Tensor<Scalar>
    ) -> SamplingGrid {
        precondition(
            centre.rank == 2 && centre.shape[1] == 2 && range.rank == 2 && range.shape[1] == 2
                && (centre.shape[0] == range.shape[0] || centre.shape[0] == 1 || range.shape[0] == 1),
            "polar: found centres of the shape \(centre.shape) and radii of \(range.shape), expected [N, 2], N the same or 1")
        precondition(height >= 0 && width >= 0, "polar: found a target of \(height)x\(width) pixels, expected no negative size")
        let batch = centre.shape[0] == 1 ? range.shape[0] : centre.shape[0]
        let (across, down) = (steps(width, alignCorners), steps(height, alignCorners))
        let shares = Tensor<Scalar>(across.map { Scalar(1 - $0) } + across.map { Scalar($0) }, shape: [2, width])
        let pitch = sourcePitch(source, alignCorners: alignCorners)
        let axes = Tensor<Scalar>([Scalar(pitch.x), 0, 0, Scalar(pitch.y)], shape: [2, 1, 2])
        // A point is cos · (radius, 0) + sin · (0, radius) + the centre: one product of matrices for all rows and columns.
        let columns = concatenate(
            [
                (radius(matmul(range, shares)).reshaped([range.shape[0], 1, width, 1]) * axes).broadcast(to: [batch, 2, width, 2]),
                centre.reshaped([centre.shape[0], 1, 1, 2]).broadcast(to: [batch, 1, width, 2]),
            ], axis: 1)
        let rows = down.flatMap { step in
            let angle = angles.lowerBound + step * (angles.upperBound - angles.lowerBound)
            return [Scalar(cos(angle)), Scalar(sin(angle)), 1]
        }
        let points = matmul(Tensor(rows, shape: [height, 3]), columns.reshaped([batch, 3, 2 * width]))
        return SamplingGrid(points: points.reshaped([batch, height, width, 2]), alignCorners: alignCorners)
    }

    /// How far each pixel of an axis lies on the way from -1 to 1: 0...1.
    private static func steps(_ length: Int, _ alignCorners: Bool) -> [Double] {
        let axis = PixelAxis(length: length, alignCorners: alignCorners)
        return (0..<length).map { (axis.normalized(Double($0)) + 1) / 2 }
    }
}
