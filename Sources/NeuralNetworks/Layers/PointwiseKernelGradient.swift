import CWarpKernels
import LinearAlgebra
import Tensors

/// The gradient of a convolution of single taps by its kernel: the product [channels, pixels] by [pixels, outputs], with outputs in the lanes. The
/// images stay as they are, and only the gradient by the outputs is brought to channels last, a block of outputs at a time.
struct PointwiseKernelGradient<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let images, cotangent: Tensor<Scalar>
    /// Pixels that are summed together, while the second cache holds all their channels: of several images, or a part of those of one.
    private let chunkImages, chunkPixels: Int
    private var imageChunks: Int { (shape.batch + chunkImages - 1) / chunkImages }
    private var pixelChunks: Int { (shape.outPixels + chunkPixels - 1) / chunkPixels }

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ cotangent: Tensor<Scalar>) {
        (self.shape, self.images, self.cotangent) = (shape, images, cotangent)
        let pixels = max(64, 65536 / shape.groupChannels)
        chunkImages = max(1, min(shape.batch, pixels / shape.outPixels))
        chunkPixels = min(shape.outPixels, pixels)
    }

    /// Of the kernel's shape.
    ///
    /// The chunks are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of threads
    /// changes nothing.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result() -> Tensor<Scalar> {
        let (channels, lanes, chunks) = (shape.groupChannels, shape.lanes, imageChunks * pixelChunks)
        // Blocks of outputs that share the images' pixels.
        let together = min(shape.blocks, 8)
        let parts = (shape.blocks + together - 1) / max(1, together)
        let shares = max(1, min(chunks, 8 / max(1, shape.groups * parts)))
        var sums = Tensor<Scalar>.zeros([shares, shape.groups, shape.blocks, 1, 1, channels, lanes])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            images.withScalars { images in
                cotangent.withScalars { cotangent in
                    let (images, cotangent) = (images.baseAddress!, cotangent.baseAddress!)
                    Threads.forEachPiece(of: shares * shape.groups * parts, size: 1) { piece in
                        withUnsafeTemporaryAllocation(
                            of: Scalar.self, capacity: (chunkImages * chunkPixels + channels) * lanes
                        ) { scratch in
                            for item in piece {
                                let (share, group, part) = (item / parts / shape.groups, item / parts % shape.groups, item % parts)
                                for chunk in share * chunks / shares..<(share + 1) * chunks / shares {
                                    for block in part * together..<min(shape.blocks, (part + 1) * together) {
                                        add(
                                            images, cotangent, chunk: chunk, group: group, firstOutput: block * lanes,
                                            scratch: scratch.baseAddress!,
                                            to: sums + ((share * shape.groups + group) * shape.blocks + block) * channels * lanes)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return unpackedWeights(sums.sum(axes: [0]), shape)
    }

    /// Adds a chunk's products, [channels, lanes].
    private func add(
        _ images: UnsafePointer<Scalar>, _ cotangent: UnsafePointer<Scalar>, chunk: Int, group: Int, firstOutput: Int,
        scratch: UnsafeMutablePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>
    ) {
        let (kernels, lanes, channels) = (Scalar.kernels, shape.lanes, shape.groupChannels)
        let range = chunk / pixelChunks * chunkImages..<min(shape.batch, (chunk / pixelChunks + 1) * chunkImages)
        let first = chunk % pixelChunks * chunkPixels
        let count = min(chunkPixels, shape.outPixels - first)
        let outputs = min(lanes, shape.groupOutputs - firstOutput)
        let products = scratch + chunkImages * chunkPixels * lanes
        if outputs < lanes { scratch.update(repeating: 0, count: range.count * count * lanes) }
        for (place, image) in range.enumerated() {
            kernels.transpose(
                Int32(outputs), Int32(count),
                cotangent + (image * shape.outputs + group * shape.groupOutputs + firstOutput) * shape.outPixels + first, shape.outPixels,
                nil, scratch + place * count * lanes, lanes)
        }
        // A run of taps an image.
        let starts = range.indices.map { ($0 - range.lowerBound) * shape.channels * shape.outPixels }
        let weights = range.indices.map { ($0 - range.lowerBound) * count }
        starts.withUnsafeBufferPointer { starts in
            weights.withUnsafeBufferPointer { weights in
                var taps = warp_taps(
                    runs: Int32(range.count), length: Int32(count), source: starts.baseAddress, weights: weights.baseAddress)
                kernels.convolve(
                    Int32(lanes), &taps, images + (range.lowerBound * shape.channels + group * channels) * shape.outPixels + first,
                    shape.outPixels, Int32(channels), scratch, products, lanes)
            }
        }
        for i in 0..<channels * lanes { sums[i] += products[i] }
    }
}
