import ArgumentParser
import LinWarp

/// The name that stands for standard input, or for standard output.
let standardStream = "-"

/// Reads an image from a file or, where its name is `-`, from standard input.
///
/// - Parameters:
///   - name: The file's.
///   - page: Of a TIFF file, counted from 1; nil for the first.
func readImage(_ name: String, page: Int? = nil) throws -> ImageFile {
    guard name == standardStream else { return try ImageFile(at: name, page: (page ?? 1) - 1) }
    let bytes = try bytesOfStandardInput(limit: streamLimit, expected: "an image")
    return try ImageFile(decoding: bytes, page: (page ?? 1) - 1, name: "standard input")
}

/// As many bytes as an image file may have.
private let streamLimit = 1 << 32
