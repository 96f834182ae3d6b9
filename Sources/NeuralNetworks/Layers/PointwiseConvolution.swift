import CWarpKernels
import LinearAlgebra
import Tensors

/// A convolution whose kernels see one pixel each: a product of matrices, for which the images stay as they are. Neighbouring pixels take the lanes
/// of the vectors, where other convolutions have outputs.
struct PointwiseConvolution<Scalar: FloatingScalar>: ConvolutionPass {
    let shape: ConvolutionShape
    private let images, kernel: Tensor<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.images = images
        self.kernel = kernel
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> { shape.pointwiseProduct(images, kernel, bias: bias) }

    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel isKernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?) {
        (
            image ? shape.pointwiseImageGradient(cotangent, kernel) : nil,
            isKernel ? PointwiseKernelGradient(shape, images: images, cotangent).result() : nil
        )
    }
}

/// Pixels in the lanes of a vector.
private let lanes = 16
/// Pixels that are multiplied with a few rows of the kernels after each other, while the cache holds both.
private let piecePixels = 4 * lanes
private let pieceRows = 24

extension ConvolutionShape {
    func pointwiseImageGradient<Scalar: FloatingScalar>(_ cotangent: Tensor<Scalar>, _ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
        adjoint.pointwiseProduct(cotangent, kernel.reshaped([groups, groupOutputs, groupChannels]).permuted([0, 2, 1]), bias: nil)
    }

    /// - Parameters:
    ///   - images: [N, C, H, W].
    ///   - kernel: [groups, O / groups, C / groups].
    ///   - bias: [O].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    fileprivate func pointwiseProduct<Scalar: FloatingScalar>(
        _ images: Tensor<Scalar>, _ kernel: Tensor<Scalar>, bias: Tensor<Scalar>?
    ) -> Tensor<Scalar> {
        let pixels = batch * outPixels
        let pieces = (pixels + piecePixels - 1) / piecePixels
        return Tensor(shape: [batch, outputs, outHeight, outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                images.withScalars { images in
                    kernel.withScalars { kernel in
                        Threads.forEachPiece(of: groups * pieces, size: 1) { piece in
                            withUnsafeTemporaryAllocation(of: Scalar.self, capacity: piecePixels * groupChannels + pieceRows * lanes) {
                                let (packed, sums) = ($0.baseAddress!, $0.baseAddress! + piecePixels * groupChannels)
                                for item in piece {
                                    let (group, first) = (item / pieces, item % pieces * piecePixels)
                                    let range = first..<min(pixels, first + piecePixels)
                                    packPixels(images.baseAddress!, group: group, range, to: packed)
                                    multiply(
                                        packed, range, group: group, kernel.baseAddress! + group * groupOutputs * groupChannels, bias,
                                        sums: sums, to: out)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func multiply<Scalar: FloatingScalar>(
        _ packed: UnsafePointer<Scalar>, _ pixels: Range<Int>, group: Int, _ kernel: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
        sums: UnsafeMutablePointer<Scalar>, to out: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        var start = 0
        withUnsafePointer(to: &start) { start in
            var taps = warp_taps(runs: 1, length: Int32(groupChannels), source: start, weights: start)
            for first in Swift.stride(from: 0, to: groupOutputs, by: pieceRows) {
                let rows = first..<min(groupOutputs, first + pieceRows)
                for block in Swift.stride(from: pixels.lowerBound, to: pixels.upperBound, by: lanes) {
                    kernels.convolve(
                        Int32(lanes), &taps, kernel + first * groupChannels, groupChannels, Int32(rows.count),
                        packed + (block - pixels.lowerBound) * groupChannels, sums, lanes)
                    storePixels(
                        sums, block..<min(pixels.upperBound, block + lanes),
                        outputs: group * groupOutputs + rows.lowerBound..<group * groupOutputs + rows.upperBound, bias, to: out)
                }
            }
        }
    }

    /// Pixels of all images, counted on from one to the next, of one group: [pixels / lanes, channels, lanes], with zeros in what is left over.
    private func packPixels<Scalar: FloatingScalar>(
        _ images: UnsafePointer<Scalar>, group: Int, _ pixels: Range<Int>, to packed: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        if pixels.count % lanes > 0 {
            (packed + pixels.count / lanes * lanes * groupChannels).update(repeating: 0, count: lanes * groupChannels)
        }
        // A few channels at a time, as what follows of one is a neighbour in memory.
        for channel in Swift.stride(from: 0, to: groupChannels, by: 8) {
            forEachRun(pixels) { place, image, pixel, count in
                kernels.copy_rows(
                    Int32(min(8, groupChannels - channel)), Int32(count),
                    images + (image * channels + group * groupChannels + channel) * outPixels + pixel, outPixels, nil,
                    packed + place / lanes * lanes * groupChannels + channel * lanes + place % lanes, lanes)
            }
        }
    }

    private func storePixels<Scalar: FloatingScalar>(
        _ sums: UnsafePointer<Scalar>, _ pixels: Range<Int>, outputs range: Range<Int>, _ bias: UnsafePointer<Scalar>?,
        to out: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        forEachRun(pixels) { place, image, pixel, count in
            kernels.copy_rows(
                Int32(range.count), Int32(count), sums + place, lanes, bias.map { $0 + range.lowerBound },
                out + (image * outputs + range.lowerBound) * outPixels + pixel, outPixels)
        }
    }

    /// Cuts pixels into runs of one image and one block of lanes: each one's place in the range, image, first pixel there, and length.
    @inline(__always)
    private func forEachRun(_ pixels: Range<Int>, _ body: (_ place: Int, _ image: Int, _ pixel: Int, _ count: Int) -> Void) {
        var pixel = pixels.lowerBound
        while pixel < pixels.upperBound {
            let place = pixel - pixels.lowerBound
            let count = min(pixels.upperBound - pixel, outPixels - pixel % outPixels, lanes - place % lanes)
            body(place, pixel / outPixels, pixel % outPixels, count)
            pixel += count
        }
    }
}
