import CImageCodecs
import Files
import LinearAlgebra
import Tensors

/// Images may have so many pixels, on reading: enough for any camera, and a bound on what a hostile file can claim.
let pixelLimit = 1 << 28

/// An image as it is stored.
enum StoredImage {
    case memory([UInt8])
    /// Of which a page is read without the others.
    case file(InputFile)

    /// In bytes.
    var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// Calls `body` with what readers take.
    fileprivate func withInput<Result>(page: Int, _ body: (UnsafePointer<cimage_input>) -> Result) -> Result {
        var input = cimage_input(bytes: nil, file: -1, count: count, pixel_limit: UInt64(pixelLimit), page: UInt32(page), spread: spread)
        switch self {
        case .memory(let bytes):
            return bytes.withUnsafeBufferPointer {
                input.bytes = $0.baseAddress
                return body(&input)
            }
        case .file(let file):
            return file.withDescriptor {
                input.file = $0
                return body(&input)
            }
        }
    }
}

/// The image in the bytes of a file.
func decode(_ bytes: [UInt8], _ format: ImageFormat, page: Int, name: String) throws(ImageError) -> ImageFile {
    guard page == 0 || format == .tiff else { throw .noSuchPage(path: name, page: page + 1, count: 1) }
    return switch format {
    case .png: try decode(.memory(bytes), by: cimage_read_png, format: format, name: name)
    case .jpeg: try decode(.memory(bytes), by: cimage_read_jpeg, format: format, name: name)
    case .tiff: try decodeTIFF(.memory(bytes), page: page, name: name)
    case .webp: try decode(.memory(bytes), by: cimage_read_webp, format: format, name: name)
    case .netpbm: try decodeNetpbm(bytes, path: name)
    }
}

/// A page of a TIFF file.
func decodeTIFF(_ image: StoredImage, page: Int, name: String) throws(ImageError) -> ImageFile {
    let count = try tiffPageCount(image, name: name)
    guard (0..<count).contains(page) else { throw .noSuchPage(path: name, page: page + 1, count: count) }
    return try decode(image, by: cimage_read_tiff, page: page, format: .tiff, name: name)
}

private typealias Reader = (
    UnsafePointer<cimage_input>?, UnsafeMutablePointer<cimage_layout>?, UnsafeMutablePointer<cimage_extras>?, UnsafePointer<cimage_target>?,
    UnsafeMutablePointer<CChar>?
) -> cimage_status

/// How many pages a TIFF file has.
func tiffPageCount(_ image: StoredImage, name: String) throws(ImageError) -> Int {
    var count: UInt32 = 0
    var message = codecMessageBuffer()
    let status = image.withInput(page: 0) { cimage_count_tiff_pages($0, &count, &message) }
    try check(status, message, ImageFormat.tiff, bytes: image.count, name: name)
    return Int(count)
}

/// Throws what a codec's status stands for.
private func check(
    _ status: cimage_status, _ message: [CChar], _ format: ImageFormat, bytes: Int, layout: cimage_layout = cimage_layout(), name: String
) throws(ImageError) {
    switch status {
    case cimage_ok: return
    case cimage_truncated: throw .truncated(path: name, format: format.name, bytes: bytes)
    case cimage_too_large:
        throw .tooLarge(path: name, width: Int(layout.width), height: Int(layout.height), limit: "\(pixelLimit) pixels")
    case cimage_unsupported: throw .unsupportedKind(path: name, format: format.name, found: text(message))
    case cimage_no_memory: throw .unreadable(path: name, reason: "not enough memory")
    default: throw .corrupt(path: name, format: format.name, found: text(message))
    }
}

private func decode(
    _ encoded: StoredImage, by reader: Reader, page: Int = 0, format: ImageFormat, name: String
) throws(ImageError) -> ImageFile {
    var layout = cimage_layout()
    var extras = cimage_extras()
    defer { cimage_free_extras(&extras) }
    // Once for the header, then for the pixels too.
    func read(into target: cimage_target?) throws(ImageError) {
        var message = codecMessageBuffer()
        let status = encoded.withInput(page: page) { input in
            guard var target else { return reader(input, &layout, &extras, nil, &message) }
            return reader(input, &layout, &extras, &target, &message)
        }
        try check(status, message, format, bytes: encoded.count, layout: layout, name: name)
    }
    func pixels(_ orientation: ExifOrientation) throws(ImageError) -> Tensor<Float> {
        let (width, height) = (Int(layout.width), Int(layout.height))
        let size = orientation.swapsAxes ? [width, height] : [height, width]
        var failure: ImageError?
        let image = Tensor<Float>(shape: [Int(layout.channels)] + size) { out in
            do throws(ImageError) {
                try read(into: orientation.target(base: out.baseAddress!, width: width, height: height))
            } catch {
                failure = error
            }
        }
        // On failure a part of the image was not written to.
        if let failure { throw failure }
        return image
    }

    try read(into: nil)
    try requireMemory(layout.bytes + Int(clamping: layout.scratch), for: name)
    let orientation = ExifOrientation(extras)
    var image = ImageFile(pixels: try pixels(orientation), depth: layout.depth)
    // PNG may have its EXIF data behind the pixels.
    let lateOrientation = ExifOrientation(extras)
    if lateOrientation != orientation { image.pixels = try pixels(lateOrientation) }
    image.colorProfile = colorProfile(extras.profile, channels: Int(layout.channels))
    if extras.x_density > 0, extras.y_density > 0 {
        image.resolution = ImageFile.Resolution(
            x: lateOrientation.swapsAxes ? extras.y_density : extras.x_density,
            y: lateOrientation.swapsAxes ? extras.x_density : extras.y_density)
    }
    return image
}

extension cimage_layout {
    init(width: Int, height: Int, channels: Int, bits: Int) {
        self.init(width: UInt32(width), height: UInt32(height), channels: Int32(channels), bits: Int32(bits), scratch: 0)
    }

    /// Of the tensor that holds the image.
    var shape: [Int] { [Int(channels), Int(height), Int(width)] }
    var bytes: Int { shape.reduce(MemoryLayout<Float>.stride, *) }
    var depth: SampleDepth { SampleDepth.allCases.first { $0.bits == bits }! }
}

/// How the codecs spread work over threads.
let spread: cimage_spread = { count, work, context in
    Threads.forEachPiece(of: count, size: 1) { pieces in
        for piece in pieces { work!(context, piece) }
    }
}

/// For the `message` argument of the functions of CImageCodecs.
func codecMessageBuffer() -> [CChar] { [CChar](repeating: 0, count: Int(cimage_message_size)) }

/// What one of those functions left in its `message`.
func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
