import LinearAlgebra
import Tensors

/// A residual block (He et al., 2016): what a body makes of the input, plus the input itself, or what a shortcut makes of it.
///
/// A block of ResNet with the changes to 64 channels and half the size, followed by a ReLU:
///
/// ```swift
/// let halving = ConvolutionGeometry(stride: 2, padding: 1)
/// let block = Chain([
///     ResidualLayer(
///         Chain([
///             ConvolutionLayer("a.convolution1", 32, 64, kernel: 3, geometry: halving), BatchNormalizationLayer("a.norm1", channels: 64), ReLULayer(),
///             ConvolutionLayer("a.convolution2", 64, 64, kernel: 3, geometry: ConvolutionGeometry(padding: 1)),
///             BatchNormalizationLayer("a.norm2", channels: 64),
///         ]),
///         shortcut: Chain([
///             ConvolutionLayer("a.shortcut", 32, 64, kernel: 1, geometry: ConvolutionGeometry(stride: 2)),
///             BatchNormalizationLayer("a.shortcutNorm", channels: 64),
///         ])),
///     ReLULayer(),
/// ])
/// ```
public struct ResidualLayer: Module {
    /// What is learned beside the input.
    public let body: any Module
    /// What brings the input to the shape of the body's result; nil for the input itself.
    public let shortcut: (any Module)?

    /// The parameters are those of both, so that their names must differ.
    ///
    /// - Parameters:
    ///   - body: What is learned beside the input.
    ///   - shortcut: Brings the input to the shape of the body's result, where that has other channels or another size; nil for the input
    ///     itself.
    public init(_ body: any Module, shortcut: (any Module)? = nil) {
        self.body = body
        self.shortcut = shortcut
    }

    public var specifications: [ParameterSpecification] { body.specifications + (shortcut?.specifications ?? []) }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        let change = body(x, &context)
        let start = shortcut?(x, &context) ?? x
        precondition(
            change.shape == start.shape,
            "ResidualLayer: found \(change.shape) from the body and \(start.shape) beside it, expected the same shapes")
        return change + start
    }
}
