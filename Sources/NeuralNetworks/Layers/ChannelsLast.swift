import LinearAlgebra
import Tensors

/// Images with the channels of a pixel beside each other and zeros around: [N, H + 2 paddingY, W + 2 paddingX, groups, channels].
struct ChannelsLast<Scalar: FloatingScalar>: Sendable {
    private(set) var scalars: Tensor<Scalar>
    let groups, channels: Int
    let paddingY, paddingX: Int
    let height, width: Int

    /// Elements from one pixel, row and image to the next.
    var pixelStride: Int { groups * channels }
    var rowStride: Int { (width + 2 * paddingX) * pixelStride }
    var imageStride: Int { (height + 2 * paddingY) * rowStride }

    /// - Parameters:
    ///   - images: [N, groups x channels, H, W].
    ///   - groups: Groups of channels.
    ///   - paddingY: Rows of zeros above and below.
    ///   - paddingX: Zeros left and right.
    ///   - multiple: Zero channels fill each group up to a multiple of this number.
    init(_ images: Tensor<Scalar>, groups: Int, paddingY: Int = 0, paddingX: Int = 0, multiple: Int = 1) {
        let (batch, given) = (images.shape[0], images.shape[1] / groups)
        self.init(
            batch: batch, groups: groups, channels: (given + multiple - 1) / multiple * multiple, height: images.shape[2],
            width: images.shape[3], paddingY: paddingY, paddingX: paddingX)
        let isSparse = paddingY > 0 || paddingX > 0 || channels > given
        let layout = self
        scalars.withMutableScalars { scalars in
            images.withScalars { images in
                transpose(layout, images.baseAddress!, channels: given, to: scalars.baseAddress!, isSparse: isSparse)
            }
        }
    }

    /// The same layout, filled with zeros.
    var zeros: ChannelsLast {
        var copy = self
        copy.scalars = .zeros(scalars.shape)
        return copy
    }

    private init(batch: Int, groups: Int, channels: Int, height: Int, width: Int, paddingY: Int, paddingX: Int) {
        (self.groups, self.channels, self.height, self.width) = (groups, channels, height, width)
        (self.paddingY, self.paddingX) = (paddingY, paddingX)
        scalars = Tensor(shape: [batch, height + 2 * paddingY, width + 2 * paddingX, groups, channels]) { _ in }
    }

    mutating func withMutableScalars(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
        scalars.withMutableScalars { body($0.baseAddress!) }
    }

    /// The images as they are elsewhere: [N, groups x channels, H, W].
    var planar: Tensor<Scalar> {
        var pixels = scalars.reshaped([scalars.shape[0], height + 2 * paddingY, width + 2 * paddingX, pixelStride])
        if paddingY > 0 { pixels = pixels.sliced(axis: 1, paddingY..<paddingY + height) }
        if paddingX > 0 { pixels = pixels.sliced(axis: 2, paddingX..<paddingX + width) }
        return pixels.permuted([0, 3, 1, 2])
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func transpose<Scalar: FloatingScalar>(
    _ layout: ChannelsLast<Scalar>, _ images: UnsafePointer<Scalar>, channels: Int, to out: UnsafeMutablePointer<Scalar>, isSparse: Bool
) {
    let (height, width, pixelStride) = (layout.height, layout.width, layout.pixelStride)
    Threads.forEachPiece(of: layout.scalars.shape[0], size: max(1, 16384 / layout.imageStride)) { piece in
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
