import LinearAlgebra
import Tensors

/// A way to read an image [N, C, H, W] between its pixels, with a gradient by the position.
///
/// A network or an optimizer takes any sampler. Positions are a `SamplingGrid`; image and grid have the same batch, or one of them has a
/// batch of 1, which then serves all. `call` tells the calls of a sampler that draws noise from each other: pass the training step, say.
public protocol Sampler: Sendable {
    /// What the sampler computes once an image, whatever the positions. Differentiable by the image.
    func prepare<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) -> Tensor<Scalar>

    /// The sampled values and their slopes by the position, for a prepared image; the slopes are nil where they are not asked for.
    func linearization<Scalar: FloatingScalar>(
        ofPrepared image: Tensor<Scalar>, at grid: SamplingGrid<Scalar>, call: Int, slopes: Bool
    ) -> Linearization<Scalar>

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
        let result = linearization(ofPrepared: constantImage, at: constantGrid, call: call, slopes: variable.requiresGradient)
        let (slopeU, slopeV) = (result.slopeU, result.slopeV)
        return result.values.recorded(from: [image, variable]) { cotangent, isNeeded in
            var gradients: [Tensor<Scalar>?] = [nil, nil]
            if isNeeded[0] {
                gradients[0] = preparedImageGradient(cotangent, ofPrepared: constantImage, at: constantGrid, call: call)
            }
            if isNeeded[1], let slopeU, let slopeV {
                let byPoints = pointGradient(cotangent, slopeU, slopeV)
                gradients[1] = constantGrid.gradient(byPoints: byPoints.summed(overBatchTo: constantGrid.batch))
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
        switch form {
        case .matrices(let m): SamplingGrid(matrices: m.stopGradient(), height: height, width: width, alignCorners: alignCorners)
        case .points(let p): SamplingGrid(points: p.stopGradient(), alignCorners: alignCorners)
        }
    }
}

extension Tensor {
    /// The sum over the first axis where `batch` is 1 and that axis is longer; else the tensor itself.
    fileprivate func summed(overBatchTo batch: Int) -> Tensor {
        guard shape[0] != batch else { return self }
        var sum = Tensor.zeros([1] + shape[1...])
        let size = sum.count
        sum.withMutableScalars { sum in
            withScalars { all in
                for n in 0..<shape[0] { for i in 0..<size { sum[i] += all[n * size + i] } }
            }
        }
        return sum
    }
}

/// [N, h, w, 2]: the sum over the channels of cotangent times slope.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func pointGradient<Scalar: FloatingScalar>(
    _ cotangent: Tensor<Scalar>, _ slopeU: Tensor<Scalar>, _ slopeV: Tensor<Scalar>
) -> Tensor<Scalar> {
    let (batch, channels, height, width) = (cotangent.shape[0], cotangent.shape[1], cotangent.shape[2], cotangent.shape[3])
    let pixels = height * width
    return Tensor(shape: [batch, height, width, 2]) { out in
        cotangent.withScalars { g in
            slopeU.withScalars { su in
                slopeV.withScalars { sv in
                    let (g, su, sv, out) = (g.baseAddress!, su.baseAddress!, sv.baseAddress!, out.baseAddress!)
                    Threads.forEachPiece(of: batch * pixels, size: 8192) { piece in
                        for i in piece {
                            let (n, pixel) = (i / pixels, i % pixels)
                            var (u, v): (Scalar, Scalar) = (0, 0)
                            for c in 0..<channels {
                                let j = (n * channels + c) * pixels + pixel
                                u += g[j] * su[j]
                                v += g[j] * sv[j]
                            }
                            (out + 2 * i).initialize(to: u)
                            (out + 2 * i + 1).initialize(to: v)
                        }
                    }
                }
            }
        }
    }
}
