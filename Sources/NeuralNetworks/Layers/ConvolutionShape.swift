/// The lengths of a convolution.
struct ConvolutionShape: Sendable {
    let batch, groups: Int
    /// Channels in and out, of one group.
    let groupChannels, groupOutputs: Int
    let height, width, kernelHeight, kernelWidth: Int
    let outHeight, outWidth: Int
    let stride, dilation: Int
    /// Zeros above and below, left and right.
    let paddingY, paddingX: Int

    var channels: Int { groups * groupChannels }
    var outputs: Int { groups * groupOutputs }
    var outPixels: Int { outHeight * outWidth }
    /// Of one group and output.
    var taps: Int { groupChannels * kernelHeight * kernelWidth }

    init(_ x: [Int], _ weight: [Int], _ geometry: ConvolutionGeometry) {
        func length(_ size: Int, _ kernel: Int) -> Int {
            let room = size + 2 * geometry.padding - geometry.dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / geometry.stride + 1
        }
        precondition(
            x.count == 4 && weight.count == 4 && x[2] > 0 && x[3] > 0 && weight[2] > 0 && weight[3] > 0 && weight[1] > 0
                && x[1] == weight[1] * geometry.groups
                && weight[0] % geometry.groups == 0 && length(x[2], weight[2]) > 0 && length(x[3], weight[3]) > 0,
            "convolution: found \(x) with kernels \(weight) and \(geometry), expected [N, C, H, W] with [O, C / groups, kh, kw] that fit")
        (batch, groups) = (x[0], geometry.groups)
        (groupChannels, groupOutputs) = (weight[1], weight[0] / geometry.groups)
        (height, width, kernelHeight, kernelWidth) = (x[2], x[3], weight[2], weight[3])
        (outHeight, outWidth) = (length(x[2], weight[2]), length(x[3], weight[3]))
        (stride, dilation) = (geometry.stride, geometry.dilation)
        (paddingY, paddingX) = (geometry.padding, geometry.padding)
    }

    /// The convolution that takes the gradient by the outputs to that by the images: with the kernels turned round, and inputs and outputs
    /// exchanged. Nil where it is none.
    var adjoint: ConvolutionShape? {
        guard stride == 1, dilation * (kernelHeight - 1) >= paddingY, dilation * (kernelWidth - 1) >= paddingX else { return nil }
        return ConvolutionShape(adjointOf: self)
    }

    private init(adjointOf shape: ConvolutionShape) {
        (batch, groups, groupChannels, groupOutputs) = (shape.batch, shape.groups, shape.groupOutputs, shape.groupChannels)
        (height, width, kernelHeight, kernelWidth) = (shape.outHeight, shape.outWidth, shape.kernelHeight, shape.kernelWidth)
        (outHeight, outWidth) = (shape.height, shape.width)
        (stride, dilation) = (1, shape.dilation)
        paddingY = shape.dilation * (shape.kernelHeight - 1) - shape.paddingY
        paddingX = shape.dilation * (shape.kernelWidth - 1) - shape.paddingX
    }

    /// The taps of a kernel, along an axis, that do not see padding from output `i`.
    func tapsInside(_ i: Int, kernel: Int, size: Int, padding: Int) -> Range<Int> {
        // Where i * stride + tap * dilation - padding lies in 0..<size.
        let first = (max(0, padding - i * stride) + dilation - 1) / dilation
        let end = min(kernel, (size + padding - i * stride + dilation - 1) / dilation)
        return first..<max(first, end)
    }

    /// The products of taps that do not see padding.
    var products: Int {
        let rows = (0..<outHeight).reduce(0) { $0 + tapsInside($1, kernel: kernelHeight, size: height, padding: paddingY).count }
        let columns = (0..<outWidth).reduce(0) { $0 + tapsInside($1, kernel: kernelWidth, size: width, padding: paddingX).count }
        return batch * outputs * groupChannels * rows * columns
    }

    /// The share of the kernel's columns, over a row of outputs, that see padding.
    var columnsOnPadding: Double {
        let inside = (0..<outWidth).reduce(0) { $0 + tapsInside($1, kernel: kernelWidth, size: width, padding: paddingX).count }
        return 1 - Double(inside) / Double(outWidth * kernelWidth)
    }

    /// The outputs, along an axis, whose tap `k` does not see padding.
    func outputsInside(_ k: Int, count: Int, size: Int, padding: Int) -> Range<Int> {
        let first = min(count, (max(0, padding - k * dilation) + stride - 1) / stride)
        let end = min(count, max(0, (size + padding - k * dilation + stride - 1) / stride))
        return first..<max(first, end)
    }
}
