import CImageCodecs
import Files
import LinearAlgebra
import Tensors

/// How an image file stores its samples.
public enum SampleDepth: String, CaseIterable, Comparable, Sendable {
    /// As whole numbers of 8 bits.
    case eight = "8"
    /// As whole numbers of 16 bits.
    case sixteen = "16"
    /// As 32-bit floating-point numbers, which may be outside of 0...1.
    case float

    /// For each sample.
    public var bits: Int {
        switch self {
        case .eight: 8
        case .sixteen: 16
        case .float: 32
        }
    }

    public static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
}

/// What an image file holds: pixels, and what is kept with them when they are written again.
public struct ImageFile: Sendable {
    /// Pixels for each metre of a picture on paper.
    public struct Resolution: Equatable, Sendable {
        /// Along each axis.
        public var x, y: Double

        /// - Parameters:
        ///   - x: Pixels for each metre of a row.
        ///   - y: Pixels for each metre of a column.
        public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
    }

    /// `[channels, height, width]`: 1 channel for grey, 2 for grey and alpha, 3 for RGB, 4 for RGB and alpha, which is not premultiplied.
    /// 0 is black or transparent, 1 is white or opaque.
    public var pixels: Tensor<Float>
    /// How the samples were stored, or are to be.
    public var depth: SampleDepth
    /// An ICC profile. Nothing is computed with it: values are as the file has them.
    public var colorProfile: [UInt8]?
    /// Pixels for each metre of the picture, where the file says so.
    public var resolution: Resolution?

    /// An image to be written.
    ///
    /// - Parameters:
    ///   - pixels: `[channels, height, width]`, as `pixels` says.
    ///   - depth: How samples are stored, where the file's format has it.
    ///   - colorProfile: An ICC profile to write with it; nil for none.
    ///   - resolution: Pixels for each metre; nil for none.
    public init(pixels: Tensor<Float>, depth: SampleDepth = .eight, colorProfile: [UInt8]? = nil, resolution: Resolution? = nil) {
        self.pixels = pixels
        self.depth = depth
        self.colorProfile = colorProfile
        self.resolution = resolution
    }

    /// Reads a PNG, JPEG, TIFF, WebP, PPM or PGM file; the content decides which, not the name.
    ///
    /// Whole numbers are divided by the largest possible; floating-point numbers, which TIFF files may have, stay as they are. Palettes and CMYK
    /// become RGB, alpha that colors are multiplied with is divided out, and the orientation that EXIF data or a TIFF file ask for is applied.
    /// A color profile that is damaged, or not of the image's colors, is left out.
    ///
    /// Throws an `ImageError` if there is no such file or page, or if it is not one whole and intact image of at most 2^28 pixels.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - page: Of a TIFF file, counted from 0. Other files have one.
    public init(at path: String, page: Int = 0) throws(ImageError) {
        let (file, format) = try openImageFile(path)
        self =
            switch format {
            case .tiff: try decodeTIFF(.file(file), page: page, name: path)
            default: try decode(bytes(of: file, path: path), format, page: page, name: path)
            }
    }

    /// Reads an image from the bytes of a file, as `init(at:page:)` does; errors call it `name`.
    public init(decoding bytes: [UInt8], page: Int = 0, name: String) throws(ImageError) {
        guard !bytes.isEmpty else { throw .empty(path: name) }
        self = try decode(bytes, try format(of: bytes, name: name), page: page, name: name)
    }

    /// How many pages a file has: more than one only if it is a TIFF file. Throws as reading it would where it is none that can be read.
    public static func pageCount(at path: String) throws(ImageError) -> Int {
        let (file, format) = try openImageFile(path)
        return format == .tiff ? try tiffPageCount(.file(file), name: path) : 1
    }

    /// Whether writing with this depth changes values because they are outside of 0...1: not just by rounding.
    public var clipsValues: Bool {
        depth != .float && pixels.withScalars { cimage_clips($0.baseAddress, $0.count, Float(1 << depth.bits - 1)) }
    }

    /// Writes a file of a format, by default that which the name's extension stands for.
    ///
    /// PNG, TIFF and WebP hold every number of channels (WebP has no grey and makes RGB of it), JPEG 1 or 3, PPM 3 and PGM 1. 16 bits are
    /// for PNG, TIFF, PPM and PGM, floats for TIFF. Whole numbers are clamped to 0...1, NaN becomes 0, and rounded to the depth. `quality`,
    /// 1...100, by default 95, is for JPEG: from 90 on color has the full resolution; WebP is lossless without it. Color profile and resolution are written where the format has a place for them, and the profile is
    /// of the image's colors.
    ///
    /// The file appears complete or not at all. Throws an `ImageError` if the extension, the shape or the depth does not fit, or if it
    /// cannot be written; nothing is left behind then, and a file that was there before stays.
    public func write(to path: String, format: WritableFormat? = nil, quality: Int? = nil) throws(ImageError) {
        let format = if let format { format } else { try WritableFormat(path: path) }
        let encoded = try encode(self, as: format, quality: quality, name: path)
        do throws(FileError) {
            try replaceFile(at: path) { (write) throws(FileError) in
                try encoded.withBytes { (bytes) throws(FileError) in try write(bytes) }
            }
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }

    /// The bytes of a file of a format, as `write` writes it; errors call it `name`.
    public func encoded(as format: WritableFormat, quality: Int? = nil, name: String) throws(ImageError) -> [UInt8] {
        try encode(self, as: format, quality: quality, name: name).withBytes { Array($0) }
    }
}

extension Tensor where Scalar == Float {
    /// The pixels of an image file, as `ImageFile` reads them.
    public init(imageAt path: String) throws(ImageError) { self = try ImageFile(at: path).pixels }

    /// Writes the image to a file of the format that the name's extension stands for, as `ImageFile` does.
    public func writeImage(to path: String, depth: SampleDepth = .eight, quality: Int? = nil) throws(ImageError) {
        try ImageFile(pixels: self, depth: depth).write(to: path, quality: quality)
    }
}
