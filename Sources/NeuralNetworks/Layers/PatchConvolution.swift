import LinearAlgebra
import Tensors

/// A convolution through matrix products: the patches under the kernel become the columns of a matrix, a tile of them at a time that stays in
/// the cache.
struct PatchConvolution<Scalar: FloatingScalar>: ConvolutionPass {
    let shape: ConvolutionShape
    private let images, kernel: Tensor<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.images = images
        self.kernel = kernel
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        let sums = products()
        return bias.map { sums + $0.reshaped([1, shape.outputs, 1, 1]) } ?? sums
    }

    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel isKernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?) {
        (image ? shape.imageGradientThroughPatches(cotangent, kernel) : nil, isKernel ? kernelGradient(cotangent) : nil)
    }

    private func products() -> Tensor<Scalar> {
        Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            forEachTile { image, group, pixels, patches in
                kernel.withScalars { weight in
                    gemmOnOneThread(
                        weight.baseAddress! + group * shape.groupOutputs * shape.taps, MatrixLayout(shape.groupOutputs, shape.taps),
                        patches, MatrixLayout(shape.taps, pixels.count),
                        into: out + (image * shape.outputs + group * shape.groupOutputs) * shape.outPixels + pixels.lowerBound,
                        MatrixLayout(shape.groupOutputs, pixels.count, stride: shape.outPixels))
                }
            }
        }
    }

    /// The images are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of
    /// threads changes nothing.
    private func kernelGradient(_ cotangent: Tensor<Scalar>) -> Tensor<Scalar> {
        let count = shape.outputs * shape.taps
        let shares = min(shape.batch, 4)
        var sums = Tensor<Scalar>.zeros([shares, shape.outputs, shape.groupChannels, shape.kernelHeight, shape.kernelWidth])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            cotangent.withScalars { cotangent in
                images.withScalars { x in
                    Threads.forEachPiece(of: shares, size: 1) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: shape.taps * shape.tile) { patches in
                            let patches = patches.baseAddress!
                            for share in piece {
                                for image in share * shape.batch / shares..<(share + 1) * shape.batch / shares {
                                    for group in 0..<shape.groups {
                                        shape.forEachTile { pixels in
                                            shape.copyPatches(
                                                x.baseAddress! + (image * shape.channels + group * shape.groupChannels) * shape.height
                                                    * shape.width,
                                                pixels,
                                                to: patches)
                                            gemmOnOneThread(
                                                transposeB: true,
                                                cotangent.baseAddress! + (image * shape.outputs + group * shape.groupOutputs)
                                                    * shape.outPixels
                                                    + pixels.lowerBound,
                                                MatrixLayout(shape.groupOutputs, pixels.count, stride: shape.outPixels),
                                                patches, MatrixLayout(shape.taps, pixels.count), beta: 1,
                                                into: sums + share * count + group * shape.groupOutputs * shape.taps,
                                                MatrixLayout(shape.groupOutputs, shape.taps))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return sums.sum(axes: [0])
    }

    /// Calls `body` from several threads with each tile's patches.
    private func forEachTile(
        _ body: (_ image: Int, _ group: Int, _ pixels: Range<Int>, _ patches: UnsafePointer<Scalar>) -> Void
    ) {
        let tile = shape.tile
        let tiles = (shape.outPixels + tile - 1) / tile
        images.withScalars { x in
            Threads.forEachPiece(of: shape.batch * shape.groups * tiles, size: max(1, tiles)) { piece in
                withUnsafeTemporaryAllocation(of: Scalar.self, capacity: shape.taps * tile) { patches in
                    let patches = patches.baseAddress!
                    for item in piece {
                        let (plane, first) = (item / tiles, item % tiles * tile)
                        let (image, group) = (plane / shape.groups, plane % shape.groups)
                        let pixels = first..<min(shape.outPixels, first + tile)
                        shape.copyPatches(
                            x.baseAddress! + (image * shape.channels + group * shape.groupChannels) * shape.height * shape.width, pixels,
                            to: patches)
                        body(image, group, pixels, patches)
                    }
                }
            }
        }
    }
}

extension ConvolutionShape {
    /// Output pixels a tile: about a quarter of a megabyte of Float patches.
    fileprivate var tile: Int { min(outPixels, max(16, 65536 / taps)) }

    fileprivate func forEachTile(_ body: (Range<Int>) -> Void) {
        for first in Swift.stride(from: 0, to: outPixels, by: tile) { body(first..<min(outPixels, first + tile)) }
    }

    /// The gradient by the images from that by the outputs. Each tile's gradient by its patches is added back to where they were taken; one
    /// thread does all tiles of an image.
    func imageGradientThroughPatches<Scalar: FloatingScalar>(_ cotangent: Tensor<Scalar>, _ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
        var gradient = Tensor<Scalar>.zeros([batch, channels, height, width])
        gradient.withMutableScalars { gradient in
            let gradient = gradient.baseAddress!
            cotangent.withScalars { cotangent in
                kernel.withScalars { weight in
                    Threads.forEachPiece(of: batch * groups, size: 1) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: taps * tile) { patches in
                            let patches = patches.baseAddress!
                            for item in piece {
                                let (image, group) = (item / groups, item % groups)
                                forEachTile { pixels in
                                    gemmOnOneThread(
                                        transposeA: true, weight.baseAddress! + group * groupOutputs * taps,
                                        MatrixLayout(groupOutputs, taps),
                                        cotangent.baseAddress! + (image * outputs + group * groupOutputs) * outPixels
                                            + pixels.lowerBound,
                                        MatrixLayout(groupOutputs, pixels.count, stride: outPixels), into: patches,
                                        MatrixLayout(taps, pixels.count))
                                    addPatches(
                                        patches, pixels,
                                        to: gradient + (image * channels + group * groupChannels) * height * width)
                                }
                            }
                        }
                    }
                }
            }
        }
        return gradient
    }
}
