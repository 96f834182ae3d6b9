import LinearAlgebra
import Tensors

/// The transposed convolution of images [N, C, H, W] with kernels [C, O / groups, kh, kw], as in PyTorch's `conv_transpose2d`: [N, O, h, w],
/// h = (H - 1) stride - 2 padding + dilation (kh - 1) + 1 + output padding, and w alike. Each pixel lays the kernels over the result, a stride
/// apart from those of its neighbours.
///
/// It is the adjoint of a convolution: that with these kernels and this geometry takes images of the result's shape to those of `x`'s.
/// Differentiable by all operands.
///
/// - Parameters:
///   - x: The images.
///   - weight: The kernels.
///   - bias: [O], added to each output channel; nil for none.
///   - geometry: Stride, padding, dilation and groups, of that convolution: so padding takes rows and columns away.
///   - outputPadding: Further rows below and columns on the right, fewer than the stride: that convolution leaves as many over.
public func transposedConvolution<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, _ geometry: ConvolutionGeometry = ConvolutionGeometry(),
    outputPadding: Int = 0
) -> Tensor<Scalar> {
    func length(_ axis: Int) -> Int {
        (x.shape[axis] - 1) * geometry.stride - 2 * geometry.padding + geometry.dilation * (weight.shape[axis] - 1) + 1 + outputPadding
    }
    precondition(
        x.rank == 4 && weight.rank == 4 && x.shape[1] == weight.shape[0] && weight.shape[0] % geometry.groups == 0
            && !(x.shape[2...] + weight.shape[1...]).contains(0) && length(2) > 0 && length(3) > 0,
        "transposedConvolution: found \(x.shape) with kernels \(weight.shape), \(geometry) and output padding \(outputPadding), expected "
            + "[N, C, H, W] with [C, O / groups, kh, kw] that leave something")
    precondition(
        (0..<geometry.stride).contains(outputPadding),
        "transposedConvolution: found an output padding of \(outputPadding), expected less than the stride, \(geometry.stride)")
    let outputs = weight.shape[1] * geometry.groups
    precondition(
        bias == nil || bias!.shape == [outputs],
        "transposedConvolution: found a bias of \(bias!.shape) for kernels \(weight.shape), expected [\(outputs)]")
    let shape = ConvolutionShape([x.shape[0], outputs, length(2), length(3)], weight.shape, geometry)
    let (images, kernel) = (x.stopGradient(), weight.stopGradient())
    let algorithm = shape.fastestAlgorithm
    let sums = shape.imageGradient(
        images, kernel, channelsLast: shape.channelsLast(images, isForImage: true, through: algorithm), through: algorithm)
    let result = sums.recorded(from: [x, weight]) { cotangent, isNeeded in
        let convolution = algorithm.pass(shape, images: cotangent, kernel)
        return [
            isNeeded[0] ? convolution.forward(bias: nil) : nil,
            isNeeded[1] ? convolution.gradients(images, image: false, kernel: true).kernel : nil,
        ]
    }
    return bias.map { result + $0.reshaped([outputs, 1, 1]) } ?? result
}

/// A two-dimensional transposed convolution with a bias: [N, inputs, H, W] to [N, outputs, h, w].
public struct TransposedConvolutionLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// The numbers of channels that come in and go out.
    public let inputs, outputs: Int
    /// Stride, padding, dilation and groups.
    public let geometry: ConvolutionGeometry
    /// Further rows below and columns on the right.
    public let outputPadding: Int
    private let kernel: Int
    private let initializer: Initializer

    /// - Parameters:
    ///   - name: Of the layer; its parameters are NAME.weight [inputs, outputs / groups, kernel, kernel] and NAME.bias [outputs].
    ///   - inputs: The number of channels that come in.
    ///   - outputs: The number of channels that go out.
    ///   - kernel: The side of the kernel.
    ///   - geometry: Stride, padding, dilation and groups.
    ///   - outputPadding: Further rows and columns, fewer than the stride.
    ///   - initializer: Of the weights; nil for He's.
    public init(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, geometry: ConvolutionGeometry = ConvolutionGeometry(),
        outputPadding: Int = 0, initializer: Initializer? = nil
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.geometry = geometry
        self.outputPadding = outputPadding
        self.kernel = kernel
        // A pixel of the result is under every stride-th tap along an axis.
        let taps = (kernel * kernel + geometry.stride * geometry.stride - 1) / (geometry.stride * geometry.stride)
        self.initializer = initializer ?? .he(fanIn: inputs / geometry.groups * taps)
    }

    public var specifications: [ParameterSpecification] {
        [
            ParameterSpecification("\(name).weight", [inputs, outputs / geometry.groups, kernel, kernel], initializer),
            ParameterSpecification("\(name).bias", [outputs], .constant(0)),
        ]
    }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        transposedConvolution(
            x, context.parameters["\(name).weight"], bias: context.parameters["\(name).bias"], geometry, outputPadding: outputPadding)
    }
}
