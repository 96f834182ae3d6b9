import LinearAlgebra
import Tensors

/// A way to read an image [N, C, H, W] between its pixels, with a gradient by the position.
///
/// A network or an optimizer takes any sampler. Positions are a `SamplingGrid`; image and grid have the same batch, or one of them has a
/// batch of 1, which then serves all - also none, where the other's batch is 0; a grid of boxes says itself which image each is of. `call`
/// tells the calls of a sampler that draws noise from each other: pass the training step, say.
public protocol Sampler: Sendable {
    /// What -1 and 1 mean in the source: the centres of its border pixels, or their outer edges.
    var alignCorners: Bool { get }

    /// What the sampler computes once an image, whatever the positions. Differentiable by the image.
    func prepare<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) -> Tensor<Scalar>

    /// The sampled values and their slopes by the position, for a prepared image; the slopes are nil where they are not asked for.
    func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar>

    /// Whether the gradient by the grid takes the slopes that the forward pass computed; else it computes what it needs anew.
    var keepsSlopes: Bool { get }

    /// The gradient by the grid's matrices or points from the gradient by the sampled values, [N, C, h, w].
    ///
    /// - Parameters:
    ///   - cotangent: The gradient by the sampled values.
    ///   - slopes: Those of the forward pass; nil where the sampler does not keep them.
    ///   - image: The prepared image.
    ///   - grid: Where it was sampled.
    func gridGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, slopes: (u: Tensor<Scalar>, v: Tensor<Scalar>)?, ofPrepared image: Tensor<Scalar>,
        at grid: SamplingGrid<Scalar>
    ) -> Tensor<Scalar>

    /// Whether gradients flow to the image.
    var propagatesToImage: Bool { get }

    /// The gradient by the prepared image from the gradient by the sampled values, [N, C, h, w].
    func preparedImageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int
    ) -> Tensor<Scalar>

    /// Whether the samples are scattered by noise of a settable width.
    var drawsNoise: Bool { get }

    /// The same sampler with noise of `sigma` target pixels; samplers without noise are themselves.
    func withNoise(sigma: Double) -> Self

    /// The same sampler for a part of a batch that begins with image `first`: it draws the noise that the whole batch would get there.
    func withFirstImage(_ first: Int) -> Self

    /// The same sampler with the image's values at the very positions, not blurred by the noise; samplers without noise are themselves.
    var unblurred: Self { get }
}

/// Sampled values with their first-order change: value + slopeU · du + slopeV · dv.
public struct Linearization<Scalar: FloatingScalar>: Sendable {
    /// [N, C, h, w].
    public var values: Tensor<Scalar>
    /// ∂value/∂u and ∂value/∂v, by normalized source coordinates; [N, C, h, w] each.
    public var slopeU, slopeV: Tensor<Scalar>?
}

extension Sampler {
    public func prepare<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) -> Tensor<Scalar> { image }

    public var keepsSlopes: Bool { true }

    public func gridGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, slopes: (u: Tensor<Scalar>, v: Tensor<Scalar>)?, ofPrepared image: Tensor<Scalar>,
        at grid: SamplingGrid<Scalar>
    ) -> Tensor<Scalar> {
        guard let slopes else { preconditionFailure("gridGradient: found no slopes, expected those of the forward pass") }
        // The slopes are by normalized coordinates: padding and corners do not matter any more.
        let pass = SamplingPass("gridGradient", image, grid, .zeros, alignCorners: false)
        return slopes.u.withScalars { u in
            slopes.v.withScalars { v in
                pass.gridGradient(cotangent) { run, source, grid, cotangent, gradient in
                    let place = run.target * pass.channels * pass.pixels + run.first
                    Scalar.kernels.slope_gradient(
                        source, grid, Int32(run.first), Int32(run.count), u.baseAddress! + place, v.baseAddress! + place, cotangent,
                        pass.pixels, gradient)
                }
            }
        }
    }

    public var drawsNoise: Bool { false }

    public func withNoise(sigma: Double) -> Self { self }

    public func withFirstImage(_ first: Int) -> Self { self }

    public var unblurred: Self { self }

    /// The image sampled at the grid: [N, C, h, w]. Differentiable by the grid's matrices or points and, where the sampler propagates to
    /// it, by the image.
    public func sample<Scalar: FloatingScalar>(
        _ image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int = 0
    ) -> Tensor<Scalar> {
        let image = propagatesToImage ? prepare(image) : prepare(image.stopGradient())
        let variable = grid.variable
        let (constantImage, constantGrid) = (image.stopGradient(), grid.stopGradient())
        let result = linearization(
            ofPrepared: constantImage, at: constantGrid, call: call, slopes: keepsSlopes && variable.requiresGradient)
        let (slopeU, slopeV) = (result.slopeU, result.slopeV)
        return result.values.recorded(from: [image, variable]) { cotangent, isNeeded in
            var gradients: [Tensor<Scalar>?] = [nil, nil]
            if isNeeded[0] {
                gradients[0] = preparedImageGradient(cotangent, ofPrepared: constantImage, at: constantGrid, call: call)
            }
            if isNeeded[1] {
                let slopes = slopeU.flatMap { u in slopeV.map { v in (u, v) } }
                gradients[1] = gridGradient(cotangent, slopes: slopes, ofPrepared: constantImage, at: constantGrid)
            }
            return gradients
        }
    }

    /// Values and slopes directly, without recording: what a Gauss-Newton step needs.
    public func linearization<Scalar: FloatingScalar>(
        of image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int = 0
    ) -> Linearization<Scalar> {
        linearization(ofPrepared: prepare(image.stopGradient()), at: grid.stopGradient(), call: call, slopes: true)
    }
}

extension SamplingGrid {
    /// The same positions as constants.
    func stopGradient() -> SamplingGrid {
        let constant: Form =
            switch form {
            case .matrices(let matrices): .matrices(matrices.stopGradient())
            case .points(let points): .points(points.stopGradient())
            }
        return SamplingGrid(constant, height, width, alignCorners, images: images)
    }
}
