import Files
import LinearAlgebra

/// Larger files hold no image within the limit of pixels, even in the wordiest format.
private let fileSizeLimit = 1 << 32

/// All bytes of an image file that was opened by `openImageFile`.
func bytes(of file: InputFile, path: String) throws(ImageError) -> [UInt8] {
    guard file.size <= fileSizeLimit else {
        throw .unreadable(path: path, reason: "it has \(file.size) bytes, more than \(fileSizeLimit)")
    }
    try requireMemory(file.size, for: path)
    return try read(file, count: file.size, path: path)
}

/// The image file at `path` and the format that it begins with: a large file of another kind costs nothing.
func openImageFile(_ path: String) throws(ImageError) -> (file: InputFile, format: ImageFormat) {
    let file = try open(path)
    guard file.size > 0 else { throw .empty(path: path) }
    let start = try read(file, count: min(file.size, ImageFormat.prefixLength), path: path)
    return (file, try format(of: start, name: path))
}

/// What the bytes of a file, or those that it begins with, are of.
func format(of start: [UInt8], name: String) throws(ImageError) -> ImageFormat {
    guard let format = ImageFormat(start) else { throw .notAnImage(path: name, found: ImageFormat.describe(start)) }
    return format
}

private func open(_ path: String) throws(ImageError) -> InputFile {
    do throws(InputFileError) {
        return try InputFile(path)
    } catch {
        switch error {
        case .missing: throw .missing(path: path)
        case .isDirectory: throw .isDirectory(path: path)
        case .unreadable(let reason): throw .unreadable(path: path, reason: reason)
        }
    }
}

private func read(_ file: InputFile, count: Int, path: String) throws(ImageError) -> [UInt8] {
    do throws(FileError) { return try file.bytes(count: count) } catch { throw .unreadable(path: path, reason: error.reason) }
}

/// Throws where the system has not so many bytes for the image at `path`.
func requireMemory(_ bytes: Int, for path: String) throws(ImageError) {
    do { try Memory.require(bytes) } catch { throw .unreadable(path: path, reason: "\(error)") }
}
