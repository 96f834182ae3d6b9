import CImageCodecs
import Tensors

/// A PGM or PPM file (P2, P3, P5 or P6) of any maximum: `[1 or 3, height, width]`. What follows the first image is ignored.
func decodeNetpbm(_ bytes: [UInt8], path: String) throws(ImageError) -> ImageFile {
    var reader = NetpbmReader(bytes: bytes, path: path)
    guard bytes.count > 2 else { throw reader.truncated }
    let kind = bytes[1]
    let width = try reader.number("width")
    let height = try reader.number("height")
    guard width > 0, height > 0 else { throw reader.corrupt("\(width) x \(height) pixels") }
    guard width <= pixelLimit / height else {
        throw .tooLarge(path: path, width: width, height: height, limit: "\(pixelLimit) pixels")
    }
    let maximum = try reader.number("maximum")
    guard (1...65535).contains(maximum) else { throw reader.corrupt("\(maximum) as the largest value, which is to be in 1...65535") }
    let isColor = kind == UInt8(ascii: "3") || kind == UInt8(ascii: "6")
    let isBinary = kind == UInt8(ascii: "5") || kind == UInt8(ascii: "6")
    let layout = cimage_layout(width: width, height: height, channels: isColor ? 3 : 1, bits: maximum > 255 ? 16 : 8)
    let pixels = isBinary ? try reader.binaryPixels(layout, maximum: maximum) : try reader.plainPixels(layout, maximum: maximum)
    return ImageFile(pixels: pixels, depth: layout.depth)
}

private struct NetpbmReader {
    let bytes: [UInt8]
    let path: String
    var position = 2  // after the kind

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    var truncated: ImageError { .truncated(path: path, format: ImageFormat.netpbm.name, bytes: bytes.count) }
    func corrupt(_ found: String) -> ImageError { .corrupt(path: path, format: ImageFormat.netpbm.name, found: found) }

    /// The next decimal number, after white space and comments; it ends at white space, at a comment or with the file.
    mutating func number(_ name: String) throws(ImageError) -> Int {
        var isComment = false
        while position < bytes.count {
            let byte = bytes[position]
            if isComment {
                isComment = byte != 0x0A && byte != 0x0D
            } else if byte == UInt8(ascii: "#") {
                isComment = true
            } else if !byte.isNetpbmSpace {
                break
            }
            position += 1
        }
        let start = position
        var value = 0
        while position < bytes.count, bytes[position].isDigit, position - start < 10 {
            value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        guard position < bytes.count else {
            if position > start { return value }
            throw truncated
        }
        let next = bytes[position]
        guard position > start, next.isNetpbmSpace || next == UInt8(ascii: "#") else {
            throw corrupt("the byte 0x\(String(next, radix: 16)) in place of the \(name)")
        }
        return value
    }

    /// Samples of one or, if the maximum is above 255, two bytes; a single white-space character separates them from the header.
    func binaryPixels(_ layout: cimage_layout, maximum: Int) throws(ImageError) -> Tensor<Float> {
        guard position == bytes.count || bytes[position].isNetpbmSpace else { throw corrupt("a comment in place of the first sample") }
        let raster = position + 1
        let rowLength = Int(layout.width) * Int(layout.channels) * Int(layout.bits) / 8
        let end = raster + rowLength * Int(layout.height)
        guard end <= bytes.count else { throw truncated }
        let largest = layout.bits == 16 ? largestPair(raster..<end) : Int(bytes[raster..<end].max() ?? 0)
        guard largest <= maximum else { throw corrupt("the value \(largest), which is above the maximum of \(maximum)") }
        try requireMemory(layout.bytes, for: path)
        return Tensor(shape: layout.shape) { out in
            var target = ExifOrientation.topLeft.target(base: out.baseAddress!, width: Int(layout.width), height: Int(layout.height))
            bytes.withUnsafeBufferPointer { bytes in
                for y in 0..<layout.height {
                    let row = bytes.baseAddress! + raster + Int(y) * rowLength
                    cimage_unpack_row(row, layout, Float(maximum), &target, y)
                }
            }
        }
    }

    private func largestPair(_ range: Range<Int>) -> Int {
        var largest = 0
        for i in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            largest = max(largest, Int(bytes[i]) << 8 | Int(bytes[i + 1]))
        }
        return largest
    }

    /// Samples in decimal.
    mutating func plainPixels(_ layout: cimage_layout, maximum: Int) throws(ImageError) -> Tensor<Float> {
        let channels = Int(layout.channels)
        let pixels = Int(layout.width) * Int(layout.height)
        // Before memory is taken for them: each sample needs a digit and something that separates it.
        guard (bytes.count - position) / 2 >= pixels * channels else { throw truncated }
        try requireMemory(layout.bytes, for: path)
        var failure: ImageError?
        let image = Tensor<Float>(shape: layout.shape) { out in
            do throws(ImageError) {
                for pixel in 0..<pixels {
                    for channel in 0..<channels {
                        let value = try number("sample")
                        guard value <= maximum else {
                            throw corrupt("the value \(value), which is above the maximum of \(maximum)")
                        }
                        out[channel * pixels + pixel] = Float(value) / Float(maximum)
                    }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return image
    }
}
