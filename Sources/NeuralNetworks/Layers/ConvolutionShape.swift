/// The lengths of a convolution.
struct ConvolutionShape: Sendable {
    let batch, groups: Int
    /// Channels in and out, of one group.
    let groupChannels, groupOutputs: Int
    let height, width, kernelHeight, kernelWidth: Int
    let outHeight, outWidth: Int
    let stride, dilation: Int
    /// How far the images' pixels lie apart, with zeros between them: more than 1 in the adjoint of a convolution with a stride.
    let sourceDilation: Int
    /// Zeros above and below, left and right; in an adjoint, where negative, rows and columns that are left out.
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
        (stride, dilation, sourceDilation) = (geometry.stride, geometry.dilation, 1)
        (paddingY, paddingX) = (geometry.padding, geometry.padding)
    }

    /// The convolution that takes the gradient by the outputs to that by the images: with the kernels turned round, inputs and outputs
    /// exchanged, and the stride between its pixels.
    var adjoint: ConvolutionShape { ConvolutionShape(adjointOf: self) }

    private init(adjointOf shape: ConvolutionShape) {
        (batch, groups, groupChannels, groupOutputs) = (shape.batch, shape.groups, shape.groupOutputs, shape.groupChannels)
        (height, width, kernelHeight, kernelWidth) = (shape.outHeight, shape.outWidth, shape.kernelHeight, shape.kernelWidth)
        (outHeight, outWidth) = (shape.height, shape.width)
        (stride, dilation, sourceDilation) = (1, shape.dilation, shape.stride)
        paddingY = shape.dilation * (shape.kernelHeight - 1) - shape.paddingY
        paddingX = shape.dilation * (shape.kernelWidth - 1) - shape.paddingX
    }

    /// The outputs, along an axis, whose tap `k` does not see padding; of images without gaps.
    func outputsInside(_ k: Int, count: Int, size: Int, padding: Int) -> Range<Int> {
        let first = min(count, (max(0, padding - k * dilation) + stride - 1) / stride)
        let end = min(count, max(0, (size + padding - k * dilation + stride - 1) / stride))
        return first..<max(first, end)
    }
}

// The taps of an output, along an axis. Output i's tap k lies at i * stride + k * dilation - padding of images with gaps.
extension ConvolutionShape {
    /// The taps that see no gap from output `i`: the same for every `sourceDilation`-th output.
    func tapsOnPixels(_ i: Int, kernel: Int, padding: Int) -> [Int] {
        (0..<kernel).filter { (i * stride + $0 * dilation - padding) % sourceDilation == 0 }
    }

    /// Those of them that see no padding either.
    func tapsInside(_ i: Int, kernel: Int, size: Int, padding: Int) -> [Int] {
        tapsOnPixels(i, kernel: kernel, padding: padding)
            .filter { 0..<size * sourceDilation ~= i * stride + $0 * dilation - padding }
    }

    /// The products of taps that do not see padding.
    var products: Int {
        let rows = (0..<outHeight).reduce(0) { $0 + tapsInside($1, kernel: kernelHeight, size: height, padding: paddingY).count }
        let columns = (0..<outWidth).reduce(0) { $0 + tapsInside($1, kernel: kernelWidth, size: width, padding: paddingX).count }
        return batch * outputs * groupChannels * rows * columns
    }

    /// The share of the kernel's columns on pixels and padding, over a row of outputs, that are on padding.
    var columnsOnPadding: Double {
        let all = (0..<outWidth).reduce(0) { $0 + tapsOnPixels($1, kernel: kernelWidth, padding: paddingX).count }
        let inside = (0..<outWidth).reduce(0) { $0 + tapsInside($1, kernel: kernelWidth, size: width, padding: paddingX).count }
        return 1 - Double(inside) / Double(max(1, all))
    }

    /// How many columns of the kernel one that sees a pixel is from the next one that does.
    private var columnStep: Int { sourceDilation / greatestCommonDivisor(dilation, sourceDilation) }

    /// Whether the columns that see pixels see neighbouring ones, which are one run of memory.
    func columnsAreContiguous(in layout: ChannelsLastLayout) -> Bool { layout.groups == 1 && dilation * columnStep == sourceDilation }

    /// Where column `k` of the kernel is in the order in which columns that see pixels together follow each other.
    func columnPlace(_ k: Int) -> Int {
        (0..<k % columnStep).reduce(k / columnStep) { $0 + (kernelWidth - $1 + columnStep - 1) / columnStep }
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
