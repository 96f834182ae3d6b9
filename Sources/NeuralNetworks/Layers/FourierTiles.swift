import CWarpKernels
import LinearAlgebra
import Tensors

/// How a convolution is cut into tiles whose Fourier transforms are 16 x 16: of each tile's window of the image, and of the outputs that see
/// nothing else. A small image is one window, as its zeros on one side stand for those on the other, where the cycle begins anew.
///
/// The tiles of a row, of several images side by side, are a band. Its strips, [side, width, lanes], one a channel, hold all of their windows.
struct FourierTiles: Sendable {
    /// Of a window, and so of the cycle.
    static let side = 16
    /// Complex numbers of a transform.
    static let frequencies = side * (side / 2 + 1)
    /// Images that are side by side in the lanes of a vector.
    static let lanes = 16

    let shape: ConvolutionShape
    private let rows, columns: Axis

    init(_ shape: ConvolutionShape) {
        self.shape = shape
        rows = Axis(size: shape.height, kernel: shape.kernelHeight, padding: shape.paddingY, outputs: shape.outHeight)
        columns = Axis(size: shape.width, kernel: shape.kernelWidth, padding: shape.paddingX, outputs: shape.outWidth)
    }

    /// Bands of all images.
    var bands: Int { rows.count * ((shape.batch + Self.lanes - 1) / Self.lanes) }
    /// Tiles of an image.
    var perImage: Int { rows.count * columns.count }
    /// Tiles of a band.
    var perBand: Int { columns.count }
    /// Numbers from one window of a strip to the next.
    var windowStep: Int { columns.each * Self.lanes }
    /// Numbers of a strip's row.
    var stripRow: Int { (columns.count - 1) * windowStep + Self.side * Self.lanes }
    /// Numbers of a strip.
    var strip: Int { Self.side * stripRow }

    /// Some images, and the rows of outputs.
    struct Band {
        var images, rows: Range<Int>
    }

    subscript(band place: Int) -> Band {
        let (block, row) = place.quotientAndRemainder(dividingBy: rows.count)
        return Band(images: block * Self.lanes..<min(shape.batch, (block + 1) * Self.lanes), rows: rows[row])
    }

    /// How many columns of outputs a tile of a band has.
    func outputs(ofTile tile: Int) -> Int { columns[tile].count }

    /// Brings all channels of a band's images to strips; gives the number of rows beyond which all are zero.
    func readImages<Scalar: FloatingScalar>(_ band: Band, of images: UnsafePointer<Scalar>, to strips: UnsafeMutablePointer<Scalar>) -> Int
    {
        let first = band.rows.lowerBound - shape.paddingY
        let end = max(0, min(shape.height, first + Self.side))
        read(
            images, channels: shape.channels, height: shape.height, width: shape.width, band.images, rows: min(end, max(0, first))..<end,
            to: strips, from: first, left: shape.paddingX)
        return end - first
    }

    /// The same of a band's outputs, such as the gradient by them.
    func readOutputs<Scalar: FloatingScalar>(_ band: Band, of images: UnsafePointer<Scalar>, to strips: UnsafeMutablePointer<Scalar>) -> Int
    {
        read(
            images, channels: shape.outputs, height: shape.outHeight, width: shape.outWidth, band.images, rows: band.rows, to: strips,
            from: band.rows.lowerBound, left: 0)
        return band.rows.count
    }

    private func read<Scalar: FloatingScalar>(
        _ planes: UnsafePointer<Scalar>, channels: Int, height: Int, width: Int, _ images: Range<Int>, rows: Range<Int>,
        to strips: UnsafeMutablePointer<Scalar>, from first: Int, left: Int
    ) {
        let kernels = Scalar.kernels
        strips.clear(channels * strip)
        for channel in 0..<channels {
            let plane = planes + (images.lowerBound * channels + channel) * height * width
            for y in rows {
                kernels.transpose(
                    Int32(images.count), Int32(width), plane + y * width, channels * height * width, nil,
                    strips + channel * strip + (y - first) * stripRow + left * Self.lanes, Self.lanes)
            }
        }
    }

    /// Brings the strip of an output's sums to where they belong. `shifts` are added, one for each lane.
    func write<Scalar: FloatingScalar>(
        _ strip: UnsafePointer<Scalar>, _ band: Band, output: Int, shifts: UnsafePointer<Scalar>?, to out: UnsafeMutablePointer<Scalar>
    ) {
        let kernels = Scalar.kernels
        let plane = out + (band.images.lowerBound * shape.outputs + output) * shape.outPixels
        for (row, y) in band.rows.enumerated() {
            kernels.transpose(
                Int32(shape.outWidth), Int32(band.images.count), strip + row * stripRow, Self.lanes, shifts, plane + y * shape.outWidth,
                shape.outputs * shape.outPixels)
        }
    }

    private struct Axis {
        let outputs, each: Int

        init(size: Int, kernel: Int, padding: Int, outputs: Int) {
            self.outputs = outputs
            each = size + padding <= side && outputs <= side ? outputs : side - kernel + 1
        }

        var count: Int { (outputs + each - 1) / each }

        subscript(tile: Int) -> Range<Int> { tile * each..<min(outputs, (tile + 1) * each) }
    }
}

extension ConvolutionShape {
    /// Whether there are enough images to fill the lanes, few enough channels for the second cache to hold a tile's transforms, and clearly fewer
    /// products than those of the taps: a transform takes about as long as three thousand of them.
    var isFasterByFourierTiles: Bool {
        guard batch >= 12, min(kernelHeight, kernelWidth) >= 5, channels + outputs <= 96, outputs > 0 else { return false }
        let tiles = FourierTiles(self).perImage
        let transforms = tiles * (channels + outputs) + channels * outputs / batch
        return 4 * FourierTiles.frequencies * tiles * channels * outputs + 3000 * transforms < products / batch
    }
}

extension UnsafeMutablePointer {
    /// Makes all bytes of so many numbers zero.
    func clear(_ count: Int) {
        UnsafeMutableRawPointer(self).initializeMemory(as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
    }
}
