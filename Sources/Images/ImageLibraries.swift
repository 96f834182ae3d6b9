import CImageCodecs

/// The versions of the libraries that read and write images, for reports.
public enum ImageLibraries {
    /// libpng's.
    public static var png: String { String(cString: cimage_png_version()) }
    /// libjpeg's, with the implementation where it says so.
    public static var jpeg: String { String(cString: cimage_jpeg_version()) }
}
