import LinearAlgebra
import Tensors

/// Where pixels are in memory when the channels of a pixel are beside each other, with zeros around the image.
struct ChannelsLastLayout: Sendable {
    /// Channels of each group, with those that only fill up.
    let groups, channels: Int
    let height, width: Int
    let paddingY, paddingX: Int
    /// Elements from one pixel, row and image to the next.
    let pixelStride, rowStride, imageStride: Int

    init(groups: Int, channels: Int, height: Int, width: Int, paddingY: Int, paddingX: Int) {
        (self.groups, self.channels, self.height, self.width) = (groups, channels, height, width)
        (self.paddingY, self.paddingX) = (paddingY, paddingX)
        pixelStride = groups * channels
        rowStride = (width + 2 * paddingX) * pixelStride
        imageStride = (height + 2 * paddingY) * rowStride
    }
}

/// Images with the channels of a pixel beside each other: [N, H + 2 paddingY, W + 2 paddingX, groups, channels].
struct ChannelsLast<Scalar: FloatingScalar>: Sendable {
    let layout: ChannelsLastLayout
    private(set) var scalars: Tensor<Scalar>

    /// - Parameters:
    ///   - images: [N, groups x channels, H, W].
    ///   - groups: Groups of channels.
    ///   - paddingY: Rows of zeros above and below.
    ///   - paddingX: Zeros left and right.
    ///   - multiple: Zero channels fill each group up to a multiple of this number.
    init(_ images: Tensor<Scalar>, groups: Int, paddingY: Int, paddingX: Int, multiple: Int = 1) {
        let given = images.shape[1] / groups
        let layout = ChannelsLastLayout(
            groups: groups, channels: (given + multiple - 1) / multiple * multiple, height: images.shape[2], width: images.shape[3],
            paddingY: paddingY, paddingX: paddingX)
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
        [batch, layout.height + 2 * layout.paddingY, layout.width + 2 * layout.paddingX, layout.groups, layout.channels]
    }

    /// The same layout, filled with zeros.
    var zeros: ChannelsLast { ChannelsLast(zeros: scalars.shape[0], layout) }

    mutating func withMutableScalars(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
        scalars.withMutableScalars { body($0.baseAddress!) }
    }

    /// The images as they are elsewhere: [N, groups x channels, H, W].
    var planar: Tensor<Scalar> {
        let (paddingY, paddingX) = (layout.paddingY, layout.paddingX)
        var pixels = scalars.reshaped([
            scalars.shape[0], layout.height + 2 * paddingY, layout.width + 2 * paddingX, layout.pixelStride,
        ])
        if paddingY > 0 { pixels = pixels.sliced(axis: 1, paddingY..<paddingY + layout.height) }
        if paddingX > 0 { pixels = pixels.sliced(axis: 2, paddingX..<paddingX + layout.width) }
        return pixels.permuted([0, 3, 1, 2])
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func transpose<Scalar: FloatingScalar>(
    _ images: UnsafePointer<Scalar>, batch: Int, channels: Int, _ layout: ChannelsLastLayout, to out: UnsafeMutablePointer<Scalar>
) {
    let (height, width, pixelStride) = (layout.height, layout.width, layout.pixelStride)
    let isSparse = layout.paddingY > 0 || layout.paddingX > 0 || layout.channels > channels
    Threads.forEachPiece(of: batch, size: max(1, 16384 / max(1, layout.imageStride))) { piece in
        for image in piece {
            let start = out + image * layout.imageStride
            if isSparse { start.update(repeating: 0, count: layout.imageStride) }
            for y in 0..<height {
                let row = start + (y + layout.paddingY) * layout.rowStride + layout.paddingX * pixelStride
                for group in 0..<layout.groups {
                    for channel in 0..<channels {
                        let source = images + (((image * layout.groups + group) * channels + channel) * height + y) * width
                        let target = row + group * layout.channels + channel
                        for x in 0..<width { target[x * pixelStride] = source[x] }
                    }
                }
            }
        }
    }
}
