import CWarpKernels
import LinearAlgebra
import Tensors

/// The work of a direct convolution, a row of outputs of several images at a time.
struct DirectForward<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let source: ChannelsLast<Scalar>
    let weights: PackedWeights<Scalar>
    /// Images whose pixels at the same place are computed together, as all of them have the same taps beside padding; with fewer images,
    /// neighbouring pixels are.
    private let together: Int

    init(_ shape: ConvolutionShape, _ source: ChannelsLast<Scalar>, _ weights: PackedWeights<Scalar>) {
        self.shape = shape
        self.source = source
        self.weights = weights
        together = shape.batch >= 8 ? 24 : 1
    }

    /// [N, O, h, w].
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                // Some ten thousand products a piece at least.
                let rows = max(1, 65536 / (together * shape.outWidth * shape.taps * weights.lanes))
                forEachRow(piece: rows) { sums, y, images, outputs in
                    store(sums, shape, lanes: weights.lanes, y: y, images, outputs, bias, to: out)
                }
            }
        }
    }

    /// The largest of each image's and channel's sums, [N, O], and its row-major position, that of the first of several that are equally large. A
    /// NaN is larger than any number.
    func peaks() -> (sums: Tensor<Scalar>, places: [Int32]) {
        var places = [Int32](repeating: 0, count: shape.batch * shape.outputs)
        let peaks = places.withUnsafeMutableBufferPointer { places in
            Tensor<Scalar>(shape: [shape.batch, shape.outputs]) { peaks in
                let (peaks, places) = (peaks.baseAddress!, places.baseAddress!)
                forEachRow(piece: shape.outHeight) { sums, y, images, outputs in
                    updatePeaks(sums, shape, lanes: weights.lanes, y: y, images, outputs, peaks, places)
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
                                source.baseAddress!, packed.baseAddress! + block * weights.blockCount, group: group,
                                y: row % shape.outHeight, images, to: sums.baseAddress!)
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

    /// The sums of one row of outputs: for each pixel those of the images, or for the one image those of the pixels.
    private func add(
        _ source: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, group: Int, y: Int, _ images: Range<Int>,
        to sums: UnsafeMutablePointer<Scalar>
    ) {
        let layout = self.source
        let start = source + images.lowerBound * layout.imageStride + group * layout.channels
        guard together > 1 else {
            // The source's zeros are multiplied too, so that all pixels of the row have the same taps.
            return TapRuns(shape, layout).with(y: y, xs: 0..<shape.kernelWidth) { taps in
                Scalar.kernels.convolve(
                    Int32(self.weights.lanes), &taps, start, shape.stride * layout.pixelStride, Int32(shape.outWidth), weights, sums)
            }
        }
        for x in 0..<shape.outWidth {
            let xs = shape.tapsInside(x, kernel: shape.kernelWidth, size: shape.width, padding: shape.paddingX)
            TapRuns(shape, layout).with(y: y, xs: xs) { taps in
                Scalar.kernels.convolve(
                    Int32(self.weights.lanes), &taps, start + x * shape.stride * layout.pixelStride, layout.imageStride,
                    Int32(images.count), weights, sums + x * images.count * self.weights.lanes)
            }
        }
    }
}

/// Brings a row's sums to where they belong.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func store<Scalar: FloatingScalar>(
    _ sums: UnsafePointer<Scalar>, _ shape: ConvolutionShape, lanes: Int, y: Int, _ images: Range<Int>, _ outputs: Range<Int>,
    _ bias: UnsafePointer<Scalar>?, to out: UnsafeMutablePointer<Scalar>
) {
    let step = images.count * lanes
    for image in images {
        let first = sums + (image - images.lowerBound) * lanes
        for output in outputs {
            let target = out + ((image * shape.outputs + output) * shape.outHeight + y) * shape.outWidth
            let source = first + (output - outputs.lowerBound)
            let shift = bias?[output] ?? 0
            for x in 0..<shape.outWidth { target[x] = source[x * step] + shift }
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func updatePeaks<Scalar: FloatingScalar>(
    _ sums: UnsafePointer<Scalar>, _ shape: ConvolutionShape, lanes: Int, y: Int, _ images: Range<Int>, _ outputs: Range<Int>,
    _ peaks: UnsafeMutablePointer<Scalar>, _ places: UnsafeMutablePointer<Int32>
) {
    for x in 0..<shape.outWidth {
        let position = Int32(y * shape.outWidth + x)
        for image in images {
            let source = sums + (x * images.count + image - images.lowerBound) * lanes
            let (peak, place) = (peaks + image * shape.outputs + outputs.lowerBound, places + image * shape.outputs + outputs.lowerBound)
            for i in 0..<outputs.count {
                let isPeak = position == 0 || source[i] > peak[i] || source[i] != source[i]
                peak[i] = isPeak ? source[i] : peak[i]
                place[i] = isPeak ? position : place[i]
            }
        }
    }
}

/// The runs of neighbouring taps that see no padding.
struct TapRuns<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let layout: ChannelsLast<Scalar>
    /// Neighbouring taps are neighbours in memory where there are no gaps between them.
    private let isContiguous: Bool

    init(_ shape: ConvolutionShape, _ layout: ChannelsLast<Scalar>) {
        self.shape = shape
        self.layout = layout
        isContiguous = shape.groups == 1 && shape.dilation == 1
    }

    /// Calls `body` with the taps of row `y` of the outputs; of them, columns `xs` of the kernel. Places in the source are from the first
    /// output of the image's first row, places in the weights in vectors of lanes.
    func with(y: Int, xs: Range<Int>, _ body: (inout warp_taps) -> Void) {
        let ys = shape.tapsInside(y, kernel: shape.kernelHeight, size: shape.height, padding: shape.paddingY)
        let columns = xs.isEmpty ? 0 : isContiguous ? 1 : xs.count
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * ys.count * columns + 1) { places in
            let source = places.baseAddress!
            let weights = source + ys.count * columns
            var run = 0
            for ky in ys {
                for kx in xs.prefix(columns) {
                    source[run] = (y * shape.stride + ky * shape.dilation) * layout.rowStride + kx * shape.dilation * layout.pixelStride
                    weights[run] = (ky * shape.kernelWidth + kx) * layout.channels
                    run += 1
                }
            }
            var taps = warp_taps(
                runs: Int32(run), length: Int32(isContiguous ? xs.count * layout.channels : layout.channels), source: source,
                weights: weights)
            body(&taps)
        }
    }
}
