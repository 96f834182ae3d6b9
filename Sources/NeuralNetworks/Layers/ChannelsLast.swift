import LinearAlgebra
import Tensors

/// Zeros around an image.
struct Margins: Sendable {
    var top = 0
    var bottom = 0
    var left = 0
    var right = 0
}

/// Where pixels are in memory when the channels of a pixel are beside each other, with zeros around the image.
struct ChannelsLastLayout: Sendable {
    /// Channels of each group, with those that only fill up.
    let groups, channels: Int
    let height, width: Int
    let margins: Margins
    /// Elements from one pixel, row and image to the next.
    let pixelStride, rowStride, imageStride: Int

    init(groups: Int, channels: Int, height: Int, width: Int, _ margins: Margins, isSpread: Bool) {
        (self.groups, self.channels, self.height, self.width) = (groups, channels, height, width)
        self.margins = margins
        pixelStride = isSpread && groups * channels >= 64 ? oddLines(groups * channels) : groups * channels
        rowStride = (margins.left + width + margins.right) * pixelStride
        imageStride = (margins.top + height + margins.bottom) * rowStride
    }

    /// Where a pixel is in its image.
    func place(_ y: Int, _ x: Int) -> Int { (margins.top + y) * rowStride + (margins.left + x) * pixelStride }
}

/// The least number of elements, not below the given one, that is an odd number of the cache's lines (of Float).
func oddLines(_ elements: Int) -> Int { ((elements + 15) / 16 | 1) * 16 }

/// Images with the channels of a pixel beside each other: [N, rows, columns, pixelStride], margins among them.
struct ChannelsLast<Scalar: FloatingScalar>: Sendable {
    let layout: ChannelsLastLayout
    private(set) var scalars: Tensor<Scalar>

    /// - Parameters:
    ///   - images: [N, groups x channels, H, W].
    ///   - groups: Groups of channels.
    ///   - margins: Zeros around.
    ///   - isSpread: Whether pixels of many channels lie an odd number of the cache's lines apart, so that those that follow each other do not take
    ///     one another's place in it. Not where a kernel's neighbouring columns are to be one run of memory.
    ///   - multiple: Zero channels fill each group up to a multiple of this number.
    init(_ images: Tensor<Scalar>, groups: Int, _ margins: Margins, isSpread: Bool = false, multiple: Int = 1) {
        let given = images.shape[1] / groups
        let layout = ChannelsLastLayout(
            groups: groups, channels: (given + multiple - 1) / multiple * multiple, height: images.shape[2], width: images.shape[3],
            margins, isSpread: isSpread)
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
        let margins = layout.margins
        return [
            batch, margins.top + layout.height + margins.bottom, margins.left + layout.width + margins.right, layout.pixelStride,
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
        let margins = layout.margins
        for (axis, range) in [
            (1, margins.top..<margins.top + layout.height), (2, margins.left..<margins.left + layout.width),
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
    let plane = layout.height * layout.width
    Threads.forEachPiece(of: batch, size: max(1, 16384 / max(1, layout.imageStride))) { piece in
        for image in piece {
            let target = out + image * layout.imageStride
            if layout.channels > channels { target.update(repeating: 0, count: layout.imageStride) }
            target.update(repeating: 0, count: layout.margins.top * layout.rowStride)
            let bottom = target + (layout.margins.top + layout.height) * layout.rowStride
            bottom.update(repeating: 0, count: layout.margins.bottom * layout.rowStride)
            for group in 0..<layout.groups {
                bringRows(
                    0..<layout.height, of: images + (image * layout.groups + group) * channels * plane, channels: channels, layout,
                    to: target + layout.margins.top * layout.rowStride + group * layout.channels)
            }
        }
    }
}

/// Brings rows of the channels of a group to where they are neighbours, and zeros beside them.
@inline(__always)
func bringRows<Scalar: FloatingScalar>(
    _ rows: Range<Int>, of channelPlanes: UnsafePointer<Scalar>, channels: Int, _ layout: ChannelsLastLayout,
    to target: UnsafeMutablePointer<Scalar>
) {
    let kernels = Scalar.kernels
    let (plane, left, right) = (layout.height * layout.width, layout.margins.left, layout.margins.right)
    // Pixels that follow each other in both.
    let run = left + right > 0 ? 1 : max(1, rows.count)
    for y in stride(from: rows.lowerBound, to: rows.upperBound, by: run) {
        let row = target + (y - rows.lowerBound) * layout.rowStride
        for x in 0..<left { (row + x * layout.pixelStride).update(repeating: 0, count: layout.channels) }
        for x in left + layout.width..<left + layout.width + right {
            (row + x * layout.pixelStride).update(repeating: 0, count: layout.channels)
        }
        kernels.transpose(
            Int32(channels), Int32(run * layout.width), channelPlanes + y * layout.width, plane, nil, row + left * layout.pixelStride,
            layout.pixelStride)
    }
}
