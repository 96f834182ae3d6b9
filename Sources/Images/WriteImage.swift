import CImageCodecs
import Glibc
import Tensors

/// The formats that are written.
public enum WritableFormat: String, CaseIterable, Sendable {
    /// Grey or RGB, with alpha or without; 8 or 16 bits, compressed without loss.
    case png
    /// Grey or RGB without alpha; 8 bits, with loss. At most 65,500 pixels a side.
    case jpeg
    /// Grey or RGB, with alpha or without; 8 or 16 bits, or floating-point numbers.
    case tiff
    /// Grey or RGB, with alpha or without, 8 bits; without loss, unless a quality is given. At most 16,383 pixels a side.
    case webp
    /// RGB without alpha; 8 or 16 bits, not compressed.
    case ppm
    /// Grey without alpha; 8 or 16 bits, not compressed.
    case pgm

    /// The format that the extension of a name stands for; throws `ImageError.unsupportedExtension` if it stands for none.
    public init(path: String) throws(ImageError) {
        let name = path.split(separator: "/").last ?? ""
        let fileExtension = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
        switch fileExtension.lowercased() {
        case "png": self = .png
        case "jpg", "jpeg": self = .jpeg
        case "tif", "tiff": self = .tiff
        case "webp": self = .webp
        case "ppm": self = .ppm
        case "pgm": self = .pgm
        default: throw .unsupportedExtension(path: path, found: fileExtension)
        }
    }

    /// As people call it.
    public var name: String { self == .webp ? "WebP" : rawValue.uppercased() }

    /// How it can store samples, in rising order.
    public var depths: [SampleDepth] {
        switch self {
        case .tiff: [.eight, .sixteen, .float]
        case .png, .ppm, .pgm: [.eight, .sixteen]
        case .jpeg, .webp: [.eight]
        }
    }

    fileprivate var channels: [Int] {
        switch self {
        case .png, .tiff, .webp: [1, 2, 3, 4]
        case .jpeg: [1, 3]
        case .ppm: [3]
        case .pgm: [1]
        }
    }

    fileprivate var expectedShape: String {
        "[channels, height, width] with \(channels.map(String.init).joined(separator: " or ")) channels and no empty axis"
    }

    /// The longest side: that of libjpeg and of WebP, and in the others what a signed 32-bit number holds.
    fileprivate var sideLimit: Int { self == .jpeg ? 65500 : self == .webp ? 16383 : Int(Int32.max) }

    /// Throws where the format cannot hold an image of this shape and depth.
    package func check(shape: [Int], depth: SampleDepth, name: String) throws(ImageError) {
        guard shape.count == 3, channels.contains(shape[0]), shape[1] > 0, shape[2] > 0 else {
            throw .unsupportedShape(path: name, found: shape, expected: expectedShape)
        }
        guard max(shape[1], shape[2]) <= sideLimit else {
            throw .tooLarge(path: name, width: shape[2], height: shape[1], limit: "\(sideLimit) pixels a side")
        }
        guard depths.contains(depth) else { throw .unsupportedDepth(path: name, found: depth, format: self) }
    }
}

/// An encoded file, in memory that was taken in C.
final class EncodedImage {
    private let block: cimage_block

    init(_ block: cimage_block) { self.block = block }
    deinit { free(block.bytes) }

    func withBytes<Result, Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: block.bytes, count: block.count))
    }
}

/// The file that holds an image in a format.
func encode(_ image: ImageFile, as format: WritableFormat, quality: Int?, name: String) throws(ImageError) -> EncodedImage {
    precondition((1...100).contains(quality ?? 1), "write: found the quality \(quality ?? 1), expected 1...100")
    let shape = image.pixels.shape
    try format.check(shape: shape, depth: image.depth, name: name)
    let layout = cimage_layout(width: shape[2], height: shape[1], channels: shape[0], bits: image.depth.bits)
    let profile = image.colorProfile.flatMap { isColorProfile($0, channels: shape[0]) ? $0 : nil }
    var encoded = cimage_block()
    var message = codecMessageBuffer()
    let status = image.pixels.withScalars { planes in
        (profile ?? []).withUnsafeBufferPointer { profile in
            var extras = cimage_written_extras(
                profile: profile.baseAddress, profile_count: profile.count, x_density: image.resolution?.x ?? 0,
                y_density: image.resolution?.y ?? 0)
            if profile.isEmpty { extras.profile = nil }
            return switch format {
            case .png: cimage_write_png(planes.baseAddress, layout, &extras, spread, &encoded, &message)
            case .jpeg: cimage_write_jpeg(planes.baseAddress, layout, &extras, Int32(quality ?? 95), &encoded, &message)
            case .tiff: cimage_write_tiff(planes.baseAddress, layout, &extras, &encoded, &message)
            case .webp: cimage_write_webp(planes.baseAddress, layout, &extras, Int32(quality ?? 0), &encoded, &message)
            case .ppm, .pgm: encodeNetpbm(planes.baseAddress!, layout, &encoded)
            }
        }
    }
    guard status == cimage_ok else {
        throw .cannotWrite(path: name, reason: status == cimage_no_memory ? "not enough memory" : text(message))
    }
    return EncodedImage(encoded)
}

/// A binary PGM or PPM file, as the encoders of CImageCodecs return one.
private func encodeNetpbm(_ planes: UnsafePointer<Float>, _ layout: cimage_layout, _ encoded: inout cimage_block) -> cimage_status {
    let header = Array("P\(layout.channels == 1 ? 5 : 6)\n\(layout.width) \(layout.height)\n\((1 << layout.bits) - 1)\n".utf8)
    let rowLength = Int(layout.width) * Int(layout.channels) * Int(layout.bits) / 8
    let count = header.count + rowLength * Int(layout.height)
    guard let start = malloc(count)?.bindMemory(to: UInt8.self, capacity: count) else { return cimage_no_memory }
    start.initialize(from: header, count: header.count)
    for y in 0..<layout.height {
        cimage_pack_row(planes, layout, y, start + header.count + Int(y) * rowLength)
    }
    encoded = cimage_block(bytes: start, count: count)
    return cimage_ok
}
