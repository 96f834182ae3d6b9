/// Why an image was not read or not written. Each case names the file; `description` is one line for the user.
public enum ImageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no file at the path.
    case missing(path: String)
    /// The path is a directory.
    case isDirectory(path: String)
    /// The file has no bytes.
    case empty(path: String)
    /// The system does not let the file be read, for the reason given.
    case unreadable(path: String, reason: String)
    /// The file holds something else, described by `found`; its name may say otherwise.
    case notAnImage(path: String, found: String)
    /// An image of a known format ends early, or has too few bytes for the size that its header claims.
    case truncated(path: String, format: String, bytes: Int)
    /// An image of a known format has damaged data, described by `found`.
    case corrupt(path: String, format: String, found: String)
    /// A valid file of a known format, but of a kind that is not read, described by `found`.
    case unsupportedKind(path: String, format: String, found: String)
    /// The file has no such page.
    case noSuchPage(path: String, page: Int, count: Int)
    /// More pixels than an image may have, on reading, or a longer side than the format can store, on writing.
    case tooLarge(path: String, width: Int, height: Int, limit: String)
    /// The extension of the name to write to stands for no format.
    case unsupportedExtension(path: String, found: String)
    /// The tensor to write has a shape that the format cannot store.
    case unsupportedShape(path: String, found: [Int], expected: String)
    /// The format to write does not store samples so.
    case unsupportedDepth(path: String, found: SampleDepth, format: WritableFormat)
    /// The file cannot be written, for the reason given. Nothing was left behind, and a file that was there before still is.
    case cannotWrite(path: String, reason: String)

    public var description: String {
        switch self {
        case .missing(let path): "\(path): found no such file, expected \(expectedImage)"
        case .isDirectory(let path): "\(path): found a directory, expected \(expectedImage)"
        case .empty(let path): "\(path): found an empty file, expected \(expectedImage)"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notAnImage(let path, let found): "\(path): found \(found), expected \(expectedImage)"
        case .truncated(let path, let format, let bytes):
            "\(path): found a truncated \(format) file, its \(bytes) bytes end before the image does; expected a whole one"
        case .corrupt(let path, let format, let found): "\(path): found a damaged \(format) file (\(found)), expected an intact one"
        case .unsupportedKind(let path, let format, let found):
            "\(path): found a \(format) file of an unsupported kind (\(found)), expected grey, RGB or CMYK"
        case .noSuchPage(let path, let page, let count):
            "\(path): found \(count) page\(count == 1 ? "" : "s"), expected page \(page) to be one of them"
        case .tooLarge(let path, let width, let height, let limit):
            "\(path): found an image of \(width) x \(height) pixels, expected at most \(limit)"
        case .unsupportedExtension(let path, let found):
            "\(path): found \(found.isEmpty ? "no extension" : "the extension .\(found)"), "
                + "expected .png, .jpg, .jpeg, .tif, .tiff, .webp, .ppm or .pgm"
        case .unsupportedShape(let path, let found, let expected):
            "\(path): found an image of the shape \(found), expected \(expected)"
        case .unsupportedDepth(let path, let found, let format):
            "\(path): found samples of the depth \(found.rawValue) for a \(format.name) file, "
                + "expected \(format.depths.map(\.rawValue).joined(separator: " or "))"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }

    private var expectedImage: String { "a PNG, JPEG, TIFF, WebP, PPM or PGM image" }
}
