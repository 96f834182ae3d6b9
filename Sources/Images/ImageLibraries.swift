import CImageCodecs

/// The versions of the libraries that read and write images, for reports.
public enum ImageLibraries {
    /// libpng's.
    public static var png: String { String(cString: cimage_png_version()) }
    /// libjpeg's, with the implementation where it says so.
    public static var jpeg: String { String(cString: cimage_jpeg_version()) }
    /// libtiff's.
    public static var tiff: String {
        String(String(cString: cimage_tiff_version()).prefix { !$0.isNewline }.split(separator: " ").last ?? "")
    }
    /// libwebp's.
    public static var webp: String {
        let version = Int(cimage_webp_version())
        return "\(version >> 16).\(version >> 8 & 255).\(version & 255)"
    }
}
