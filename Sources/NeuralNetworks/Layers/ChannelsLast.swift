import LinearAlgebra
import Tensors

/// Where pixels are in memory when the channels of a pixel are beside each other, with zeros around the image.
struct ChannelsLastLayout: Sendable {
    /// Channels of each group, with those that only fill up.
    let groups, channels: Int
    let height, width: Int
    let paddingY, paddingX: Int
    /// Further zeros, below and on the right.
    let moreRows, moreColumns: Int
    /// Elements from one pixel, row and image to the next.
    let pixelStride, rowStride, imageStride: Int

    init(groups: Int, channels: Int, height: Int, width: Int, paddingY: Int, paddingX: Int, moreRows: Int, moreColumns: Int, isSpread: Bool)
    {
        (self.groups, self.channels, self.height, self.width) = (groups, channels, height, width)
        (self.paddingY, self.paddingX) = (paddingY, paddingX)
        (self.moreRows, self.moreColumns) = (moreRows, moreColumns)
        pixelStride = isSpread && groups * channels >= 64 ? oddLines(groups * channels) : groups * channels
        rowStride = (width + 2 * paddingX + moreColumns) * pixelStride
        imageStride = (height + 2 * paddingY + moreRows) * rowStride
    }
}

/// The least number of elements, not below the given one, that is an odd number of the cache's lines (of Float).
func oddLines(_ elements: Int) -> Int { ((elements + 15) / 16 | 1) * 16 }

/// Images with the channels of a pixel beside each other: [N, H + 2 paddingY + moreRows, W + 2 paddingX + moreColumns, pixelStride].
struct ChannelsLast<Scalar: FloatingScalar>: Sendable {
    let layout: ChannelsLastLayout
    private(set) var scalars: Tensor<Scalar>

    /// - Parameters:
    ///   - images: [N, groups x channels, H, W].
    ///   - groups: Groups of channels.
    ///   - paddingY: Rows of zeros above and below.
    ///   - paddingX: Zeros left and right.
    ///   - moreRows: Further rows of zeros below.
    ///   - moreColumns: Further zeros right.
    ///   - isSpread: Whether pixels of many channels lie an odd number of the cache's lines apart, so that those that follow each other do not take
    ///     one another's place in it. Not where a kernel's neighbouring columns are to be one run of memory.
    ///   - multiple: Zero channels fill each group up to a multiple of this number.
    init(
        _ images: Tensor<Scalar>, groups: Int, paddingY: Int, paddingX: Int, moreRows: Int = 0, moreColumns: Int = 0,
        isSpread: Bool = false,
        multiple: Int = 1
    ) {
        let given = images.shape[1] / groups
        let layout = ChannelsLastLayout(
            groups: groups, channels: (given + multiple - 1) / multiple * multiple, height: images.shape[2], width: images.shape[3],
            paddingY: paddingY, paddingX: paddingX, moreRows: moreRows, moreColumns: moreColumns, isSpread: isSpread)
        self.layout = layout
        scalars = Tensor(shape: Self.shape(images.shape[0], layout)) { out in
            images.withScalars { transpose($0.baseAddress!, batch: images.shape[0], channels: given, layout, to: out.baseAddress!) }
        }
    }

    private init(zeros batch: Int, _ layout: ChannelsLastLayout) {
        self.layout = layout
        scalars = .zeros(Self.shape(batch, layout))
    }

    private static func shape(_ batch: Int, _ layout: ChannelsLastLayout) -> [Int] {
        [
            batch, layout.height + 2 * layout.paddingY + layout.moreRows, layout.width + 2 * layout.paddingX + layout.moreColumns,
            layout.pixelStride,
        ]
    }

    /// The same layout, filled with zeros.
    var zeros: ChannelsLast { ChannelsLast(zeros: scalars.shape[0], layout) }

    mutating func withMutableScalars(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
        scalars.withMutableScalars { body($0.baseAddress!) }
    }

    /// The images as they are elsewhere: [N, groups x channels, H, W].
    var planar: Tensor<Scalar> {
        var pixels = scalars
        for (axis, range) in [
            (1, layout.paddingY..<layout.paddingY + layout.height), (2, layout.paddingX..<layout.paddingX + layout.width),
            (3, 0..<layout.groups * layout.channels),
        ] where range.count < pixels.shape[axis] {
            pixels = pixels.sliced(axis: axis, range)
        }
        return pixels.permuted([0, 3, 1, 2])
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func transpose<Scalar: FloatingScalar>(
    _ images: UnsafePointer<Scalar>, batch: Int, channels: Int, _ layout: ChannelsLastLayout, to out: UnsafeMutablePointer<Scalar>
) {
    let kernels = Scalar.kernels
    let pixels = layout.height * layout.width
    let hasGaps = layout.rowStride > layout.width * layout.pixelStride
    let isSparse = layout.imageStride > pixels * layout.pixelStride || layout.channels > channels
    // Pixels that follow each other in both.
    let run = hasGaps ? layout.width : pixels
    let start = layout.paddingY * layout.rowStride + layout.paddingX * layout.pixelStride
    Threads.forEachPiece(of: batch, size: max(1, 16384 / max(1, layout.imageStride))) { piece in
        for image in piece {
            let target = out + image * layout.imageStride
            if isSparse { target.update(repeating: 0, count: layout.imageStride) }
            for first in stride(from: 0, to: pixels, by: run) {
                for group in 0..<layout.groups {
                    kernels.transpose(
                        Int32(channels), Int32(run), images + (image * layout.groups + group) * channels * pixels + first, pixels, nil,
                        target + start + first / layout.width * layout.rowStride + group * layout.channels, layout.pixelStride)
                }
            }
        }
    }
}
