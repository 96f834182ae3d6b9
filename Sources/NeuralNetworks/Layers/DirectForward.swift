import CWarpKernels
import LinearAlgebra
import Tensors

/// The work of a direct convolution, a row of outputs of several images at a time.
struct DirectForward<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let source: ChannelsLast<Scalar>
    let weights: PackedWeights<Scalar>
    /// Images whose pixels at the same place are computed together, where padding takes many taps, as all of them have the same; else, and with few
    /// images, neighbouring pixels are, which are in the cache together.
    private let together: Int
    private let taps: TapTable

    init(_ shape: ConvolutionShape, _ source: ChannelsLast<Scalar>, _ weights: PackedWeights<Scalar>) {
        self.shape = shape
        self.source = source
        self.weights = weights
        together = shape.batch >= 8 && shape.columnsOnPadding > 0.05 ? 24 : 1
        taps = together > 1 ? TapTable(positionsOf: shape, source.layout) : TapTable(rowsOf: shape, source.layout)
    }

    /// [N, O, h, w].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                // Some ten thousand products a piece at least.
                let rows = max(1, 65536 / max(1, together * shape.outWidth * shape.taps * weights.lanes))
                forEachRow(piece: rows) { sums, y, images, outputs in
                    store(sums, shape, lanes: weights.lanes, y: y, images, outputs, bias, to: out)
                }
            }
        }
    }

    /// The largest of each image's and channel's sums, [N, O], and its row-major position, that of the first of several that are equally large. A
    /// NaN is larger than any number.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func peaks() -> (sums: Tensor<Scalar>, places: [Int32]) {
        var places = [Int32](repeating: 0, count: shape.batch * shape.outputs)
        let peaks = places.withUnsafeMutableBufferPointer { places in
            Tensor<Scalar>(shape: [shape.batch, shape.outputs]) { peaks in
                let (peaks, places) = (peaks.baseAddress!, places.baseAddress!)
                let kernels = Scalar.kernels
                forEachRow(piece: shape.outHeight) { sums, y, images, outputs in
                    for x in 0..<shape.outWidth {
                        for image in images {
                            let first = image * shape.outputs + outputs.lowerBound
                            kernels.update_peaks(
                                Int32(outputs.count), Int32(y * shape.outWidth + x),
                                sums + (x * images.count + image - images.lowerBound) * weights.lanes, peaks + first, places + first)
                        }
                    }
                }
            }
        }
        return (peaks, places)
    }

    /// Calls `body` from several threads with the sums [pixels, images, lanes] of each row of outputs; one thread goes through `piece` rows, which
    /// follow each other from the top of an image to its end, then on to further images, then to further outputs.
    private func forEachRow(
        piece: Int, _ body: (_ sums: UnsafePointer<Scalar>, _ y: Int, _ images: Range<Int>, _ outputs: Range<Int>) -> Void
    ) {
        let imageGroups = (shape.batch + together - 1) / together
        let rows = imageGroups * shape.outHeight
        let lanes = weights.lanes
        let (layout, kernels) = (source.layout, Scalar.kernels)
        taps.withTaps { taps in
            source.scalars.withScalars { source in
                weights.scalars.withScalars { packed in
                    Threads.forEachPiece(of: shape.groups * shape.blocks(of: lanes) * rows, size: piece) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: together * shape.outWidth * lanes) { sums in
                            for item in piece {
                                let (block, row) = (item / rows, item % rows)
                                let (group, firstOutput) = (block / shape.blocks(of: lanes), block % shape.blocks(of: lanes) * lanes)
                                let firstImage = row / shape.outHeight * together
                                let images = firstImage..<min(shape.batch, firstImage + together)
                                add(
                                    kernels, taps, source.baseAddress! + firstImage * layout.imageStride + group * layout.channels,
                                    packed.baseAddress! + block * weights.blockCount, y: row % shape.outHeight, images: images.count,
                                    to: sums.baseAddress!)
                                let outputs = firstOutput..<min(firstOutput + lanes, shape.groupOutputs)
                                body(
                                    sums.baseAddress!, row % shape.outHeight, images,
                                    group * shape.groupOutputs + outputs.lowerBound..<group * shape.groupOutputs + outputs.upperBound)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The sums of row `y` of some images, from the first one's beginning.
    private func add(
        _ kernels: warp_kernels, _ taps: TapTable.Taps, _ source: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, y: Int,
        images: Int, to sums: UnsafeMutablePointer<Scalar>
    ) {
        let (layout, lanes) = (self.source.layout, Int32(self.weights.lanes))
        guard together > 1 else {
            // The source's zeros are multiplied too, so that all pixels of the row, or every so many of them, have the same taps.
            let apart = shape.sourceDilation
            for first in 0..<min(apart, shape.outWidth) {
                var row = taps[y * apart + first]
                kernels.convolve(
                    lanes, &row, source, shape.stride * layout.pixelStride, Int32((shape.outWidth - first + apart - 1) / apart), weights,
                    sums + first * Int(lanes), apart * Int(lanes))
            }
            return
        }
        for x in 0..<shape.outWidth {
            var position = taps[y * shape.outWidth + x]
            kernels.convolve(lanes, &position, source, layout.imageStride, Int32(images), weights, sums + x * images * Int(lanes), Int(lanes))
        }
    }
}

/// Brings a row's sums to where they belong.
private func store<Scalar: FloatingScalar>(
    _ sums: UnsafePointer<Scalar>, _ shape: ConvolutionShape, lanes: Int, y: Int, _ images: Range<Int>, _ outputs: Range<Int>,
    _ bias: UnsafePointer<Scalar>?, to out: UnsafeMutablePointer<Scalar>
) {
    let kernels = Scalar.kernels
    for image in images {
        kernels.transpose(
            Int32(shape.outWidth), Int32(outputs.count), sums + (image - images.lowerBound) * lanes, images.count * lanes,
            bias.map { $0 + outputs.lowerBound },
            out + ((image * shape.outputs + outputs.lowerBound) * shape.outHeight + y) * shape.outWidth, shape.outPixels)
    }
}
