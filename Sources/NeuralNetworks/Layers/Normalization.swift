import LinearAlgebra
import Tensors

// A normalization brings the mean of a part of its input to 0 and the variance to 1; its layer then scales and shifts by parameters.

/// Batch normalization (Ioffe & Szegedy, 2015) of each channel of [N, C] or [N, C, H, W]: by the batch's mean and variance in training, by
/// their running averages elsewhere. Without images there is no mean, so that training needs at least one.
public struct BatchNormalizationLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// The length of the second axis of what comes in.
    public let channels: Int
    private let momentum = 0.1

    /// Its parameters are NAME.weight, NAME.bias, NAME.runningMean and NAME.runningVariance, [channels] each.
    public init(_ name: String, channels: Int) {
        self.name = name
        self.channels = channels
    }

    public var specifications: [ParameterSpecification] {
        scaleAndShift(name, [channels]) + [
            ParameterSpecification("\(name).runningMean", [channels], .constant(0), isTrainable: false),
            ParameterSpecification("\(name).runningVariance", [channels], .constant(1), isTrainable: false),
        ]
    }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(
            x.rank >= 2 && x.shape[1] == channels, "BatchNormalizationLayer \(name): found \(x.shape), expected [N, \(channels), ...]")
        let axes = [0] + Array(2..<x.rank)
        func parameter(_ part: String) -> Tensor<Scalar> { ofChannels(context.parameters["\(name).\(part)"], rank: x.rank) }
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
        return (x - mean) * reciprocalDeviation(variance) * parameter("weight") + parameter("bias")
    }

    private func track<Scalar: FloatingScalar>(_ part: String, _ new: Tensor<Scalar>, in context: inout Context<Scalar>) {
        let old = context.parameters["\(name).\(part)"]
        context.tracked["\(name).\(part)"] =
            old.stopGradient() * Scalar(1 - momentum) + new.stopGradient().reshaped([channels]) * Scalar(momentum)
    }
}

/// Each image's groups of channels, [N, C, ...], brought to the mean 0 and the variance 1 (Wu & He, 2018), the same in training and elsewhere.
/// As many groups as channels is instance normalization (Ulyanov et al., 2016).
///
/// - Parameters:
///   - x: [N, C, ...].
///   - groups: Of neighbouring channels; C must be a multiple of it.
public func groupNormalized<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, groups: Int) -> Tensor<Scalar> {
    precondition(
        x.rank >= 2 && groups >= 1 && x.shape[1] % groups == 0,
        "groupNormalized: found \(x.shape) with \(groups) groups, expected [N, C, ...] with C a multiple of them")
    return standardizedRows(x.reshaped([x.shape[0] * groups, x.shape[1...].reduce(1, *) / groups])).reshaped(x.shape)
}

/// Elements along the last `axes` axes brought to the mean 0 and the variance 1 (Ba et al., 2016), the same in training and elsewhere.
///
/// - Parameters:
///   - x: Of at least `axes` axes.
///   - axes: How many of the last axes have a mean and a variance together.
public func layerNormalized<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, lastAxes axes: Int = 1) -> Tensor<Scalar> {
    precondition(
        axes >= 1 && axes <= x.rank, "layerNormalized: found \(x.shape) with \(axes) last axes, expected from 1 to as many as it has")
    return standardizedRows(x.reshaped([x.shape.dropLast(axes).reduce(1, *), x.shape.suffix(axes).reduce(1, *)])).reshaped(x.shape)
}

/// Group normalization, then a scale and a shift of each channel: [N, C, ...].
public struct GroupNormalizationLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// Of how many channels, in how many groups of neighbours.
    public let groups, channels: Int

    /// Its parameters are NAME.weight and NAME.bias, [channels] each. As many groups as channels is instance normalization.
    public init(_ name: String, groups: Int, channels: Int) {
        precondition(
            groups >= 1 && channels % groups == 0,
            "GroupNormalizationLayer \(name): found \(groups) groups of \(channels) channels, expected a divisor")
        self.name = name
        self.groups = groups
        self.channels = channels
    }

    public var specifications: [ParameterSpecification] { scaleAndShift(name, [channels]) }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(
            x.rank >= 2 && x.shape[1] == channels, "GroupNormalizationLayer \(name): found \(x.shape), expected [N, \(channels), ...]")
        return groupNormalized(x, groups: groups) * ofChannels(context.parameters["\(name).weight"], rank: x.rank)
            + ofChannels(context.parameters["\(name).bias"], rank: x.rank)
    }
}

/// Layer normalization over the last axes, then a scale and a shift of each of their elements.
public struct LayerNormalizationLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// Of the last axes, over which there is one mean and one variance.
    public let shape: [Int]

    /// - Parameters:
    ///   - name: Of the layer; its parameters are NAME.weight and NAME.bias, of `shape` each.
    ///   - shape: Of the last axes, at least one.
    public init(_ name: String, shape: [Int]) {
        precondition(!shape.isEmpty, "LayerNormalizationLayer \(name): found no axes, expected at least one")
        self.name = name
        self.shape = shape
    }

    public var specifications: [ParameterSpecification] { scaleAndShift(name, shape) }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(
            x.shape.suffix(shape.count) == shape[...], "LayerNormalizationLayer \(name): found \(x.shape), expected the last axes \(shape)")
        return layerNormalized(x, lastAxes: shape.count) * context.parameters["\(name).weight"] + context.parameters["\(name).bias"]
    }
}

/// The parameters NAME.weight and NAME.bias, which begin by changing nothing.
private func scaleAndShift(_ name: String, _ shape: [Int]) -> [ParameterSpecification] {
    [ParameterSpecification("\(name).weight", shape, .constant(1)), ParameterSpecification("\(name).bias", shape, .constant(0))]
}

/// A parameter of the channels, shaped to meet them in [N, C, ...] of `rank` axes.
private func ofChannels<Scalar: FloatingScalar>(_ parameter: Tensor<Scalar>, rank: Int) -> Tensor<Scalar> {
    parameter.reshaped([parameter.count] + [Int](repeating: 1, count: rank - 2))
}

/// A matrix with each row brought to the mean 0 and the variance 1.
private func standardizedRows<Scalar: FloatingScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let centered = x - x.mean(axes: [1], keepingAxes: true)
    return centered * reciprocalDeviation(centered.squared().mean(axes: [1], keepingAxes: true))
}

/// Roots and quotients of the few variances, so that each element takes no more than a product. As in PyTorch 1e-5 is added to the variance,
/// so that what does not vary is not divided by 0.
private func reciprocalDeviation<Scalar: FloatingScalar>(_ variance: Tensor<Scalar>) -> Tensor<Scalar> {
    (variance + 1e-5).sqrt().reciprocal()
}
