import LinearAlgebra
import Tensors

/// A kernel as the direct convolution reads it: [groups, blocks of outputs, kh, kw, channels, lanes], with zeros for lanes without an output.
struct PackedWeights<Scalar: FloatingScalar>: Sendable {
    let scalars: Tensor<Scalar>
    let lanes: Int

    /// Of one group and block of outputs.
    var blockCount: Int { scalars.shape[2...].reduce(1, *) }

    /// - Parameters:
    ///   - kernel: [O, C / groups, kh, kw].
    ///   - lanes: Outputs in a block.
    ///   - shape: Of the convolution.
    init(_ kernel: Tensor<Scalar>, lanes: Int, _ shape: ConvolutionShape) {
        let taps = shape.kernelHeight * shape.kernelWidth
        self.init(
            kernel, lanes: lanes, shape, outputs: shape.groupOutputs, channels: shape.groupChannels, used: shape.groupChannels,
            outputStep: shape.groupChannels * taps, channelStep: taps, places: Array(0..<taps))
    }

    /// For the adjoint of the convolution: outputs are the channels, the kernel is turned round, and columns that see pixels of the same output
    /// follow each other.
    ///
    /// - Parameters:
    ///   - kernel: [O, C / groups, kh, kw].
    ///   - lanes: Channels in a block.
    ///   - shape: Of the convolution itself.
    ///   - channels: How many the gradient by the outputs has, with those that are zero.
    init(adjointOf kernel: Tensor<Scalar>, lanes: Int, _ shape: ConvolutionShape, channels: Int) {
        let (taps, adjoint) = (shape.kernelHeight * shape.kernelWidth, shape.adjoint)
        let places = (0..<taps).map { tap in
            let turned = taps - 1 - tap
            return turned / shape.kernelWidth * shape.kernelWidth + adjoint.columnPlace(turned % shape.kernelWidth)
        }
        self.init(
            kernel, lanes: lanes, shape, outputs: shape.groupChannels, channels: channels, used: shape.groupOutputs, outputStep: taps,
            channelStep: shape.groupChannels * taps, places: places)
    }

    private init(
        _ kernel: Tensor<Scalar>, lanes: Int, _ shape: ConvolutionShape, outputs: Int, channels: Int, used: Int, outputStep: Int,
        channelStep: Int, places: [Int]
    ) {
        self.lanes = lanes
        let (blocks, taps) = ((outputs + lanes - 1) / lanes, shape.kernelHeight * shape.kernelWidth)
        // Places at even distances are one transpose.
        let step = places.count > 1 ? places[1] - places[0] : 1
        let isEven = places.indices.allSatisfy { places[$0] == places[0] + $0 * step }
        let runs = isEven ? [places.indices] : places.indices.map { $0..<$0 + 1 }
        let group = kernel.count / shape.groups
        scalars = Tensor(shape: [shape.groups, blocks, shape.kernelHeight, shape.kernelWidth, channels, lanes]) { out in
            let out = out.baseAddress!
            kernel.withScalars { kernel in
                let kernel = kernel.baseAddress!
                Threads.forEachPiece(of: shape.groups * blocks, size: max(1, 4096 / max(1, taps * channels))) { piece in
                    for item in piece {
                        let first = item % blocks * lanes
                        pack(
                            kernel + item / blocks * group + first * outputStep, outputs: min(lanes, outputs - first), lanes: lanes,
                            channels: channels, used: used, outputStep: outputStep, channelStep: channelStep, places: places,
                            step: step, runs: runs,
                            to: out + item * taps * channels * lanes)
                    }
                }
            }
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func pack<Scalar: FloatingScalar>(
    _ kernel: UnsafePointer<Scalar>, outputs: Int, lanes: Int, channels: Int, used: Int, outputStep: Int, channelStep: Int,
    places: [Int], step: Int, runs: [Range<Int>], to out: UnsafeMutablePointer<Scalar>
) {
    if outputs < lanes || used < channels { out.update(repeating: 0, count: places.count * channels * lanes) }
    let kernels = Scalar.kernels
    for channel in 0..<used {
        for run in runs {
            kernels.transpose(
                Int32(outputs), Int32(run.count), kernel + channel * channelStep + run.lowerBound, outputStep, nil,
                out + (places[run.lowerBound] * channels + channel) * lanes, step * channels * lanes)
        }
    }
}

/// The kernel [O, C / groups, kh, kw] of packed weights.
func unpackedWeights<Scalar: FloatingScalar>(_ packed: Tensor<Scalar>, _ shape: ConvolutionShape) -> Tensor<Scalar> {
    let lanes = packed.shape.last!
    let whole = packed.permuted([0, 1, 5, 4, 2, 3]).reshaped([
        shape.groups, shape.blocks(of: lanes) * lanes, shape.groupChannels, shape.kernelHeight, shape.kernelWidth,
    ])
    let kernel = [shape.outputs, shape.groupChannels, shape.kernelHeight, shape.kernelWidth]
    return whole.count == kernel.reduce(1, *) ? whole.reshaped(kernel) : whole.sliced(axis: 1, 0..<shape.groupOutputs).reshaped(kernel)
}
