import CWarpKernels
import LinearAlgebra
import Tensors

/// A convolution by Fourier transforms of tiles (`FourierForward`), and so its gradients.
///
/// A NaN or an infinity among the pixels reaches all outputs of the tiles that see it.
struct FourierConvolution<Scalar: FloatingScalar>: ConvolutionPass {
    let shape: ConvolutionShape
    private let images, kernel: Tensor<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.images = images
        self.kernel = kernel
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> { FourierForward(shape, images, KernelSpectra(kernel)).result(bias: bias) }

    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel isKernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?) {
        (image ? imageGradient(cotangent) : nil, isKernel ? kernelGradient(cotangent) : nil)
    }

    private func imageGradient(_ cotangent: Tensor<Scalar>) -> Tensor<Scalar> {
        FourierForward(shape.adjoint, cotangent, KernelSpectra(kernel.permuted([1, 0, 2, 3]), isTurned: true)).result(bias: nil)
    }

    /// The product of the images' transforms and the conjugate ones of the gradient by the outputs, summed over tiles, is the transform of the
    /// gradient by the kernel.
    ///
    /// The tiles are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of threads
    /// changes nothing.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    private func kernelGradient(_ cotangent: Tensor<Scalar>) -> Tensor<Scalar> {
        let tiles = FourierTiles(shape)
        let (lanes, frequencies) = (FourierTiles.lanes, FourierTiles.frequencies)
        let pairs = (shape.channels * shape.outputs + lanes - 1) / lanes * lanes
        let shares = max(1, min(tiles.bands, 8))
        let strips = tiles.strip * (shape.channels + shape.outputs)
        let each = 2 * frequencies * lanes * (shape.channels + shape.outputs)
        // Tiles whose transforms the second cache holds.
        let together = max(1, min(tiles.perBand, (1 << 19) / (each * MemoryLayout<Scalar>.stride)))
        var sums = Tensor<Scalar>.zeros([shares, frequencies, 2, pairs])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            images.withScalars { images in
                cotangent.withScalars { cotangent in
                    let (images, cotangent) = (images.baseAddress!, cotangent.baseAddress!)
                    forEachPiece(of: shares, size: 1, workspace: strips + together * each) {
                        (piece, workspace: UnsafeMutablePointer<Scalar>) in
                        for share in piece {
                            for band in share * tiles.bands / shares..<(share + 1) * tiles.bands / shares {
                                addProducts(
                                    tiles, tiles[band: band], together: together, images, cotangent, workspace,
                                    to: sums + share * frequencies * 2 * pairs, pairs: pairs)
                            }
                        }
                    }
                }
            }
        }
        return kernels(sums.sum(axes: [0]), pairs: pairs)
    }

    /// Of a band, some tiles together: [frequencies, 2, pairs].
    private func addProducts(
        _ tiles: FourierTiles, _ band: FourierTiles.Band, together: Int, _ images: UnsafePointer<Scalar>,
        _ cotangent: UnsafePointer<Scalar>, _ workspace: UnsafeMutablePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>, pairs: Int
    ) {
        let kernels = Scalar.kernels
        let (side, lanes, frequencies) = (Int32(FourierTiles.side), FourierTiles.lanes, FourierTiles.frequencies)
        // The transforms of a tile: [frequencies, 2, C, lanes] and [frequencies, 2, O, lanes].
        let (imageRow, outputRow) = (shape.channels * lanes, shape.outputs * lanes)
        let (imageSize, outputSize) = (2 * frequencies * imageRow, 2 * frequencies * outputRow)
        let outputStrips = workspace + shape.channels * tiles.strip
        let imageStart = outputStrips + shape.outputs * tiles.strip
        let outputStart = imageStart + together * imageSize
        let imageRows = Int32(tiles.readImages(band, of: images, to: workspace))
        let outputRows = Int32(tiles.readOutputs(band, of: cotangent, to: outputStrips))
        for first in stride(from: 0, to: tiles.perBand, by: together) {
            let range = first..<min(tiles.perBand, first + together)
            for tile in range {
                for channel in 0..<shape.channels {
                    kernels.fourier_tile(
                        imageRows, side, workspace + channel * tiles.strip + tile * tiles.windowStep, tiles.stripRow, false,
                        imageStart + (tile - first) * imageSize + channel * lanes, 2 * imageRow, imageRow)
                }
                for output in 0..<shape.outputs {
                    kernels.fourier_tile(
                        outputRows, Int32(tiles.outputs(ofTile: tile)), outputStrips + output * tiles.strip + tile * tiles.windowStep,
                        tiles.stripRow, true, outputStart + (tile - first) * outputSize + output * lanes, 2 * outputRow, outputRow)
                }
            }
            for frequency in 0..<frequencies {
                kernels.complex_sums(
                    Int32(shape.outputs), Int32(shape.channels), Int32(range.count), outputStart + frequency * 2 * outputRow, outputRow,
                    outputSize, imageStart + frequency * 2 * imageRow, imageRow, imageSize, sums + frequency * 2 * pairs, pairs)
            }
        }
    }

    /// The kernels [O, C, kh, kw] of transforms [frequencies, 2, pairs].
    private func kernels(_ spectra: Tensor<Scalar>, pairs: Int) -> Tensor<Scalar> {
        let (side, lanes) = (FourierTiles.side, FourierTiles.lanes)
        let (taps, width) = (shape.kernelHeight * shape.kernelWidth, shape.kernelWidth)
        return Tensor(shape: kernel.shape) { out in
            let (out, kernels) = (out.baseAddress!, Scalar.kernels)
            spectra.withScalars { spectra in
                let spectra = spectra.baseAddress!
                Threads.forEachPiece(of: pairs / lanes, size: 1) { piece in
                    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: side * side * lanes) { window in
                        let window = window.baseAddress!
                        for first in piece.map({ $0 * lanes }) {
                            kernels.fourier_tile_inverse(Int32(shape.kernelHeight), spectra + first, 2 * pairs, pairs, window, side * lanes)
                            for y in 0..<shape.kernelHeight {
                                kernels.transpose(
                                    Int32(width), Int32(min(lanes, shape.channels * shape.outputs - first)),
                                    window + y * side * lanes, lanes, nil, out + first * taps + y * width, taps)
                            }
                        }
                    }
                }
            }
        }
    }
}
