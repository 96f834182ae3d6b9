import CWarpKernels
import LinearAlgebra
import Tensors

/// The largest of each image's and channel's sums of a convolution, by Fourier transforms of whole images (Mathieu, Henaff & LeCun 2014): where a
/// kernel is about as large as the images, one product of complex numbers a frequency stands for many taps.
///
/// A NaN or an infinity among an image's pixels makes all of its sums NaN.
struct FourierPeaks<Scalar: FloatingScalar> {
    private let shape: ConvolutionShape
    private let source: ChannelsLast<Scalar>
    private let cycle: FourierCycle
    private let fromImages, fromKernels, toSums: FourierMap<Scalar>

    /// Outputs that are computed together, in the lanes of a vector.
    private var lanes: Int { 16 }
    /// Images whose products with these are in the second cache together.
    private var together: Int { 16 }

    /// Those of a shape of which `isFasterByFourier` holds.
    init(_ shape: ConvolutionShape, _ source: ChannelsLast<Scalar>) {
        self.shape = shape
        self.source = source
        cycle = shape.cycle
        fromImages = FourierMap(to: cycle, height: shape.height, width: shape.width)
        fromKernels = FourierMap(
            to: cycle, height: shape.kernelHeight, width: shape.kernelWidth, originY: -shape.paddingY, originX: -shape.paddingX,
            isConjugate: true)
        toSums = FourierMap(from: cycle, height: shape.outHeight, width: shape.outWidth)
    }

    /// [N, O], and the row-major position of each, that of the first of several that are equally large.
    ///
    /// - Parameter kernel: [O, C, kh, kw].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func peaks(_ kernel: Tensor<Scalar>) -> (sums: Tensor<Scalar>, places: PooledArray<Int32>) {
        let (images, sizes) = (imageTransforms, sizes)
        let weights = PackedWeights(kernel, lanes: lanes, shape)
        let places = PooledArray<Int32>(count: shape.batch * shape.outputs)
        let peaks = Tensor<Scalar>(shape: [shape.batch, shape.outputs]) { peaks in
            let (peaks, places) = (peaks.baseAddress!, places.elements.baseAddress!)
            images.withScalars { images in
                weights.scalars.withScalars { weights in
                    let (images, weights) = (images.baseAddress!, weights.baseAddress!)
                    forEachPiece(of: shape.blocks(of: lanes), size: 1, workspace: sizes.sum) {
                        (piece, workspace: UnsafeMutablePointer<Scalar>) in
                        for block in piece {
                            addPeaks(
                                outputs: block * lanes..<min((block + 1) * lanes, shape.outputs), images,
                                weights + block * shape.taps * lanes, Workspace(workspace, sizes), to: peaks, places)
                        }
                    }
                }
            }
        }
        return (peaks, places)
    }

    /// [N, rows, 2, half, C].
    private var imageTransforms: Tensor<Scalar> {
        let (layout, channels) = (source.layout, shape.channels)
        let size = 2 * cycle.count * channels
        return Tensor(shape: [shape.batch, size]) { out in
            let out = out.baseAddress!
            source.scalars.withScalars { source in
                let first = source.baseAddress! + layout.place(0, 0)
                Threads.forEachPiece(of: shape.batch, size: 4) { piece in
                    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: fromImages.countBetween(each: channels)) { between in
                        for image in piece {
                            fromImages.toFrequencies(
                                first + image * layout.imageStride, row: layout.rowStride, pixel: layout.pixelStride, each: channels,
                                between: between.baseAddress!, to: out + image * size)
                        }
                    }
                }
            }
        }
    }

    /// How many numbers of each kind a block of outputs needs at a time.
    private struct Sizes {
        var between, kernels, products, sums, peaks: Int

        var sum: Int { between + kernels + products + sums + peaks }
    }

    private var sizes: Sizes {
        Sizes(
            between: max(fromKernels.countBetween(each: shape.channels * lanes), toSums.countBetween(each: together * lanes)),
            kernels: 2 * cycle.count * shape.channels * lanes, products: 2 * cycle.count * together * lanes,
            sums: shape.outPixels * together * lanes, peaks: together * lanes)
    }

    /// Where they are.
    private struct Workspace {
        let between, kernels, products, sums, peaks: UnsafeMutablePointer<Scalar>

        init(_ start: UnsafeMutablePointer<Scalar>, _ sizes: Sizes) {
            between = start
            kernels = between + sizes.between
            products = kernels + sizes.kernels
            sums = products + sizes.products
            peaks = sums + sizes.sums
        }
    }

    private func addPeaks(
        outputs: Range<Int>, _ images: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, _ workspace: Workspace,
        to peaks: UnsafeMutablePointer<Scalar>, _ places: UnsafeMutablePointer<Int32>
    ) {
        let kernels = Scalar.kernels
        let pixel = shape.channels * lanes
        fromKernels.toFrequencies(
            weights, row: shape.kernelWidth * pixel, pixel: pixel, each: pixel, between: workspace.between, to: workspace.kernels)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: together * lanes) { blockPlaces in
            for first in stride(from: 0, to: shape.batch, by: together) {
                let count = min(together, shape.batch - first)
                multiply(images + first * 2 * cycle.count * shape.channels, count: count, workspace)
                toSums.toImages(workspace.products, each: count * lanes, between: workspace.between, to: workspace.sums)
                for place in 0..<shape.outPixels {
                    kernels.update_peaks(
                        Int32(count * lanes), Int32(place), workspace.sums + place * count * lanes, workspace.peaks,
                        blockPlaces.baseAddress!)
                }
                for image in 0..<count {
                    let target = (first + image) * shape.outputs + outputs.lowerBound
                    (peaks + target).update(from: workspace.peaks + image * lanes, count: outputs.count)
                    (places + target).update(from: blockPlaces.baseAddress! + image * lanes, count: outputs.count)
                }
            }
        }
    }

    /// The products of some images' and a block of kernels' transforms, frequency by frequency.
    private func multiply(_ images: UnsafePointer<Scalar>, count: Int, _ workspace: Workspace) {
        let kernels = Scalar.kernels
        let (imageHalf, kernelHalf) = (cycle.half * shape.channels, cycle.half * shape.channels * lanes)
        let productHalf = cycle.half * count * lanes
        for y in 0..<cycle.rows {
            for x in 0..<cycle.half {
                kernels.complex_products(
                    Int32(count), Int32(shape.channels), images + y * 2 * imageHalf + x * shape.channels, cycle.rows * 2 * imageHalf,
                    imageHalf, workspace.kernels + y * 2 * kernelHalf + x * shape.channels * lanes, kernelHalf,
                    workspace.products + y * 2 * productHalf + x * count * lanes, lanes, productHalf)
            }
        }
    }
}

extension ConvolutionShape {
    /// As long as the image and its zeros on one side, where those on the other side begin.
    fileprivate var cycle: FourierCycle { FourierCycle(rows: height + paddingY, columns: width + paddingX) }

    /// Whether the products by Fourier transforms of whole images, and the transforms, are clearly fewer than those of the taps.
    var isFasterByFourier: Bool {
        guard stride == 1, dilation == 1, groups == 1, channels >= 16, outputs >= 16, batch >= 16 else { return false }
        let (products, half) = (4 * cycle.count, 2 * cycle.half)
        func transform(_ rows: Int, _ columns: Int) -> Int { half * rows * (columns + 2 * cycle.rows) }
        let transforms =
            transform(height, width) / outputs + transform(kernelHeight, kernelWidth) / batch + transform(outHeight, outWidth) / channels
        return 3 * (products + transforms) < 2 * self.products / (batch * outputs * channels)
    }
}
