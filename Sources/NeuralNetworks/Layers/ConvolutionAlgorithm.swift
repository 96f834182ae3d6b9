import LinearAlgebra
import Tensors

/// How a convolution is computed. The results differ by rounding alone.
package enum ConvolutionAlgorithm: CaseIterable, Sendable {
    /// Straight from the images, channels last, with the sums in registers, without the taps that see only padding.
    case direct
    /// With fewer products, of tiles of 2x2 outputs: of 3x3 or 5x5 taps without gaps, for outputs side by side, from some channels on.
    case winograd
    /// With far fewer products, of complex numbers, in the Fourier transforms of tiles: of larger kernels without gaps, for outputs side by side.
    case fourier
    /// As a product of matrices, the images as they are: of single taps.
    case pointwise
    /// Straight from the images as they are, with neighbouring pixels in the lanes: of few channels, for outputs side by side.
    case planar

    /// Whether it computes convolutions with such a kernel at all.
    package func computes(kernelHeight: Int, kernelWidth: Int, _ geometry: ConvolutionGeometry) -> Bool {
        switch self {
        case .direct: true
        case .winograd:
            (kernelHeight == 3 || kernelHeight == 5) && kernelWidth == kernelHeight && geometry.stride == 1 && geometry.dilation == 1
                && geometry.padding < kernelHeight
        case .fourier:
            max(kernelHeight, kernelWidth) <= FourierTiles.side && geometry.stride == 1 && geometry.dilation == 1 && geometry.groups == 1
                && geometry.padding < min(kernelHeight, kernelWidth)
        case .pointwise: kernelHeight == 1 && kernelWidth == 1 && geometry.stride == 1 && geometry.padding == 0
        case .planar: geometry.stride == 1 && geometry.padding <= geometry.dilation * (min(kernelHeight, kernelWidth) - 1)
        }
    }

    func pass<Scalar: FloatingScalar>(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) -> any ConvolutionPass<
        Scalar
    > {
        switch self {
        case .direct: DirectConvolution(shape, images: images, kernel)
        case .winograd: WinogradConvolution(shape, images: images, kernel)
        case .fourier: FourierConvolution(shape, images: images, kernel)
        case .pointwise: PointwiseConvolution(shape, images: images, kernel)
        case .planar: PlanarConvolution(shape, images: images, kernel)
        }
    }
}

extension ConvolutionShape {
    var fastestAlgorithm: ConvolutionAlgorithm {
        let geometry = ConvolutionGeometry(stride: stride, padding: paddingY, dilation: dilation, groups: groups)
        func computes(_ algorithm: ConvolutionAlgorithm) -> Bool {
            algorithm.computes(kernelHeight: kernelHeight, kernelWidth: kernelWidth, geometry)
        }
        if computes(.pointwise) { return .pointwise }
        // With fewer channels the way there and back takes longer than the products that it saves.
        if computes(.winograd) && min(groupChannels, groupOutputs) >= 16 { return .winograd }
        if computes(.fourier) && isFasterByFourierTiles { return .fourier }
        return computes(.planar) && isFasterByPlanes ? .planar : .direct
    }
}

/// One convolution of given images and kernels.
protocol ConvolutionPass<Scalar>: Sendable {
    associatedtype Scalar: FloatingScalar

    /// [N, O, h, w].
    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar>

    /// The gradients that are asked for, of the images' and of the kernels' shape.
    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?)
}

/// One whose gradients are both taken from the gradient by the outputs with its channels last.
protocol ChannelsLastPass: ConvolutionPass {
    static var algorithm: ConvolutionAlgorithm { get }
    var shape: ConvolutionShape { get }
    var kernel: Tensor<Scalar> { get }

    func kernelGradient(_ cotangent: ChannelsLast<Scalar>) -> Tensor<Scalar>
}

extension ChannelsLastPass {
    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel isKernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?) {
        lazy var last = shape.channelsLast(cotangent, isForImage: image, through: Self.algorithm)
        return (
            image ? shape.imageGradient(cotangent, kernel, channelsLast: last, through: Self.algorithm) : nil,
            isKernel ? kernelGradient(last) : nil
        )
    }
}
