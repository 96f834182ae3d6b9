import CWarpKernels
import LinearAlgebra
import Tensors

/// The work of a direct convolution, a row of outputs at a time.
struct DirectForward<Scalar: FloatingScalar> {
    /// Where the images are read from.
    enum Source {
        /// Neighbouring pixels of a row are computed together. A thread brings a strip of an image to channels last, which its second cache holds,
        /// and computes all outputs of it.
        case images(Tensor<Scalar>)
        /// Pixels of several images at the same place are computed together.
        case channelsLast(ChannelsLast<Scalar>)
    }

    let shape: ConvolutionShape
    let source: Source
    let weights: PackedWeights<Scalar>

    init(_ shape: ConvolutionShape, _ source: Source, _ weights: PackedWeights<Scalar>) {
        (self.shape, self.source, self.weights) = (shape, source, weights)
    }

    /// [N, O, h, w].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                forEachRow(isWhole: false) { sums, y, images, outputs in
                    store(sums, shape, lanes: weights.lanes, y: y, images, outputs, bias, to: out)
                }
            }
        }
    }

    /// The largest of each image's and channel's sums, [N, O], and its row-major position, that of the first of several that are equally large. A
    /// NaN is larger than any number.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func peaks() -> (sums: Tensor<Scalar>, places: PooledArray<Int32>) {
        let places = PooledArray<Int32>(count: shape.batch * shape.outputs)
        let peaks = Tensor<Scalar>(shape: [shape.batch, shape.outputs]) { peaks in
            let (peaks, places) = (peaks.baseAddress!, places.elements.baseAddress!)
            let kernels = Scalar.kernels
            forEachRow(isWhole: true) { sums, y, images, outputs in
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
        return (peaks, places)
    }

    private typealias RowBody = (_ sums: UnsafePointer<Scalar>, _ y: Int, _ images: Range<Int>, _ outputs: Range<Int>) -> Void

    /// Calls `body` from several threads with the sums [pixels, images, lanes] of each row of outputs; where an image `isWhole`, one thread goes
    /// through its rows from the top.
    private func forEachRow(isWhole: Bool, _ body: RowBody) {
        switch source {
        case .images(let images): forEachRow(of: images, isWhole: isWhole, body)
        case .channelsLast(let source): forEachRow(of: source, isWhole: isWhole, body)
        }
    }

    private func forEachRow(of images: Tensor<Scalar>, isWhole: Bool, _ body: RowBody) {
        let layout = ChannelsLastLayout(
            groups: 1, channels: shape.groupChannels, height: shape.height, width: shape.width, shape.margins(for: .direct),
            isSpread: shape.kernelWidth == 1)
        let strips = DirectStrips(shape, rowElements: layout.rowStride)
        let (lanes, kernels, plane) = (weights.lanes, Scalar.kernels, shape.height * shape.width)
        TapTable(rowsOf: shape, layout).withTaps { taps in
            images.withScalars { images in
                weights.scalars.withScalars { packed in
                    let planes = shape.batch * shape.groups
                    Threads.forEachPiece(of: planes * strips.count, size: isWhole ? strips.count : 1) { piece in
                        withUnsafeTemporaryAllocation(
                            of: Scalar.self, capacity: strips.inputRows * layout.rowStride + shape.outWidth * lanes
                        ) { scratch in
                            let (strip, sums) = (scratch.baseAddress!, scratch.baseAddress! + strips.inputRows * layout.rowStride)
                            for item in piece {
                                let (image, group) = (item / strips.count / shape.groups, item / strips.count % shape.groups)
                                let rows = strips[item % strips.count]
                                let inputs = shape.rowsSeen(from: rows)
                                bringRows(
                                    inputs, of: images.baseAddress! + (image * shape.channels + group * shape.groupChannels) * plane,
                                    channels: shape.groupChannels, layout, to: strip)
                                for block in 0..<shape.blocks(of: lanes) {
                                    let first = group * shape.groupOutputs + block * lanes
                                    let outputs = first..<min(first + lanes, (group + 1) * shape.groupOutputs)
                                    for y in rows {
                                        addRow(
                                            kernels, taps, strip - inputs.lowerBound * layout.rowStride, layout,
                                            packed.baseAddress! + (group * shape.blocks(of: lanes) + block) * weights.blockCount, y: y,
                                            to: sums)
                                        body(sums, y, image..<image + 1, outputs)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The sums of row `y` of an image. Zeros beside it are multiplied too, so that all pixels of the row, or every so many of them, have the same
    /// taps.
    private func addRow(
        _ kernels: warp_kernels, _ taps: TapTable.Taps, _ image: UnsafePointer<Scalar>, _ layout: ChannelsLastLayout,
        _ weights: UnsafePointer<Scalar>, y: Int, to sums: UnsafeMutablePointer<Scalar>
    ) {
        let (lanes, apart) = (self.weights.lanes, shape.sourceDilation)
        for first in 0..<min(apart, shape.outWidth) {
            var row = taps[y * apart + first]
            kernels.convolve(
                Int32(lanes), &row, image, shape.stride * layout.pixelStride, Int32((shape.outWidth - first + apart - 1) / apart), weights,
                sums + first * lanes, apart * lanes)
        }
    }

    private func forEachRow(of source: ChannelsLast<Scalar>, isWhole: Bool, _ body: RowBody) {
        let together = ConvolutionShape.imagesTogether
        let rows = (shape.batch + together - 1) / together * shape.outHeight
        let (lanes, blocks) = (weights.lanes, shape.blocks(of: weights.lanes))
        let (layout, kernels) = (source.layout, Scalar.kernels)
        // Some ten thousand products a piece at least.
        let size = isWhole ? shape.outHeight : max(1, 65536 / max(1, together * shape.outWidth * shape.taps * lanes))
        TapTable(positionsOf: shape, layout).withTaps { taps in
            source.scalars.withScalars { source in
                weights.scalars.withScalars { packed in
                    Threads.forEachPiece(of: shape.groups * blocks * rows, size: size) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: together * shape.outWidth * lanes) { sums in
                            let sums = sums.baseAddress!
                            for item in piece {
                                let (block, y) = (item / rows, item % rows % shape.outHeight)
                                let firstImage = item % rows / shape.outHeight * together
                                let images = firstImage..<min(shape.batch, firstImage + together)
                                let group = block / blocks
                                for x in 0..<shape.outWidth {
                                    var position = taps[y * shape.outWidth + x]
                                    kernels.convolve(
                                        Int32(lanes), &position,
                                        source.baseAddress! + firstImage * layout.imageStride + group * layout.channels, layout.imageStride,
                                        Int32(images.count), packed.baseAddress! + block * weights.blockCount,
                                        sums + x * images.count * lanes,
                                        lanes)
                                }
                                let first = group * shape.groupOutputs + block % blocks * lanes
                                body(sums, y, images, first..<min(first + lanes, (group + 1) * shape.groupOutputs))
                            }
                        }
                    }
                }
            }
        }
    }
}

extension ConvolutionShape {
    fileprivate static var imagesTogether: Int { 24 }

    /// Whether pixels of several images are computed together: where padding takes many taps, as all pixels at the same place have the same. Else,
    /// and with few images, neighbouring pixels are.
    var takesImagesTogether: Bool { batch >= 8 && columnsOnPadding > 0.05 }

    /// The rows of an image that some rows of outputs see.
    func rowsSeen(from rows: Range<Int>) -> Range<Int> {
        let first = max(0, rows.lowerBound * stride - paddingY + sourceDilation - 1) / sourceDilation
        let last = ((rows.upperBound - 1) * stride + (kernelHeight - 1) * dilation - paddingY) / sourceDilation
        return min(first, height)..<max(min(first, height), min(height, last + 1))
    }
}

/// Rows of outputs whose inputs a part of the second cache holds.
struct DirectStrips {
    let count: Int
    /// At most.
    let inputRows: Int
    private let rows, outHeight: Int

    init(_ shape: ConvolutionShape, rowElements: Int) {
        outHeight = shape.outHeight
        // Several pieces of work also of a single image.
        let most = max(4, outHeight * max(1, shape.batch * shape.groups) / 16)
        var rows = min(outHeight, most)
        while rows > 1, shape.rowsSeen(from: 0..<rows).count * rowElements > 65536 { rows = (rows + 1) / 2 }
        self.rows = rows
        count = (outHeight + rows - 1) / rows
        inputRows = ((rows - 1) * shape.stride + (shape.kernelHeight - 1) * shape.dilation) / shape.sourceDilation + 1
    }

    subscript(index: Int) -> Range<Int> { index * rows..<min(outHeight, (index + 1) * rows) }
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
