import LinearAlgebra
import Sampling
import Tensors

/// A spatial transformer (Jaderberg et al., 2015), or an inverse compositional one (Lin & Lucey, 2017): predicts how to transform an image, and
/// transforms it.
///
/// With one step it predicts once. With several it predicts from the image transformed so far, composes, and samples the *original* image again
/// with the composed transformation, with the same weights each time.
public struct SpatialTransformer: Module {
    /// Predicts a family's parameters [N, P] from images.
    public let predictor: any Module
    /// What it transforms by.
    public let family: TransformationFamily
    /// How the transformed image is read.
    public let sampler: any Sampler
    /// How often it predicts.
    public let steps: Int
    /// The side of the result, in pixels.
    public let side: Int

    /// - Parameters:
    ///   - predictor: Predicts the family's parameters [N, P] from images [N, C, H, W]. Zeros are the identity: let its last
    ///     layer begin with them.
    ///   - family: What it transforms by.
    ///   - sampler: How the transformed image is read.
    ///   - steps: How often it predicts, at least once.
    ///   - side: Of the result, which is square, in pixels.
    public init(predictor: any Module, family: TransformationFamily, sampler: any Sampler, steps: Int, side: Int) {
        precondition(steps >= 1 && side >= 1, "SpatialTransformer: found \(steps) steps and a side of \(side), expected at least 1 of each")
        self.predictor = predictor
        self.family = family
        self.sampler = sampler
        self.steps = steps
        self.side = side
    }

    public var specifications: [ParameterSpecification] { predictor.specifications }

    /// [N, C, H, W] to [N, C, side, side].
    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        sampled(x, at: matrices(x, &context), side, side, call: steps, context)
    }

    /// The matrices [N, 3, 3] that it predicts, from normalized target to normalized source coordinates.
    public func matrices<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        var matrices = Transformation(family, parameters: predictor(x, &context)).matrices
        for step in 1..<max(1, steps) {
            // Predictions are made at the original size, whatever the size of the result.
            let moved = sampled(x, at: matrices, x.shape[2], x.shape[3], call: step, context)
            matrices = matmul(matrices, Transformation(family, parameters: predictor(moved, &context)).matrices)
        }
        return matrices
    }

    private func sampled<Scalar: FloatingScalar>(
        _ x: Tensor<Scalar>, at matrices: Tensor<Scalar>, _ height: Int, _ width: Int, call: Int, _ context: Context<Scalar>
    ) -> Tensor<Scalar> {
        // Each sampling of a step draws noise of its own.
        sampler.withFirstImage(context.firstImage).sample(
            x, at: SamplingGrid(matrices: matrices, height: height, width: width), call: context.call * (steps + 1) + call)
    }
}
