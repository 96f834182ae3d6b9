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
    let kernels = Scalar.kernels
    let pixels = layout.height * layout.width
    // Pixels that follow each other in both.
    let run = layout.rowStride > layout.width * layout.pixelStride ? layout.width : pixels
    Threads.forEachPiece(of: batch, size: max(1, 16384 / max(1, layout.imageStride))) { piece in
        for image in piece {
            let target = out + image * layout.imageStride
            if layout.channels > channels { target.update(repeating: 0, count: layout.imageStride) } else { clearMargins(target, layout) }
            for first in stride(from: 0, to: pixels, by: run) {
                for group in 0..<layout.groups {
                    kernels.transpose(
                        Int32(channels), Int32(run), images + (image * layout.groups + group) * channels * pixels + first, pixels, nil,
                        target + layout.place(first / layout.width, 0) + group * layout.channels, layout.pixelStride)
                }
            }
        }
    }
}

/// Sets the zeros around an image.
private func clearMargins<Scalar: FloatingScalar>(_ image: UnsafeMutablePointer<Scalar>, _ layout: ChannelsLastLayout) {
    let margins = layout.margins
    image.update(repeating: 0, count: margins.top * layout.rowStride)
    (image + (margins.top + layout.height) * layout.rowStride).update(repeating: 0, count: margins.bottom * layout.rowStride)
    guard margins.left + margins.right > 0 else { return }
    for y in 0..<layout.height {
        let row = image + layout.place(y, -margins.left)
        row.update(repeating: 0, count: margins.left * layout.pixelStride)
        (row + (margins.left + layout.width) * layout.pixelStride).update(repeating: 0, count: margins.right * layout.pixelStride)
    }
}
