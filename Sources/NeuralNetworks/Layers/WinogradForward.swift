import CWarpKernels
import LinearAlgebra
import Tensors

/// The work of a convolution by Winograd's F(2x2, 3x3) or F(2x2, 5x5) (Lavin & Gray 2016, arXiv:1509.09308): tiles of 4x4 or 6x6 inputs and the
/// kernel are mapped to where the convolution is 16 or 36 products of matrices, [tiles, channels] by [channels, outputs]; 2.25 or 2.8 times fewer
/// products than the taps take.
struct WinogradForward<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let source: ChannelsLast<Scalar>
    private let lanes: Int
    /// [groups, blocks of outputs, planes, channels, lanes].
    private let weights: Tensor<Scalar>

    init(_ shape: ConvolutionShape, _ source: ChannelsLast<Scalar>, _ weights: PackedWeights<Scalar>) {
        self.shape = shape
        self.source = source
        lanes = weights.lanes
        self.weights = winogradMapped(
            weights.scalars, warp_winograd_weights, taps: shape.kernelHeight, from: shape.kernelHeight, to: shape.tileSide)
    }

    /// [N, O, h, w].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        let tiles = WinogradTiles(shape, channels: source.layout.channels)
        let inputs = WinogradLayout(tiles, channels: source.layout.channels)
        let products = WinogradLayout(tiles, channels: lanes)
        let blocks = shape.blocks(of: lanes)
        return Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                weights.withScalars { weights in
                    Threads.forEachPiece(of: shape.groups * tiles.blocks, size: 1) { piece in
                        withUnsafeTemporaryAllocation(
                            of: Scalar.self, capacity: inputs.count + products.count + 4 * tiles.block * lanes
                        ) { scratch in
                            let inputsStart = scratch.baseAddress!
                            let productsStart = inputsStart + inputs.count
                            for item in piece {
                                let (group, range) = (item / tiles.blocks, tiles[block: item % tiles.blocks])
                                source.mapTiles(tiles, range, side: shape.tileSide, group: group, to: inputsStart, inputs)
                                for block in 0..<blocks {
                                    multiply(
                                        inputsStart, inputs, planes: tiles.planes, tiles: range.count,
                                        by: weights.baseAddress! + (group * blocks + block) * tiles.planes * source.layout.channels * lanes,
                                        to: productsStart, products)
                                    let first = block * lanes
                                    store(
                                        productsStart, products, tiles, range,
                                        outputs: group * shape.groupOutputs + first..<group * shape.groupOutputs
                                            + min(first + lanes, shape.groupOutputs),
                                        bias, rows: productsStart + products.count, to: out)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The products for a block of outputs.
    private func multiply(
        _ inputs: UnsafePointer<Scalar>, _ inputLayout: WinogradLayout, planes: Int, tiles: Int, by weights: UnsafePointer<Scalar>,
        to products: UnsafeMutablePointer<Scalar>, _ layout: WinogradLayout
    ) {
        let (kernels, channels) = (Scalar.kernels, source.layout.channels)
        var start = 0
        withUnsafePointer(to: &start) { start in
            var taps = warp_taps(runs: 1, length: Int32(channels), source: start, weights: start)
            for plane in 0..<planes {
                kernels.convolve(
                    Int32(lanes), &taps, inputs + plane * inputLayout.planeStride, inputLayout.tileStride, Int32(tiles),
                    weights + plane * channels * lanes, products + plane * layout.planeStride, lanes)
            }
        }
    }

    /// Maps products to outputs, `rows` of each run of tiles, and brings these to where they belong.
    private func store(
        _ products: UnsafePointer<Scalar>, _ layout: WinogradLayout, _ tiles: WinogradTiles, _ range: Range<Int>, outputs: Range<Int>,
        _ bias: UnsafePointer<Scalar>?, rows: UnsafeMutablePointer<Scalar>, to out: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        let row = 2 * tiles.block * lanes
        tiles.forEachRun(range) { place, image, y, x, count in
            for tile in 0..<count {
                kernels.winograd(
                    warp_winograd_outputs, Int32(shape.kernelHeight), Int32(lanes), products + (place + tile) * lanes,
                    shape.tileSide * layout.planeStride, layout.planeStride,
                    rows + 2 * tile * lanes, row, lanes)
            }
            for inner in 0..<min(2, shape.outHeight - y) {
                kernels.transpose(
                    Int32(min(2 * count, shape.outWidth - x)), Int32(outputs.count), rows + inner * row, lanes,
                    bias.map { $0 + outputs.lowerBound },
                    out + ((image * shape.outputs + outputs.lowerBound) * shape.outHeight + y + inner) * shape.outWidth + x,
                    shape.outPixels)
            }
        }
    }
}

extension ChannelsLast {
    /// The inputs of a range of tiles, mapped to matrices [tiles, channels].
    func mapTiles(
        _ tiles: WinogradTiles, _ range: Range<Int>, side: Int, group: Int, to target: UnsafeMutablePointer<Scalar>,
        _ mapped: WinogradLayout
    ) {
        let kernels = Scalar.kernels
        scalars.withScalars { source in
            tiles.forEachRun(range) { place, image, y, x, count in
                let first =
                    source.baseAddress! + image * layout.imageStride + y * layout.rowStride + x * layout.pixelStride
                    + group * layout.channels
                for tile in 0..<count {
                    kernels.winograd(
                        warp_winograd_image, Int32(side - 1), Int32(layout.channels), first + 2 * tile * layout.pixelStride,
                        layout.rowStride,
                        layout.pixelStride, target + (place + tile) * mapped.tileStride, side * mapped.planeStride, mapped.planeStride)
                }
            }
        }
    }
}

/// Kernels [groups, blocks, rows, columns, channels, lanes], or with rows and columns as one axis, under one of Winograd's maps between matrices of
/// these sides: [groups, blocks, side, side, channels, lanes].
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func winogradMapped<Scalar: FloatingScalar>(_ kernels: Tensor<Scalar>, _ map: warp_winograd, taps: Int, from: Int, to: Int) -> Tensor<
    Scalar
> {
    let lengths = kernels.shape
    let (blocks, count) = (lengths[0] * lengths[1], lengths[lengths.count - 2] * lengths[lengths.count - 1])
    return Tensor(shape: [lengths[0], lengths[1], to, to] + lengths.suffix(2)) { out in
        let (out, table) = (out.baseAddress!, Scalar.kernels)
        kernels.withScalars { source in
            let source = source.baseAddress!
            Threads.forEachPiece(of: blocks, size: max(1, 4096 / max(1, count))) { piece in
                for block in piece {
                    table.winograd(
                        map, Int32(taps), Int32(count), source + block * from * from * count, from * count, count,
                        out + block * to * to * count,
                        to * count, count)
                }
            }
        }
    }
}
