import CImageCodecs

/// The versions of the libraries that read and write images, for reports.
package enum ImageLibraries {
    /// libpng's.
    package static var png: String { String(cString: cimage_png_version()) }
    /// libjpeg's, with the implementation where it says so.
    package static var jpeg: String { String(cString: cimage_jpeg_version()) }
    /// libtiff's.
    package static var tiff: String {
        String(String(cString: cimage_tiff_version()).prefix { !$0.isNewline }.split(separator: " ").last ?? "")
    }
    /// libwebp's.
    package static var webp: String {
        let version = Int(cimage_webp_version())
        return "\(version >> 16).\(version >> 8 & 255).\(version & 255)"
    }
}
