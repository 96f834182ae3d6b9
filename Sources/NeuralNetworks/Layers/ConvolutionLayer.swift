import LinearAlgebra
import Tensors

/// A two-dimensional convolution with a bias: [N, inputs, H, W] to [N, outputs, h, w].
public struct ConvolutionLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// The numbers of channels that come in and go out.
    public let inputs, outputs: Int
    /// Stride, padding, dilation and groups.
    public let geometry: ConvolutionGeometry
    private let initializer: Initializer

    /// - Parameters:
    ///   - name: Of the layer; its parameters are NAME.weight [outputs, inputs / groups, kernel, kernel] and NAME.bias [outputs].
    ///   - inputs: The number of channels that come in.
    ///   - outputs: The number of channels that go out.
    ///   - kernel: The side of the kernel.
    ///   - geometry: Stride, padding, dilation and groups.
    ///   - initializer: Of the weights; nil for He's.
    public init(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, geometry: ConvolutionGeometry = ConvolutionGeometry(),
        initializer: Initializer? = nil
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.geometry = geometry
        self.kernel = kernel
        self.initializer = initializer ?? .he(fanIn: inputs / geometry.groups * kernel * kernel)
    }

    private let kernel: Int

    public var specifications: [ParameterSpecification] {
        [
            ParameterSpecification("\(name).weight", [outputs, inputs / geometry.groups, kernel, kernel], initializer),
            ParameterSpecification("\(name).bias", [outputs], .constant(0)),
        ]
    }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        convolution(x, context.parameters["\(name).weight"], bias: context.parameters["\(name).bias"], geometry)
    }
}

/// A convolution and then the largest element of each channel: [N, inputs, H, W] to [N, outputs], faster than as two layers.
public struct GlobalMaxConvolutionLayer: Module {
    /// What the maximum is taken of.
    public let convolution: ConvolutionLayer

    /// The maximum of what `convolution` gives; the parameters are its own.
    public init(_ convolution: ConvolutionLayer) { self.convolution = convolution }

    public var specifications: [ParameterSpecification] { convolution.specifications }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        convolutionGlobalMax(
            x, context.parameters["\(convolution.name).weight"], bias: context.parameters["\(convolution.name).bias"],
            convolution.geometry)
    }
}
