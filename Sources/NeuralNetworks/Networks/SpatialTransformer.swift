import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// A spatial transformer (Jaderberg et al., 2015), or an inverse compositional one (Lin & Lucey, 2017): predicts how to transform an image, and
/// transforms it.
///
/// With one step it predicts once. With several it predicts from the image transformed so far, composes, and samples the *original* image again
/// with the composed transformation, with the same weights each time.
///
/// Where the context says where to begin, the image is seen from there, and the predictions come on top: an image of which a part would be lost
/// by warping it before is sampled whole (as Lin and Lucey's published code does with perturbed digits).
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
    /// The largest log₂ of a scale that a step predicts, up or down; nil for any.
    ///
    /// A predicted s becomes b·tanh(s/b): near the identity it stays what it is, and however far predictions run, the view stays between 2⁻ᵇ and
    /// 2ᵇ of the image a step. Samples outside of the image count for nothing, so that a view that shrinks to a point meets no resistance.
    public let scaleBound: Double?
    /// Of the sampler's noise, by `Context.call`, while the network is trained; nil leaves it as it is.
    public let sigma: SigmaSchedule?

    /// - Parameters:
    ///   - predictor: Predicts the family's parameters [N, P] from images [N, C, H, W]. Zeros are the identity: let its last
    ///     layer begin with them.
    ///   - family: What it transforms by.
    ///   - sampler: How the transformed image is read.
    ///   - steps: How often it predicts, at least once.
    ///   - side: Of the result, which is square, in pixels.
    ///   - scaleBound: The largest log₂ of a scale that a step predicts, for families that have scales among their parameters; nil for any.
    ///   - sigma: Of the sampler's noise, by `Context.call`, while the network is trained; nil leaves it as it is.
    public init(
        predictor: any Module, family: TransformationFamily, sampler: any Sampler, steps: Int, side: Int, scaleBound: Double? = nil,
        sigma: SigmaSchedule? = nil
    ) {
        precondition(steps >= 1 && side >= 1, "SpatialTransformer: found \(steps) steps and a side of \(side), expected at least 1 of each")
        precondition(
            scaleBound.map { $0 > 0 && !family.logScales.isEmpty } ?? true,
            "SpatialTransformer: found a scale bound of \(scaleBound ?? 0) for \(family), expected more than 0, and a family with scales")
        self.predictor = predictor
        self.family = family
        self.sampler = sampler
        self.steps = steps
        self.side = side
        self.scaleBound = scaleBound
        self.sigma = sigma
    }

    public var specifications: [ParameterSpecification] { predictor.specifications }

    /// [N, C, H, W] to [N, C, side, side].
    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        sampled(x, at: matrices(x, &context), side, side, call: steps, context)
    }

    /// The matrices [N, 3, 3] that it predicts, from normalized target to normalized source coordinates.
    public func matrices<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        var matrices = context.starts
        for step in 0..<steps {
            // Predictions are made at the original size, whatever the size of the result.
            let seen = matrices.map { sampled(x, at: $0, x.shape[2], x.shape[3], call: step, context) } ?? x
            let predicted = predicted(seen, &context).matrices
            matrices = matrices.map { matmul($0, predicted) } ?? predicted
        }
        return matrices!
    }

    private func predicted<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Transformation<Scalar> {
        let parameters = predictor(x, &context)
        guard let scaleBound else { return Transformation(family, parameters: parameters) }
        let isScale = Tensor((0..<family.parameterCount).map { family.logScales.contains($0) ? Scalar(1) : 0 })
        let bounded = (parameters / Scalar(scaleBound)).tanh() * Scalar(scaleBound)
        return Transformation(family, parameters: parameters * (1 - isScale) + bounded * isScale)
    }

    private func sampled<Scalar: FloatingScalar>(
        _ x: Tensor<Scalar>, at matrices: Tensor<Scalar>, _ height: Int, _ width: Int, call: Int, _ context: Context<Scalar>
    ) -> Tensor<Scalar> {
        // Each sampling of a step draws noise of its own.
        sampler.withNoise(of: sigma, context).withFirstImage(context.firstImage).sample(
            x, at: SamplingGrid(matrices: matrices, height: height, width: width), call: context.call * (steps + 1) + call)
    }
}

extension Sampler {
    /// The same sampler with noise as wide as it is at the step of training that the context says, if there is a schedule.
    func withNoise<Scalar: FloatingScalar>(of schedule: SigmaSchedule?, _ context: Context<Scalar>) -> Self {
        guard let schedule, context.isTraining else { return self }
        return withNoise(sigma: schedule.sigma(at: context.call))
    }
}

/// How large the views are that matrices [N, 3, 3] between normalized coordinates show, at their middle and along a side: the geometric mean of
/// all singular values of all Jacobians. Below 1 they zoom in.
public func meanScale<Scalar: FloatingScalar>(_ matrices: Tensor<Scalar>) -> Double {
    let logarithms = matrices.withScalars { elements in
        stride(from: 0, to: elements.count, by: 9).map { start in
            let matrix = Matrix3(elements[start..<start + 9].map { Double($0) })
            return log(abs(matrix.determinant) / pow(abs(matrix[2, 2]), 3)) / 2
        }
    }
    return exp(logarithms.reduce(0, +) / Double(max(1, logarithms.count)))
}
