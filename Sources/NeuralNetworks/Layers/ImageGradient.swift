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

    /// The gradient by the outputs as the gradients by images and kernels read it: with the zeros around that the former needs, if it reads it, and
    /// those that fill up Winograd's tiles.
    func channelsLast<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, isForImage: Bool, through algorithm: ConvolutionAlgorithm
    ) -> ChannelsLast<Scalar> {
        let tiles = algorithm == .winograd ? Margins(bottom: outHeight % 2, right: outWidth % 2) : Margins()
        let margins = isForImage && readsChannelsLast(algorithm) ? adjoint.margins(for: algorithm) : tiles
        return ChannelsLast(cotangent, groups: groups, margins, isSpread: kernelWidth == 1, multiple: lanes)
    }

    /// Whether the gradient by the images is taken from `channelsLast`.
    private func readsChannelsLast(_ algorithm: ConvolutionAlgorithm) -> Bool { algorithm == .winograd || adjoint.takesImagesTogether }

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
        func weights(channels: Int) -> PackedWeights<Scalar> {
            PackedWeights(adjointOf: kernel, lanes: adjoint.lanes, self, channels: channels)
        }
        guard readsChannelsLast(algorithm) else {
            return DirectForward(adjoint, .images(cotangent), weights(channels: groupOutputs)).result(bias: nil)
        }
        let last = last()
        let packed = weights(channels: last.layout.channels)
        return algorithm == .winograd
            ? WinogradForward(adjoint, last, packed).result(bias: nil)
            : DirectForward(adjoint, .channelsLast(last), packed).result(bias: nil)
    }
}
