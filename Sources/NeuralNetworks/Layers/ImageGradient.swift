import LinearAlgebra
import Tensors

extension ConvolutionShape {
    /// The gradient by the outputs as the gradients by images and kernels read it: with the zeros around that the former needs, if asked for, and
    /// those that fill up Winograd's tiles.
    func channelsLast<Scalar: FloatingScalar>(
        _ cotangent: Tensor<Scalar>, isForImage: Bool, through algorithm: ConvolutionAlgorithm
    ) -> ChannelsLast<Scalar> {
        let isTiled = algorithm == .winograd
        let adjoint = isForImage ? self.adjoint : nil
        return ChannelsLast(
            cotangent, groups: groups, paddingY: adjoint?.paddingY ?? 0, paddingX: adjoint?.paddingX ?? 0,
            moreRows: isTiled ? outHeight % 2 : 0,
            moreColumns: isTiled ? outWidth % 2 : 0, isSpread: kernelWidth == 1, multiple: lanes)
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
        guard algorithm != .patches, let adjoint else { return imageGradientThroughPatches(cotangent, kernel) }
        let last = last()
        let weights = PackedWeights(adjointOf: kernel, lanes: adjoint.lanes, self, channels: last.layout.channels)
        return algorithm == .winograd
            ? WinogradForward(adjoint, last, weights).result(bias: nil) : DirectForward(adjoint, last, weights).result(bias: nil)
    }
}
