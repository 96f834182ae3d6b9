import LinearAlgebra
import Tensors

/// A convolution of few channels: images stay as they are but for zeros around them, and neighbouring pixels take the lanes of the vectors, where other
/// convolutions have outputs. Nothing is brought to channels last and back, which takes longer than so few products.
struct PlanarConvolution<Scalar: FloatingScalar>: ConvolutionPass {
    let shape: ConvolutionShape
    private let images, kernel: Tensor<Scalar>

    init(_ shape: ConvolutionShape, images: Tensor<Scalar>, _ kernel: Tensor<Scalar>) {
        self.shape = shape
        self.images = images
        self.kernel = kernel
    }

    func forward(bias: Tensor<Scalar>?) -> Tensor<Scalar> {
        PlanarForward(shape, images, PlanarWeights(kernel, shape)).result(bias: bias)
    }

    func gradients(_ cotangent: Tensor<Scalar>, image: Bool, kernel isKernel: Bool) -> (image: Tensor<Scalar>?, kernel: Tensor<Scalar>?) {
        (
            image ? PlanarForward(shape.adjoint, cotangent, PlanarWeights(adjointOf: kernel, shape)).result(bias: nil) : nil,
            isKernel ? PlanarKernelGradient(shape, images, cotangent).result() : nil
        )
    }
}

/// Outputs whose sums are taken together.
let planarOutputs = 4

extension ConvolutionShape {
    /// Of so many outputs, in each group, the last one of what is left over.
    var planarBlocks: Int { blocks(of: planarOutputs) }

    /// Whether images are so flat, on one side, that vectors of outputs would stay empty, or be filled and emptied for few products.
    var isFasterByPlanes: Bool { min(groupChannels, groupOutputs) <= planarOutputs }
}

/// Rows of outputs that are computed together, and the rows of images that they see with the zeros around: one plane a channel, which the second
/// cache holds. Outputs lie there as far apart as what they see, so that all of them have their taps at the same distances; between the rows are some that
/// count for nothing.
struct PlanarBands: Sendable {
    let shape: ConvolutionShape
    /// Elements from one row to the next.
    let rowStride: Int
    /// Of outputs, at most.
    let rows: Int
    /// Bands of an image.
    let count: Int
    /// Elements of one channel, and of one output.
    let plane, outPlane: Int

    init(_ shape: ConvolutionShape) {
        self.shape = shape
        let reach = shape.dilation * (shape.kernelHeight - 1)
        rowStride = shape.outWidth + shape.dilation * (shape.kernelWidth - 1)
        let room = 65536 / rowStride - shape.groupChannels * reach
        rows = min(shape.outHeight, max(1, room / (shape.groupChannels + planarOutputs)))
        count = (shape.outHeight + rows - 1) / rows
        plane = (rows + reach) * rowStride
        outPlane = (rows * rowStride + 15) / 16 * 16
    }

    /// Elements that `fill` fills, with those behind them that vectors reach.
    var sourceCount: Int { shape.groupChannels * plane + 16 }

    /// The rows of outputs of a band.
    func outRows(_ band: Int) -> Range<Int> { band * rows..<min(shape.outHeight, (band + 1) * rows) }

    /// Outputs of so many rows, with what is between them.
    func positions(_ rows: Int) -> Int { (rows - 1) * rowStride + shape.outWidth }

    /// Where the taps of an output are: [channels, kh, kw].
    var places: [Int] {
        (0..<shape.groupChannels).flatMap { channel in
            (0..<shape.kernelHeight).flatMap { ky in
                (0..<shape.kernelWidth).map { channel * plane + shape.dilation * (ky * rowStride + $0) }
            }
        }
    }

    /// Copies what a band sees of the channels of one image and group, with zeros around.
    func fill<Scalar: FloatingScalar>(
        _ source: UnsafeMutablePointer<Scalar>, from channels: UnsafePointer<Scalar>, _ outRows: Range<Int>
    ) {
        source.clear(sourceCount)
        let reach = shape.dilation * (shape.kernelHeight - 1)
        let first = max(0, outRows.lowerBound - shape.paddingY)
        let rows = min(shape.height, outRows.upperBound + reach - shape.paddingY) - first
        guard rows > 0 else { return }
        let target = source + (first + shape.paddingY - outRows.lowerBound) * rowStride + shape.paddingX
        for channel in 0..<shape.groupChannels {
            Scalar.kernels.copy_rows(
                Int32(rows), Int32(shape.width), channels + (channel * shape.height + first) * shape.width, shape.width, nil,
                target + channel * plane, rowStride)
        }
    }
}
