import CWarpKernels
import LinearAlgebra
import Tensors

/// A convolution with 3x3 or 5x5 taps by Winograd's algorithm (`WinogradForward`), and so its gradients.
///
/// A NaN or an infinity among the pixels reaches all outputs of the tiles that see it.
struct WinogradConvolution<Scalar: FloatingScalar>: ChannelsLastPass {
    static var algorithm: ConvolutionAlgorithm { .winograd }
    let shape: ConvolutionShape
    let kernel: Tensor<Scalar>
    private let source: ChannelsLast<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.kernel = kernel
        source = ChannelsLast(images, groups: shape.groups, shape.margins(for: .winograd))
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        WinogradForward(shape, source, PackedWeights(kernel, lanes: shape.lanes, shape)).result(bias: bias)
    }

    /// The adjoint of the products by the mapped kernel: products [channels, tiles] by [tiles, outputs].
    ///
    /// The tiles are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of threads
    /// changes nothing.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func kernelGradient(_ cotangent: ChannelsLast<Scalar>) -> Tensor<Scalar> {
        let (channels, lanes) = (shape.groupChannels, shape.lanes)
        let tiles = WinogradTiles(shape, channels: channels)
        let inputs = WinogradLayout(tiles, channels: channels)
        let outputs = WinogradLayout(tiles, channels: lanes)
        // Blocks of outputs that share the mapped images.
        let together = min(shape.blocks, 8)
        let parts = (shape.blocks + together - 1) / together
        let shares = max(1, min(tiles.blocks, 8 / (shape.groups * parts)))
        var sums = Tensor<Scalar>.zeros([shares, shape.groups, shape.blocks, tiles.planes, channels, lanes])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            Threads.forEachPiece(of: shares * shape.groups * parts, size: 1) { piece in
                withUnsafeTemporaryAllocation(of: Scalar.self, capacity: inputs.count + outputs.count) { scratch in
                    let x = scratch.baseAddress!
                    let g = x + inputs.count
                    for item in piece {
                        let (share, group, part) = (item / parts / shape.groups, item / parts % shape.groups, item % parts)
                        for tileBlock in share * tiles.blocks / shares..<(share + 1) * tiles.blocks / shares {
                            let range = tiles[block: tileBlock]
                            source.mapTiles(tiles, range, side: shape.tileSide, group: group, to: x, inputs)
                            for block in part * together..<min(shape.blocks, (part + 1) * together) {
                                mapCotangent(cotangent, tiles, range, group: group, firstOutput: block * lanes, to: g, outputs)
                                addProducts(
                                    x, inputs, g, outputs, planes: tiles.planes, tiles: range.count,
                                    to: sums + ((share * shape.groups + group) * shape.blocks + block) * tiles.planes * channels * lanes)
                            }
                        }
                    }
                }
            }
        }
        let gradient = winogradMapped(
            sums.sum(axes: [0]), warp_winograd_weight_gradient, taps: shape.kernelHeight, from: shape.tileSide, to: shape.kernelHeight)
        return unpackedWeights(gradient, shape)
    }

    /// The gradient by the outputs of a range of tiles, mapped to matrices [tiles, lanes].
    private func mapCotangent(
        _ cotangent: ChannelsLast<Scalar>, _ tiles: WinogradTiles, _ range: Range<Int>, group: Int, firstOutput: Int,
        to target: UnsafeMutablePointer<Scalar>, _ mapped: WinogradLayout
    ) {
        let (kernels, layout) = (Scalar.kernels, cotangent.layout)
        cotangent.scalars.withScalars { source in
            tiles.forEachRun(range) { place, image, y, x, count in
                let first =
                    source.baseAddress! + image * layout.imageStride + layout.place(y, x) + group * layout.channels + firstOutput
                for tile in 0..<count {
                    kernels.winograd(
                        warp_winograd_cotangent, Int32(shape.kernelHeight), Int32(shape.lanes), first + 2 * tile * layout.pixelStride,
                        layout.rowStride,
                        layout.pixelStride, target + (place + tile) * mapped.tileStride, shape.tileSide * mapped.planeStride,
                        mapped.planeStride)
                }
            }
        }
    }

    private func addProducts(
        _ x: UnsafePointer<Scalar>, _ inputs: WinogradLayout, _ g: UnsafePointer<Scalar>, _ outputs: WinogradLayout, planes: Int,
        tiles: Int,
        to sums: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        var pixels = warp_pixels(
            rows: 1, columns: Int32(tiles), source_row: 0, source_step: inputs.tileStride, cotangent_row: 0,
            cotangent_step: outputs.tileStride)
        for plane in 0..<planes {
            kernels.convolve_weights(
                Int32(shape.lanes), &pixels, Int32(shape.groupChannels), x + plane * inputs.planeStride, g + plane * outputs.planeStride,
                sums + plane * shape.groupChannels * shape.lanes)
        }
    }
}
