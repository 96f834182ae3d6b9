import LinearAlgebra
import Tensors

extension ConvolutionShape {
    /// The zeros around the images that an algorithm reads: beside them, so that all outputs of a row have the same taps; and around Winograd's
    /// tiles.
    func margins(for algorithm: ConvolutionAlgorithm) -> Margins {
        guard algorithm == .winograd else {
            let last = (outWidth - 1) * stride + (kernelWidth - 1) * dilation - paddingX
            return Margins(left: max(0, paddingX / sourceDilation), right: max(0, last / sourceDilation - (width - 1)))
        }
        func behind(_ out: Int, _ kernel: Int, _ padding: Int, _ size: Int) -> Int { (out + 1) / 2 * 2 + kernel - 1 - padding - size }
        return Margins(
            top: paddingY, bottom: behind(outHeight, kernelHeight, paddingY, height), left: paddingX,
            right: behind(outWidth, kernelWidth, paddingX, width))
    }

    /// The gradient by the outputs as the gradients by images and kernels read it: with the zeros around that the former needs, if asked for, and
    /// those that fill up Winograd's tiles.
    func channelsLast<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, isForImage: Bool, through algorithm: ConvolutionAlgorithm
    ) -> ChannelsLast<Scalar> {
        let tiles = algorithm == .winograd ? Margins(bottom: outHeight % 2, right: outWidth % 2) : Margins()
        return ChannelsLast(
            cotangent, groups: groups, isForImage ? adjoint.margins(for: algorithm) : tiles, isSpread: kernelWidth == 1, multiple: lanes)
    }

    /// The gradient by the images from that by the outputs: the adjoint of the convolution.
    ///
    /// - Parameters:
    ///   - cotangent: [N, O, h, w].
    ///   - kernel: [O, C / groups, kh, kw].
    ///   - last: `channelsLast` of the cotangent for images; made only where it is used.
    ///   - algorithm: Of the convolution.
    func imageGradient<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, _ kernel: Tensor<Scalar>, channelsLast last: @autoclosure () -> ChannelsLast<Scalar>,
        through algorithm: ConvolutionAlgorithm
    ) -> Tensor<Scalar> {
        if algorithm == .pointwise { return pointwiseImageGradient(cotangent, kernel) }
        let last = last()
        let weights = PackedWeights(adjointOf: kernel, lanes: adjoint.lanes, self, channels: last.layout.channels)
        return algorithm == .winograd
            ? WinogradForward(adjoint, last, weights).result(bias: nil) : DirectForward(adjoint, last, weights).result(bias: nil)
    }
}
