import LinearAlgebra
import Tensors

/// [N, ...] to [N, features].
public struct FlattenLayer: Module {
    /// It has no parameters; images stay apart, whatever their number.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(x.rank >= 1, "FlattenLayer: found \(x.shape), expected [N, ...]")
        // Not inferred, as that needs at least one image.
        return x.reshaped([x.shape[0], x.shape[1...].reduce(1, *)])
    }
}

/// Brings 0...1 to -1...1. Inputs that are all positive push a first layer's weights the same way, and ReLUs behind it die.
public struct CenteringLayer: Module {
    /// It has no parameters, and takes tensors of any shape.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        x * 2 - 1
    }
}

/// In training each element is 0 with a probability, and scaled up otherwise, so that its mean stays; elsewhere nothing happens.
public struct DropoutLayer: Module {
    /// With which an element is dropped, 0..<1.
    public let probability: Double

    /// - Parameter probability: With which an element is dropped, 0..<1; at 0 nothing happens.
    public init(probability: Double = 0.5) {
        precondition((0..<1).contains(probability), "DropoutLayer: found a probability of \(probability), expected 0 to below 1")
        self.probability = probability
    }

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        guard context.isTraining && probability > 0 else { return x }
        let draws = Tensor<Scalar>.uniform(x.shape, in: 0..<1, from: &context.random)
        return x * ((draws .>= Scalar(probability)) * Scalar(1 / (1 - probability)))
    }
}
