import CWarpKernels

/// The runs of neighbouring taps of a kernel, by output position: where they begin in the source and in the weights.
struct TapTable {
    private var source: [Int] = []
    private var weights: [Int] = []
    private var positions: [(first: Int, count: Int32, length: Int32)] = []

    /// For every output position, row-major, without the taps that see only padding. Places in the source are from an image's beginning.
    init(positionsOf shape: ConvolutionShape, _ layout: ChannelsLastLayout) {
        let columns = (0..<shape.outWidth).map {
            shape.tapsInside($0, kernel: shape.kernelWidth, size: shape.width, padding: shape.paddingX)
        }
        append(shape, layout, columns)
    }

    /// For every row and its first outputs, as many as differ in which taps see pixels: with all that do or see padding, the same for further
    /// outputs of the row, seen from where they are.
    init(rowsOf shape: ConvolutionShape, _ layout: ChannelsLastLayout) {
        let columns = (0..<shape.sourceDilation).map { shape.tapsOnPixels($0, kernel: shape.kernelWidth, padding: shape.paddingX) }
        append(shape, layout, columns)
    }

    private mutating func append(_ shape: ConvolutionShape, _ layout: ChannelsLastLayout, _ columns: [[Int]]) {
        let (isContiguous, places) = (shape.columnsAreContiguous(in: layout), (0..<shape.kernelWidth).map { shape.columnPlace($0) })
        for y in 0..<shape.outHeight {
            let rows = shape.tapsInside(y, kernel: shape.kernelHeight, size: shape.height, padding: shape.paddingY)
            for (x, columns) in columns.enumerated() {
                let first = source.count
                for ky in rows {
                    let row = (y * shape.stride + ky * shape.dilation - shape.paddingY) / shape.sourceDilation
                    for kx in columns.prefix(isContiguous ? 1 : columns.count) {
                        let column = (x * shape.stride + kx * shape.dilation - shape.paddingX) / shape.sourceDilation
                        source.append(layout.place(row, column))
                        weights.append((ky * shape.kernelWidth + places[kx]) * layout.channels)
                    }
                }
                positions.append(
                    (first, Int32(source.count - first), Int32(isContiguous ? columns.count * layout.channels : layout.channels)))
            }
        }
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
