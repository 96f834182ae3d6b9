import LinearAlgebra
import Tensors

/// Negative numbers become 0.
public struct ReLULayer: Module {
    /// It has no parameters, and takes tensors of any shape.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> { x.relu() }
}

/// Negative numbers become `negativeSlope` times themselves (Maas et al., 2013), so that their gradient does not vanish.
public struct LeakyReLULayer: Module {
    /// What negative numbers are multiplied by.
    public let negativeSlope: Double

    /// It has no parameters, and takes tensors of any shape; 0.01 is PyTorch's default.
    public init(negativeSlope: Double = 0.01) { self.negativeSlope = negativeSlope }

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        x.leakyReLU(negativeSlope: Scalar(negativeSlope))
    }
}

/// The Gaussian error linear unit (Hendrycks & Gimpel, 2016), by the error function itself.
public struct GELULayer: Module {
    /// It has no parameters, and takes tensors of any shape.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> { x.gelu() }
}

/// The logistic function: 0...1.
public struct SigmoidLayer: Module {
    /// It has no parameters, and takes tensors of any shape.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        x.sigmoid()
    }
}

/// The hyperbolic tangent: -1...1.
public struct TanhLayer: Module {
    /// It has no parameters, and takes tensors of any shape.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> { x.tanh() }
}
