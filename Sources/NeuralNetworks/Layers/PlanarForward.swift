import LinearAlgebra
import Tensors

/// A kernel as `correlate` reads it: for each group and block of outputs [channels, kh, kw, outputs].
struct PlanarWeights<Scalar: FloatingScalar>: Sendable {
    let scalars: Tensor<Scalar>

    /// - Parameters:
    ///   - kernel: [O, C / groups, kh, kw].
    ///   - shape: Of the convolution.
    init(_ kernel: Tensor<Scalar>, _ shape: ConvolutionShape) {
        let taps = shape.kernelHeight * shape.kernelWidth
        self.init(kernel, shape, outputStep: shape.taps, channelStep: taps, place: { $0 })
    }

    /// For the adjoint of the convolution: outputs are the channels, the kernel is turned round.
    init(adjointOf kernel: Tensor<Scalar>, _ shape: ConvolutionShape) {
        let taps = shape.kernelHeight * shape.kernelWidth
        self.init(kernel, shape.adjoint, outputStep: taps, channelStep: shape.taps, place: { taps - 1 - $0 })
    }

    private init(_ kernel: Tensor<Scalar>, _ shape: ConvolutionShape, outputStep: Int, channelStep: Int, place: (Int) -> Int) {
        let taps = shape.kernelHeight * shape.kernelWidth
        let group = shape.groupOutputs * shape.taps
        let starts = (0..<shape.groupChannels).flatMap { channel in (0..<taps).map { channel * channelStep + place($0) } }
        scalars = Tensor(shape: [shape.groups, group]) { out in
            kernel.withScalars { kernel in
                gather(
                    kernel.baseAddress!, starts, outputStep, outputs: shape.groupOutputs, groups: shape.groups, group, to: out.baseAddress!)
            }
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func gather<Scalar: FloatingScalar>(
    _ kernel: UnsafePointer<Scalar>, _ starts: [Int], _ outputStep: Int, outputs: Int, groups: Int, _ group: Int,
    to out: UnsafeMutablePointer<Scalar>
) {
    for g in 0..<groups {
        for first in stride(from: 0, to: outputs, by: planarOutputs) {
            let count = min(planarOutputs, outputs - first)
            let block = out + g * group + first * starts.count
            for (tap, start) in starts.enumerated() {
                for o in 0..<count { block[tap * count + o] = kernel[g * group + start + (first + o) * outputStep] }
            }
        }
    }
}

/// The outputs of a convolution of planes.
struct PlanarForward<Scalar: FloatingScalar> {
    private let shape: ConvolutionShape
    private let images: Tensor<Scalar>
    private let weights: PlanarWeights<Scalar>

    init(_ shape: ConvolutionShape, _ images: Tensor<Scalar>, _ weights: PlanarWeights<Scalar>) {
        (self.shape, self.images, self.weights) = (shape, images, weights)
    }

    /// [N, O, h, w].
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    func result(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        let (shape, bands) = (shape, PlanarBands(shape))
        let (places, kernels) = (bands.places, Scalar.kernels)
        // About a hundred thousand products.
        let together = max(1, 100_000 / max(1, bands.rows * shape.outWidth * shape.taps * shape.groupOutputs))
        return Tensor(shape: [shape.batch, shape.outputs, shape.outHeight, shape.outWidth]) { out in
            let out = out.baseAddress!
            withExtendedLifetime(bias) {
                let bias = bias?.withScalars { $0.baseAddress! }
                images.withScalars { images in
                    weights.scalars.withScalars { weights in
                        let (images, weights) = (images.baseAddress!, weights.baseAddress!)
                        forEachPiece(
                            of: shape.batch * shape.groups * bands.count, size: together,
                            workspace: bands.sourceCount + planarOutputs * bands.outPlane
                        ) { (piece, source: UnsafeMutablePointer<Scalar>) in
                            let sums = source + bands.sourceCount
                            for item in piece {
                                // Of all images and groups one after the other.
                                let plane = item / bands.count
                                let (rows, group) = (bands.outRows(item % bands.count), plane % shape.groups)
                                bands.fill(source, from: images + plane * shape.groupChannels * shape.height * shape.width, rows)
                                for first in stride(from: 0, to: shape.groupOutputs, by: planarOutputs) {
                                    let count = min(planarOutputs, shape.groupOutputs - first)
                                    kernels.correlate(
                                        Int32(count), Int32(shape.taps), places,
                                        weights + (group * shape.groupOutputs + first) * shape.taps, source,
                                        Int32(bands.positions(rows.count)), sums, bands.outPlane)
                                    let target =
                                        out + (plane * shape.groupOutputs + first) * shape.outPixels + rows.lowerBound * shape.outWidth
                                    for row in 0..<rows.count {
                                        kernels.copy_rows(
                                            Int32(count), Int32(shape.outWidth), sums + row * bands.rowStride, bands.outPlane,
                                            bias.map { $0 + group * shape.groupOutputs + first }, target + row * shape.outWidth,
                                            shape.outPixels)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
