import CWarpKernels

/// The runs of neighbouring taps of a kernel, by output position: where they begin in the source and in the weights.
struct TapTable {
    private var source: [Int] = []
    private var weights: [Int] = []
    private var positions: [(first: Int, count: Int32, length: Int32)] = []

    /// For every output position, row-major, without the taps that see only padding. Places in the source are from an image's beginning.
    init(positionsOf shape: ConvolutionShape, _ layout: ChannelsLastLayout) {
        for y in 0..<shape.outHeight {
            for x in 0..<shape.outWidth {
                append(
                    shape, layout, y: y, x: x, shape.tapsInside(x, kernel: shape.kernelWidth, size: shape.width, padding: shape.paddingX))
            }
        }
    }

    /// For the first output of every row, with all columns of the kernel: the same for all outputs of the row, seen from where they are.
    init(rowsOf shape: ConvolutionShape, _ layout: ChannelsLastLayout) {
        for y in 0..<shape.outHeight { append(shape, layout, y: y, x: 0, 0..<shape.kernelWidth) }
    }

    private mutating func append(_ shape: ConvolutionShape, _ layout: ChannelsLastLayout, y: Int, x: Int, _ columns: Range<Int>) {
        let first = source.count
        let isContiguous = shape.tapsAreContiguous
        for ky in shape.tapsInside(y, kernel: shape.kernelHeight, size: shape.height, padding: shape.paddingY) {
            for kx in columns.prefix(isContiguous ? 1 : columns.count) {
                source.append(
                    (y * shape.stride + ky * shape.dilation) * layout.rowStride
                        + (x * shape.stride + kx * shape.dilation) * layout.pixelStride)
                weights.append((ky * shape.kernelWidth + kx) * layout.channels)
            }
        }
        positions.append((first, Int32(source.count - first), Int32(isContiguous ? columns.count * layout.channels : layout.channels)))
    }

    /// Calls `body` with the taps by position.
    func withTaps(_ body: (_ taps: Taps) -> Void) {
        source.withUnsafeBufferPointer { source in
            weights.withUnsafeBufferPointer { weights in
                positions.withUnsafeBufferPointer { body(Taps(source: source, weights: weights, positions: $0)) }
            }
        }
    }

    /// The table while its memory is known to stay.
    struct Taps {
        fileprivate let source, weights: UnsafeBufferPointer<Int>
        fileprivate let positions: UnsafeBufferPointer<(first: Int, count: Int32, length: Int32)>

        subscript(position: Int) -> warp_taps {
            let (first, count, length) = positions[position]
            // A table without any run has no memory.
            return warp_taps(
                runs: count, length: length, source: source.baseAddress.map { $0 + first }, weights: weights.baseAddress.map { $0 + first })
        }
    }
}

extension ConvolutionShape {
    /// Whether neighbouring taps of a row of the kernel are neighbours in memory.
    var tapsAreContiguous: Bool { groups == 1 && dilation == 1 }
}
