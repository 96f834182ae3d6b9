import LinearAlgebra
import Tensors

/// Negative numbers become 0.
public struct ReLULayer: Module {
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> { x.relu() }
}

/// [N, ...] to [N, features].
public struct FlattenLayer: Module {
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
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        x * 2 - 1
    }
}

/// In training each element is 0 with a probability, and scaled up otherwise, so that its mean stays; elsewhere nothing happens.
public struct DropoutLayer: Module {
    public let probability: Double

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

/// Batch normalization (Ioffe & Szegedy, 2015) of each channel of [N, C] or [N, C, H, W]: by the batch's mean and variance in training, by
/// their running averages elsewhere. Without images there is no mean, so that training needs at least one.
public struct BatchNormalizationLayer: Module {
    public let name: String
    public let channels: Int
    private let momentum = 0.1
    private let epsilon = 1e-5

    /// Its parameters are NAME.weight, NAME.bias, NAME.runningMean and NAME.runningVariance, [channels] each.
    public init(_ name: String, channels: Int) {
        self.name = name
        self.channels = channels
    }

    public var specifications: [ParameterSpecification] {
        [
            ParameterSpecification("\(name).weight", [channels], .constant(1)),
            ParameterSpecification("\(name).bias", [channels], .constant(0)),
            ParameterSpecification("\(name).runningMean", [channels], .constant(0), isTrainable: false),
            ParameterSpecification("\(name).runningVariance", [channels], .constant(1), isTrainable: false),
        ]
    }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(
            x.rank >= 2 && x.shape[1] == channels, "BatchNormalizationLayer \(name): found \(x.shape), expected [N, \(channels), ...]")
        let axes = [0] + Array(2..<x.rank)
        let shape = [1, channels] + [Int](repeating: 1, count: x.rank - 2)
        func parameter(_ part: String) -> Tensor<Scalar> { context.parameters["\(name).\(part)"].reshaped(shape) }
        var (mean, variance) = (parameter("runningMean"), parameter("runningVariance"))
        if context.isTraining {
            precondition(
                x.count > 0, "BatchNormalizationLayer \(name): found \(x.shape) in training, expected at least one element a channel")
            (mean, variance) = (x.mean(axes: axes, keepingAxes: true), x.variance(axes: axes, keepingAxes: true))
            track("runningMean", mean, in: &context)
            // The running variance is that of the population, as in PyTorch.
            let count = Scalar(x.count / channels)
            track("runningVariance", variance * (count / max(1, count - 1)), in: &context)
        }
        return (x - mean) / (variance + Scalar(epsilon)).sqrt() * parameter("weight") + parameter("bias")
    }

    private func track<Scalar: FloatingScalar>(_ part: String, _ new: Tensor<Scalar>, in context: inout Context<Scalar>) {
        let old = context.parameters["\(name).\(part)"]
        context.tracked["\(name).\(part)"] =
            old.stopGradient() * Scalar(1 - momentum) + new.stopGradient().reshaped([channels]) * Scalar(momentum)
    }
}
