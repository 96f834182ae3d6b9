import CImageCodecs
import Tensors

/// Images may have so many pixels, on reading: enough for any camera, and a bound on what a hostile file can claim.
let pixelLimit = 1 << 28

extension Tensor where Scalar == Float {
    /// Reads a PNG, JPEG, PPM or PGM file; the content decides which, not the name.
    ///
    /// The shape is `[channels, height, width]`: 1 channel for grey, 2 for grey and alpha, 3 for RGB, 4 for RGB and alpha (not
    /// premultiplied). Values are the stored ones divided by the largest possible, so 0...1; nothing is done about gamma or color
    /// profiles. Palettes become RGB, CMYK becomes RGB, 16-bit samples keep their precision, and a photo's EXIF orientation is applied.
    ///
    /// Throws an `ImageError` if there is no such file, or if it is not one whole and intact image of at most 2^28 pixels.
    public init(imageAt path: String) throws(ImageError) {
        let (bytes, format) = try readImageFile(path)
        self =
            switch format {
            case .png: try decode(bytes, by: cimage_read_png, orientation: .topLeft, format: format, path: path)
            case .jpeg: try decode(bytes, by: cimage_read_jpeg, orientation: ExifOrientation(jpeg: bytes), format: format, path: path)
            case .netpbm: try decodeNetpbm(bytes, path: path)
            }
    }
}

private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, UInt64, UnsafeMutablePointer<cimage_layout>?, UnsafePointer<cimage_target>?,
    UnsafeMutablePointer<CChar>?
) -> cimage_status

private func decode(
    _ bytes: [UInt8], by decoder: Decoder, orientation: ExifOrientation, format: ImageFormat, path: String
) throws(ImageError) -> Tensor<Float> {
    var layout = cimage_layout()
    var message = codecMessageBuffer()
    // Once for the header, then for the pixels too.
    var status = decoder(bytes, bytes.count, UInt64(pixelLimit), &layout, nil, &message)
    if status == cimage_ok {
        let width = Int(layout.width)
        let height = Int(layout.height)
        let size = orientation.swapsAxes ? [width, height] : [height, width]
        try requireMemory(layout.bytes, for: path)
        let image = Tensor<Float>(shape: [Int(layout.channels)] + size) { out in
            var target = orientation.target(base: out.baseAddress!, width: width, height: height)
            status = decoder(bytes, bytes.count, UInt64(pixelLimit), &layout, &target, &message)
        }
        // On failure a part of the image was not written to.
        if status == cimage_ok { return image }
    }
    switch status {
    case cimage_truncated: throw .truncated(path: path, format: format.name, bytes: bytes.count)
    case cimage_too_large:
        throw .tooLarge(path: path, width: Int(layout.width), height: Int(layout.height), limit: "\(pixelLimit) pixels")
    case cimage_unsupported: throw .unsupportedKind(path: path, format: format.name, found: text(message))
    case cimage_no_memory: throw .unreadable(path: path, reason: "not enough memory")
    default: throw .corrupt(path: path, format: format.name, found: text(message))
    }
}

/// For the `message` argument of the functions of CImageCodecs.
func codecMessageBuffer() -> [CChar] { [CChar](repeating: 0, count: Int(cimage_message_size)) }

/// What one of those functions left in its `message`.
func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
