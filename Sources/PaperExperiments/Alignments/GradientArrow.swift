import Foundation
import LinWarp

/// The negative gradient of the mean squared difference by the place of a window.
struct GradientArrow {
    /// The window's distance from where it belongs, in normalized source coordinates.
    let place: (x: Double, y: Double)
    /// Of length 1, in pixels; not a number where the gradient is zero.
    let direction: SIMD2<Double>
    /// From the way back, in radians.
    let angle: Double

    /// - Parameters:
    ///   - place: Where the window is.
    ///   - window: From normalized target to normalized source coordinates, where it belongs.
    ///   - source: [1, C, H, W], as the sampler prepares it.
    ///   - target: [1, C, h, w].
    ///   - sampler: Gives the gradient.
    ///   - outside: What pixels outside of the source count for; they are black.
    ///   - call: Tells the noise of different places apart.
    init(
        at place: (x: Double, y: Double), of window: Matrix3, source: Tensor<Float>, target: Tensor<Float>, sampler: any Sampler,
        outside: OutsidePixels, call: Int
    ) {
        let matrix = .translation(place.x, place.y) * window
        let moves = TransformationFamily.translation.matrixDerivatives([0, 0])
        let gradient = AlignmentObjective(source: source, target: target, outside: outside)
            .evaluate(matrix, moves, sampler: sampler, call: call).gradient
        // From normalized coordinates to pixels, where both axes have one unit.
        let half = SIMD2(Double(source.shape[3]), Double(source.shape[2])) / 2
        let way = -SIMD2(place.x, place.y) * half
        let down = -SIMD2(gradient[0], gradient[1]) / half
        self.place = place
        direction = down / (down * down).sum().squareRoot()
        let cosine = (way * direction).sum() / (way * way).sum().squareRoot()
        angle = acos(min(1, max(-1, cosine)))
    }
}
