import LinearAlgebra
import Tensors

/// The gradient of a convolution of planes by its kernel.
struct PlanarKernelGradient<Scalar: FloatingScalar> {
    private let shape: ConvolutionShape
    private let images, cotangent: Tensor<Scalar>

    init(_ shape: ConvolutionShape, _ images: Tensor<Scalar>, _ cotangent: Tensor<Scalar>) {
        (self.shape, self.images, self.cotangent) = (shape, images, cotangent)
    }

    /// Of the kernel's shape.
    ///
    /// The images are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of
    /// threads changes nothing.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result() -> Tensor<Scalar> {
        let (shape, bands) = (shape, PlanarBands(shape))
        let (places, blocks) = (bands.places, shape.planarBlocks)
        let shares = max(1, min(shape.batch, 8 / shape.groups))
        // Blocks of outputs that share what is copied of the images.
        let parts = max(1, min(blocks, 8 / (shape.groups * shares)))
        var sums = Tensor<Scalar>.zeros([shares, shape.outputs, shape.taps, 16])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            images.withScalars { images in
                cotangent.withScalars { cotangent in
                    let (images, cotangent) = (images.baseAddress!, cotangent.baseAddress!)
                    forEachPiece(
                        of: shares * shape.groups * parts, size: 1, workspace: bands.sourceCount + planarOutputs * bands.outPlane
                    ) { (piece, source: UnsafeMutablePointer<Scalar>) in
                        for item in piece {
                            let (share, group, part) = (item / parts / shape.groups, item / parts % shape.groups, item % parts)
                            for image in share * shape.batch / shares..<(share + 1) * shape.batch / shares {
                                let plane = image * shape.groups + group
                                for band in 0..<bands.count {
                                    let rows = bands.outRows(band)
                                    bands.fill(source, from: images + plane * shape.groupChannels * shape.height * shape.width, rows)
                                    for block in part * blocks / parts..<(part + 1) * blocks / parts {
                                        let first = block * planarOutputs
                                        add(
                                            source, bands, places, rows,
                                            cotangent + (plane * shape.groupOutputs + first) * shape.outPixels,
                                            outputs: min(planarOutputs, shape.groupOutputs - first), scratch: source + bands.sourceCount,
                                            to: sums + (share * shape.outputs + group * shape.groupOutputs + first) * shape.taps * 16)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return unpacked(sums.sum(axes: [0]))
    }

    /// Adds the products of one band and a few outputs, [taps, outputs, 16].
    private func add(
        _ source: UnsafePointer<Scalar>, _ bands: PlanarBands, _ places: [Int], _ rows: Range<Int>, _ cotangent: UnsafePointer<Scalar>,
        outputs: Int, scratch: UnsafeMutablePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        scratch.clear(outputs * bands.outPlane)
        for row in 0..<rows.count {
            kernels.copy_rows(
                Int32(outputs), Int32(shape.outWidth), cotangent + (rows.lowerBound + row) * shape.outWidth, shape.outPixels, nil,
                scratch + row * bands.rowStride, bands.outPlane)
        }
        kernels.correlate_weights(
            Int32(outputs), Int32(shape.taps), places, source, scratch, bands.outPlane,
            Int32((bands.positions(rows.count) + 15) / 16 * 16), sums)
    }

    /// The kernel's gradient from blocks of [taps, outputs, 16].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    private func unpacked(_ sums: Tensor<Scalar>) -> Tensor<Scalar> {
        Tensor(shape: [shape.outputs, shape.groupChannels, shape.kernelHeight, shape.kernelWidth]) { out in
            sums.withScalars { sums in
                for group in 0..<shape.groups {
                    for first in stride(from: 0, to: shape.groupOutputs, by: planarOutputs) {
                        let count = min(planarOutputs, shape.groupOutputs - first)
                        let place = (group * shape.groupOutputs + first) * shape.taps
                        for tap in 0..<shape.taps {
                            for o in 0..<count {
                                var sum: Scalar = 0
                                for lane in 0..<16 { sum += sums[(place + tap * count + o) * 16 + lane] }
                                out[place + o * shape.taps + tap] = sum
                            }
                        }
                    }
                }
            }
        }
    }
}
