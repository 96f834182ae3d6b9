import Files
import CImageCodecs
import Glibc
import Tensors

/// Bits for each sample of an image file.
public enum ImageBitDepth: Int, Sendable {
    case eight = 8
    case sixteen = 16
}

extension Tensor where Scalar == Float {
    /// Writes the image to a file of the format that the name's extension stands for.
    ///
    /// The shape is `[channels, height, width]`: 1 channel (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha) for `.png`,
    /// 1 or 3 for `.jpg` and `.jpeg`, 3 for `.ppm` and 1 for `.pgm`. Values are clamped to 0...1, NaN becomes 0, and rounded to
    /// `bitDepth` bits; 16 are not for JPEG. `quality`, 1...100, is for JPEG alone: from 90 on color has the full resolution.
    ///
    /// The file appears complete or not at all. Throws an `ImageError` if the extension or the shape does not fit, or if it cannot
    /// be written; nothing is left behind then, and a file that was there before stays.
    public func writeImage(to path: String, bitDepth: ImageBitDepth = .eight, quality: Int = 95) throws(ImageError) {
        precondition((1...100).contains(quality), "writeImage: found the quality \(quality), expected 1...100")
        let format = try WritableFormat(path: path)
        guard rank == 3, format.channels.contains(shape[0]), shape[1] > 0, shape[2] > 0 else {
            throw .unsupportedShape(path: path, found: shape, expected: format.expectedShape)
        }
        guard Swift.max(shape[1], shape[2]) <= format.sideLimit else {
            throw .tooLarge(path: path, width: shape[2], height: shape[1], limit: "\(format.sideLimit) pixels a side")
        }
        if format == .jpeg, bitDepth == .sixteen { throw .unsupportedBitDepth(path: path) }
        let layout = cimage_layout(
            width: UInt32(shape[2]), height: UInt32(shape[1]), channels: Int32(shape[0]), bits: Int32(bitDepth.rawValue))
        let encoded = try withScalars { planes throws(ImageError) in
            try encode(planes.baseAddress!, layout, as: format, quality: quality, path: path)
        }
        defer { free(encoded.baseAddress) }
        do throws(FileError) {
            try replaceFile(at: path) { (write) throws(FileError) in try write(UnsafeRawBufferPointer(encoded)) }
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// The formats that are written.
public enum WritableFormat: Sendable {
    case png, jpeg, ppm, pgm

    /// The format that the extension of a name stands for; throws `ImageError.unsupportedExtension` if it stands for none.
    public init(path: String) throws(ImageError) {
        let name = path.split(separator: "/").last ?? ""
        let fileExtension = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
        switch fileExtension.lowercased() {
        case "png": self = .png
        case "jpg", "jpeg": self = .jpeg
        case "ppm": self = .ppm
        case "pgm": self = .pgm
        default: throw .unsupportedExtension(path: path, found: fileExtension)
        }
    }

    fileprivate var channels: [Int] {
        switch self {
        case .png: [1, 2, 3, 4]
        case .jpeg: [1, 3]
        case .ppm: [3]
        case .pgm: [1]
        }
    }

    fileprivate var expectedShape: String {
        "[channels, height, width] with \(channels.map(String.init).joined(separator: " or ")) channels and no empty axis"
    }

    /// The longest side: that of libjpeg, and in the others what a signed 32-bit number holds.
    fileprivate var sideLimit: Int { self == .jpeg ? 65500 : Int(Int32.max) }
}

/// The bytes of the file, which the caller frees.
private func encode(
    _ planes: UnsafePointer<Float>, _ layout: cimage_layout, as format: WritableFormat, quality: Int, path: String
) throws(ImageError) -> UnsafeMutableBufferPointer<UInt8> {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = codecMessageBuffer()
    let status =
        switch format {
        case .png: cimage_write_png(planes, layout, &bytes, &count, &message)
        case .jpeg: cimage_write_jpeg(planes, layout, Int32(quality), &bytes, &count, &message)
        case .ppm, .pgm: encodeNetpbm(planes, layout, &bytes, &count)
        }
    guard status == cimage_ok else {
        throw .cannotWrite(path: path, reason: status == cimage_no_memory ? "not enough memory" : text(message))
    }
    return UnsafeMutableBufferPointer(start: bytes, count: count)
}

/// A binary PGM or PPM file, as the encoders of CImageCodecs return one.
private func encodeNetpbm(
    _ planes: UnsafePointer<Float>, _ layout: cimage_layout, _ bytes: inout UnsafeMutablePointer<UInt8>?, _ count: inout Int
) -> cimage_status {
    let header = Array("P\(layout.channels == 1 ? 5 : 6)\n\(layout.width) \(layout.height)\n\((1 << layout.bits) - 1)\n".utf8)
    let rowLength = Int(layout.width) * Int(layout.channels) * Int(layout.bits) / 8
    count = header.count + rowLength * Int(layout.height)
    guard let start = malloc(count)?.bindMemory(to: UInt8.self, capacity: count) else { return cimage_no_memory }
    start.initialize(from: header, count: header.count)
    for y in 0..<layout.height {
        cimage_pack_row(planes, layout, y, start + header.count + Int(y) * rowLength)
    }
    bytes = start
    return cimage_ok
}
