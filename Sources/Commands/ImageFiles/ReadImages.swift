import ArgumentParser
import Foundation
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
    var bytes: [UInt8] = []
    // In pieces, so that an endless stream is found out before it takes all memory.
    while true {
        let piece: Data?
        do { piece = try FileHandle.standardInput.read(upToCount: 1 << 24) } catch {
            throw Failure(description: "standard input: cannot be read: \(error.localizedDescription)")
        }
        guard let piece, !piece.isEmpty else { break }
        bytes += piece
        guard bytes.count <= streamLimit else {
            throw Failure(description: "standard input: found more than \(streamLimit) bytes, expected an image")
        }
        try requireMemory(bytes.count, for: "standard input")
    }
    return try ImageFile(decoding: bytes, page: (page ?? 1) - 1, name: "standard input")
}

/// As many bytes as an image file may have.
private let streamLimit = 1 << 32
