import CWarpKernels
import LinearAlgebra
import Tensors

/// The largest value of each output channel of a convolution of images [N, C, H, W] with kernels [O, C / groups, kh, kw],
/// [N, O].
///
/// The same, but for rounding, as the maximum over `convolution`, which is never kept as a whole. Only one position of each channel and image carries a
/// gradient (the first of several that are equally large), and the way back touches nothing else.
///
/// - Parameters:
///   - x: The images.
///   - weight: The kernels.
///   - bias: [O], added to each output channel.
///   - geometry: Padding, dilation and groups.
public func convolutionGlobalMax<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, bias: Tensor<Scalar>, _ geometry: ConvolutionGeometry = ConvolutionGeometry()
) -> Tensor<Scalar> {
    let shape = ConvolutionShape(x.shape, weight.shape, geometry)
    precondition(
        bias.shape == [shape.outputs],
        "convolutionGlobalMax: found a bias of \(bias.shape) for kernels \(weight.shape), expected [\(shape.outputs)]")
    let source = ChannelsLast(x, groups: shape.groups, shape.margins(for: .direct))
    let kernel = weight.stopGradient()
    let (peaks, places) =
        shape.isFasterByFourier
        ? FourierPeaks(shape, source).peaks(kernel)
        : DirectForward(
            shape, shape.takesImagesTogether ? .channelsLast(source) : .images(x.stopGradient()),
            PackedWeights(kernel, lanes: shape.lanes, shape)
        ).peaks()
    return (peaks + bias.stopGradient()).recorded(
        from: [x, weight, bias],
        products: { isNeeded in
            OperationProducts(
                forward: shape.products, backward: isNeeded.prefix(2).count(where: { $0 }) * shape.products(at: places))
        }
    ) { cotangent, isNeeded in
        let pass = PeakGradient(shape: shape, source: source, places: places, cotangent: cotangent)
        return [
            isNeeded[0] ? pass.imageGradient(kernel) : nil, isNeeded[1] ? pass.kernelGradient : nil,
            isNeeded[2] ? cotangent.sum(axes: [0]) : nil,
        ]
    }
}

extension ConvolutionShape {
    /// The products at one position of each image and output.
    fileprivate func products(at places: PooledArray<Int32>) -> Int {
        let rows = (0..<outHeight).map { tapsInside($0, kernel: kernelHeight, size: height, padding: paddingY).count }
        let columns = (0..<outWidth).map { tapsInside($0, kernel: kernelWidth, size: width, padding: paddingX).count }
        let products = rows.flatMap { row in columns.map { groupChannels * row * $0 } }
        return places.elements.reduce(0) { $0 + products[Int($1)] }
    }
}

/// The way back from one output position of each image and channel.
private struct PeakGradient<Scalar: FloatingScalar> {
    let shape: ConvolutionShape
    let source: ChannelsLast<Scalar>
    /// Row-major positions [N, O].
    let places: PooledArray<Int32>
    /// [N, O].
    let cotangent: Tensor<Scalar>

    /// Weights of one output.
    private var oneOutput: Int { shape.kernelHeight * shape.kernelWidth * shape.groupChannels }

    /// Each output's gradient is the sum of what it saw at its peak in each image.
    var kernelGradient: Tensor<Scalar> {
        var sums = Tensor<Scalar>.zeros([shape.outputs, shape.kernelHeight * shape.kernelWidth, shape.groupChannels])
        let (kernels, oneOutput) = (Scalar.kernels, oneOutput)
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            source.scalars.withScalars { x in
                let x = x.baseAddress!
                forEachPeak(images: max(1, shape.batch), outputs: 1, together: 8) { output, place, scale, taps in
                    kernels.add_runs(taps.runs, taps.length, scale, x + place, taps.source, sums + output * oneOutput, taps.weights)
                }
            }
        }
        return sums.eachTransposed.reshaped([shape.outputs, shape.groupChannels, shape.kernelHeight, shape.kernelWidth])
    }

    /// Each image's gradient is the sum of the kernels of all outputs, laid over their peaks.
    func imageGradient(_ kernel: Tensor<Scalar>) -> Tensor<Scalar> {
        let weights = kernel.reshaped([shape.outputs, shape.groupChannels, shape.kernelHeight * shape.kernelWidth]).eachTransposed
        let (kernels, oneOutput) = (Scalar.kernels, oneOutput)
        var gradient = source.zeros
        gradient.withMutableScalars { gradient in
            weights.withScalars { weights in
                let weights = weights.baseAddress!
                forEachPeak(images: 8, outputs: 32, together: max(1, (shape.outputs + 31) / 32)) { output, place, scale, taps in
                    kernels.add_runs(
                        taps.runs, taps.length, scale, weights + output * oneOutput, taps.weights, gradient + place, taps.source)
                }
            }
        }
        return gradient.planar
    }

    /// Calls `body` for each peak with its output, where the channels of its image and the output's group begin, its gradient and its taps: block after
    /// block of so many images and outputs, which share what the caches hold; `together` blocks are one thread's, those of the same images first. In
    /// all of these images and outputs ascend.
    private func forEachPeak(
        images imageBlock: Int, outputs outputBlock: Int, together: Int,
        _ body: (_ output: Int, _ place: Int, _ scale: UnsafePointer<Scalar>, _ taps: warp_taps) -> Void
    ) {
        let (batch, outputs, groupOutputs) = (shape.batch, shape.outputs, shape.groupOutputs)
        let (imageStride, channels) = (source.layout.imageStride, source.layout.channels)
        let outputBlocks = (outputs + outputBlock - 1) / outputBlock
        let imageBlocks = (batch + imageBlock - 1) / imageBlock
        cotangent.withScalars { cotangent in
            let (cotangent, places) = (cotangent.baseAddress!, places.elements.baseAddress!)
            TapTable(positionsOf: shape, source.layout).withTaps { taps in
                Threads.forEachPiece(of: imageBlocks * outputBlocks, size: together) { piece in
                    for block in piece {
                        let firstImage = block / outputBlocks * imageBlock
                        let firstOutput = block % outputBlocks * outputBlock
                        for image in firstImage..<min(batch, firstImage + imageBlock) {
                            for output in firstOutput..<min(outputs, firstOutput + outputBlock) {
                                let peak = image * outputs + output
                                let place = image * imageStride + output / groupOutputs * channels
                                body(output, place, cotangent + peak, taps[Int(places[peak])])
                            }
                        }
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Of matrices [count, rows, columns].
    fileprivate var eachTransposed: Tensor {
        let (rows, columns) = (shape[1], shape[2])
        return Tensor(shape: [shape[0], columns, rows]) { out in
            withScalars { matrices in
                let (out, matrices, kernels) = (out.baseAddress!, matrices.baseAddress!, Scalar.kernels)
                Threads.forEachPiece(of: shape[0], size: 16) { piece in
                    for i in piece {
                        kernels.transpose(
                            Int32(rows), Int32(columns), matrices + i * rows * columns, columns, nil, out + i * rows * columns, rows)
                    }
                }
            }
        }
    }
}
