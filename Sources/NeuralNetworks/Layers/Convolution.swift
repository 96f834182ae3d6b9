import LinearAlgebra
import Tensors

/// How a kernel lies over an image.
public struct ConvolutionGeometry: Sendable, Equatable {
    /// Pixels between neighbouring outputs.
    public var stride: Int
    /// Zeros around the image.
    public var padding: Int
    /// Pixels between neighbouring taps of the kernel.
    public var dilation: Int
    /// Groups of channels that are convolved apart.
    public var groups: Int

    /// - Parameters:
    ///   - stride: Pixels between neighbouring outputs, along both axes.
    ///   - padding: Zeros on each side of the image.
    ///   - dilation: Pixels between neighbouring taps of the kernel; 1 for a kernel without gaps.
    ///   - groups: Groups of channels that are convolved apart; must divide both numbers of channels.
    public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) {
        precondition(
            stride >= 1 && padding >= 0 && dilation >= 1 && groups >= 1,
            "ConvolutionGeometry: found stride \(stride), padding \(padding), dilation \(dilation), groups \(groups), expected at least 1, 0, 1, 1"
        )
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
    }
}

/// The cross-correlation of images [N, C, H, W] with kernels [O, C / groups, kh, kw], as in PyTorch's `conv2d`: [N, O, h, w].
/// Differentiable by all operands.
///
/// Kernels of 3x3 and 5x5 with a stride and dilation of 1 and many channels go by Winograd's F(2x2, 3x3) and F(2x2, 5x5) (Lavin & Gray 2016), and larger
/// ones by Fourier transforms of tiles (Mathieu, Henaff & LeCun 2014) where there are a dozen images: the rounding is another
/// than that of a sum over the taps. A NaN or an infinity then reaches outputs that do not see it: up to a pixel beyond those that do, or
/// those up to 16 pixels away. With up to four channels in or out, it may reach gradients by weights that do not see it.
///
/// - Parameters:
///   - x: The images.
///   - weight: The kernels.
///   - bias: [O], added to each output channel; nil for none.
///   - geometry: Stride, padding, dilation and groups.
public func convolution<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, _ geometry: ConvolutionGeometry = ConvolutionGeometry()
) -> Tensor<Scalar> {
    convolved(x, weight, bias: bias, geometry, through: nil)
}

/// The same by an algorithm that is given; nil for the fastest.
package func convolved<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, bias: Tensor<Scalar>?, _ geometry: ConvolutionGeometry,
    through algorithm: ConvolutionAlgorithm?
) -> Tensor<Scalar> {
    let shape = ConvolutionShape(x.shape, weight.shape, geometry)
    precondition(
        bias == nil || bias!.shape == [shape.outputs],
        "convolution: found a bias of \(bias!.shape) for kernels \(weight.shape), expected [\(shape.outputs)]")
    let pass = (algorithm ?? shape.fastestAlgorithm).pass(shape, images: x.stopGradient(), weight.stopGradient())
    return pass.forward(bias: bias?.stopGradient()).recorded(
        from: [x, weight] + (bias.map { [$0] } ?? []), as: "convolution",
        products: { OperationProducts(forward: shape.products, backward: $0.prefix(2).count(where: { $0 }) * shape.products) }
    ) { cotangent, isNeeded in
        let gradients = pass.gradients(cotangent, image: isNeeded[0], kernel: isNeeded[1])
        return [gradients.image, gradients.kernel] + (bias == nil ? [] : [isNeeded[2] ? cotangent.sum(axes: [0, 2, 3]) : nil])
    }
}
