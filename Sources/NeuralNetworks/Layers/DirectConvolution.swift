import CWarpKernels
import LinearAlgebra
import Tensors

/// A convolution straight from images whose channels come last: a vector of output channels a pixel, whose sums stay in registers while the taps
/// go by.
struct DirectConvolution<Scalar: FloatingScalar>: ChannelsLastPass {
    static var algorithm: ConvolutionAlgorithm { .direct }
    let shape: ConvolutionShape
    let kernel: Tensor<Scalar>
    private let images: Tensor<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.kernel = kernel
        self.images = images
    }

    private var channelsLast: ChannelsLast<Scalar> {
        ChannelsLast(images, groups: shape.groups, shape.margins(for: .direct), isSpread: shape.kernelWidth == 1)
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        DirectForward(
            shape, shape.takesImagesTogether ? .channelsLast(channelsLast) : .images(images),
            PackedWeights(kernel, lanes: shape.lanes, shape)
        ).result(bias: bias)
    }

    /// The images are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of
    /// threads changes nothing.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func kernelGradient(_ cotangent: ChannelsLast<Scalar>) -> Tensor<Scalar> {
        let (shape, source, lanes) = (shape, channelsLast, shape.lanes)
        let blocks = shape.groups * shape.blocks
        let shares = max(1, min(shape.batch, 8 / max(1, blocks)))
        var sums = Tensor<Scalar>.zeros(
            [shares, shape.groups, shape.blocks, shape.kernelHeight, shape.kernelWidth, shape.groupChannels, lanes])
        let share = sums.count / shares
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            source.scalars.withScalars { x in
                cotangent.scalars.withScalars { g in
                    Threads.forEachPiece(of: shares * blocks, size: 1) { piece in
                        for item in piece {
                            let (part, block) = (item / blocks, item % blocks)
                            addKernelGradient(
                                source.layout, x.baseAddress!, cotangent.layout, g.baseAddress!, group: block / shape.blocks,
                                firstOutput: block % shape.blocks * lanes,
                                images: part * shape.batch / shares..<(part + 1) * shape.batch / shares,
                                to: sums + part * share + block * (share / blocks))
                        }
                    }
                }
            }
        }
        return unpackedWeights(sums.sum(axes: [0]), shape)
    }

    private func addKernelGradient(
        _ source: ChannelsLastLayout, _ x: UnsafePointer<Scalar>, _ cotangent: ChannelsLastLayout, _ g: UnsafePointer<Scalar>,
        group: Int,
        firstOutput: Int, images: Range<Int>, to sums: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        let isContiguous = shape.columnsAreContiguous(in: source)
        let length = isContiguous ? shape.kernelWidth * shape.groupChannels : shape.groupChannels
        var pixels = warp_pixels(
            rows: 0, columns: Int32(shape.outWidth), source_row: shape.stride * source.rowStride,
            source_step: shape.stride * source.pixelStride, cotangent_row: cotangent.rowStride, cotangent_step: cotangent.pixelStride)
        let (x, g) = (x + group * source.channels, g + group * cotangent.channels + firstOutput)
        for image in images {
            for ky in 0..<shape.kernelHeight {
                let rows = shape.outputsInside(ky, count: shape.outHeight, size: shape.height, padding: shape.paddingY)
                pixels.rows = Int32(rows.count)
                let row = rows.lowerBound * shape.stride + ky * shape.dilation - shape.paddingY
                for kx in isContiguous ? 0..<1 : 0..<shape.kernelWidth {
                    kernels.convolve_weights(
                        Int32(shape.lanes), &pixels, Int32(length),
                        x + image * source.imageStride + source.place(row, kx * shape.dilation - shape.paddingX),
                        g + image * cotangent.imageStride + cotangent.place(rows.lowerBound, 0),
                        sums + (ky * shape.kernelWidth + kx) * shape.groupChannels * shape.lanes)
                }
            }
        }
    }
}

extension ConvolutionShape {
    /// Output channels that are computed together.
    var lanes: Int { groupOutputs <= 4 ? 4 : groupOutputs <= 8 ? 8 : 16 }
    /// Of so many outputs, in each group.
    var blocks: Int { blocks(of: lanes) }

    func blocks(of lanes: Int) -> Int { (groupOutputs + lanes - 1) / lanes }
}
