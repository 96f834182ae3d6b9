import CWarpKernels
import LinearAlgebra
import Tensors

/// The work of a convolution by Fourier transforms of tiles (Mathieu, Henaff & LeCun 2014), of several images side by side.
struct FourierForward<Scalar: FloatingScalar> {
    private let tiles: FourierTiles
    private let images: Tensor<Scalar>
    private let spectra: KernelSpectra<Scalar>

    /// - Parameters:
    ///   - shape: Of the convolution.
    ///   - images: [N, C, H, W].
    ///   - spectra: Of the kernels.
    init(_ shape: ConvolutionShape, _ images: Tensor<Scalar>, _ spectra: KernelSpectra<Scalar>) {
        tiles = FourierTiles(shape)
        self.images = images
        self.spectra = spectra
    }

    /// Outputs of a tile that are computed together, so that the second cache holds their transforms.
    private var together: Int { max(1, min(16, tiles.shape.outputs)) }

    /// [N, O, h, w].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        let shape = tiles.shape
        let lanes = FourierTiles.lanes
        let outputBlocks = (shape.outputs + together - 1) / together
        let (strips, sums) = (shape.channels * tiles.strip, together * tiles.strip)
        let (inputs, products) = (2 * FourierTiles.frequencies * shape.channels * lanes, 2 * FourierTiles.frequencies * together * lanes)
        return Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            images.withScalars { images in
                let images = images.baseAddress!
                forEachPiece(of: tiles.bands * outputBlocks, size: 1, workspace: strips + sums + inputs + products) {
                    (piece, stripStart: UnsafeMutablePointer<Scalar>) in
                    let sumStart = stripStart + strips
                    let inputStart = sumStart + sums
                    for item in piece {
                        let first = item % outputBlocks * together
                        let outputs = first..<min(shape.outputs, first + together)
                        let band = tiles[band: item / outputBlocks]
                        let rows = tiles.readImages(band, of: images, to: stripStart)
                        for tile in 0..<tiles.perBand {
                            transform(stripStart + tile * tiles.windowStep, rows: rows, to: inputStart)
                            multiply(inputStart, outputs, to: inputStart + inputs)
                            // What a tile writes beyond its columns is written anew by the next.
                            transformBack(
                                inputStart + inputs, rows: band.rows.count, outputs.count, to: sumStart + tile * tiles.windowStep)
                        }
                        for (place, output) in outputs.enumerated() {
                            store(sumStart + place * tiles.strip, band, output, bias, to: out)
                        }
                    }
                }
            }
        }
    }

    /// All channels of a tile's window: [frequencies, 2, C, lanes].
    private func transform(_ window: UnsafePointer<Scalar>, rows: Int, to target: UnsafeMutablePointer<Scalar>) {
        let (kernels, channels, lanes) = (Scalar.kernels, tiles.shape.channels, FourierTiles.lanes)
        for channel in 0..<channels {
            kernels.fourier_tile(
                Int32(rows), Int32(FourierTiles.side), window + channel * tiles.strip, tiles.stripRow, false, target + channel * lanes,
                2 * channels * lanes, channels * lanes)
        }
    }

    /// To [outputs, frequencies, 2, lanes].
    private func multiply(_ inputs: UnsafePointer<Scalar>, _ outputs: Range<Int>, to products: UnsafeMutablePointer<Scalar>) {
        let (kernels, channels, lanes, pairs) = (Scalar.kernels, tiles.shape.channels, FourierTiles.lanes, spectra.pairs)
        spectra.scalars.withScalars { spectra in
            let spectra = spectra.baseAddress! + outputs.lowerBound * channels
            for frequency in 0..<FourierTiles.frequencies {
                kernels.complex_products(
                    Int32(outputs.count), Int32(channels), spectra + frequency * 2 * pairs, channels, pairs,
                    inputs + frequency * 2 * channels * lanes, channels * lanes, products + frequency * 2 * lanes,
                    2 * FourierTiles.frequencies * lanes, lanes)
            }
        }
    }

    private func transformBack(_ products: UnsafePointer<Scalar>, rows: Int, _ outputs: Int, to target: UnsafeMutablePointer<Scalar>) {
        let (kernels, lanes) = (Scalar.kernels, FourierTiles.lanes)
        for output in 0..<outputs {
            kernels.fourier_tile_inverse(
                Int32(rows), products + output * 2 * FourierTiles.frequencies * lanes, 2 * lanes, lanes, target + output * tiles.strip,
                tiles.stripRow)
        }
    }

    private func store(
        _ strip: UnsafePointer<Scalar>, _ band: FourierTiles.Band, _ output: Int, _ bias: Tensor<Scalar>?,
        to out: UnsafeMutablePointer<Scalar>
    ) {
        guard let bias else { return tiles.write(strip, band, output: output, shifts: nil, to: out) }
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: FourierTiles.lanes) { shifts in
            shifts.update(repeating: bias.withScalars { $0[output] })
            tiles.write(strip, band, output: output, shifts: shifts.baseAddress!, to: out)
        }
    }
}

/// The conjugate transforms of kernels, [frequencies, 2, pairs]: of the pairs of an output and a channel, [O, C], and zeros that fill a vector.
struct KernelSpectra<Scalar: FloatingScalar>: Sendable {
    let scalars: Tensor<Scalar>
    /// With those that only fill up.
    let pairs: Int

    /// - Parameters:
    ///   - kernel: [O, C, kh, kw].
    ///   - isTurned: Whether the kernels are turned round.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    init(_ kernel: Tensor<Scalar>, isTurned: Bool = false) {
        let (height, width) = (kernel.shape[2], kernel.shape[3])
        let (count, taps, lanes, side) = (kernel.shape[0] * kernel.shape[1], height * width, FourierTiles.lanes, FourierTiles.side)
        let size = side * side * lanes
        let pairs = (count + lanes - 1) / lanes * lanes
        self.pairs = pairs
        scalars = Tensor(shape: [FourierTiles.frequencies, 2, pairs]) { out in
            kernel.withScalars { kernel in
                let (out, kernel, kernels) = (out.baseAddress!, kernel.baseAddress!, Scalar.kernels)
                Threads.forEachPiece(of: pairs / lanes, size: 1) { piece in
                    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: size) { window in
                        let window = window.baseAddress!
                        for first in piece.map({ $0 * lanes }) {
                            window.clear(size)
                            for y in 0..<height {
                                let row =
                                    window + (isTurned ? (height - 1 - y) * side + width - 1 : y * side) * lanes
                                kernels.transpose(
                                    Int32(min(lanes, count - first)), Int32(width), kernel + first * taps + y * width, taps, nil, row,
                                    isTurned ? -lanes : lanes)
                            }
                            kernels.fourier_tile(Int32(height), Int32(width), window, side * lanes, true, out + first, 2 * pairs, pairs)
                        }
                    }
                }
            }
        }
    }
}
