import CZlib
import Foundation
import LinWarp

/// Images in any format.
@Sendable func fuzzImage(_ bytes: [UInt8]) {
    reading { check(try readImage(bytes)) }
}

/// PNG, as it is and with the chunks' checksums put right: otherwise hardly any damage would get past them.
@Sendable func fuzzPNG(_ bytes: [UInt8]) {
    fuzzImage(bytes)
    fuzzImage(withChecksums(bytes))
}

/// TIFF, every page; floating-point values may be any.
@Sendable func fuzzTIFF(_ bytes: [UInt8]) {
    reading {
        let file = MemoryFile(bytes)
        for page in 0..<min(try ImageFile.pageCount(at: file.path), 8) {
            let image = try ImageFile(at: file.path, page: page)
            precondition((1...4).contains(image.pixels.shape[0]) && image.pixels.count > 0)
            if image.depth != .float { check(image.pixels) }
        }
    }
}

/// WebP, but for large images without loss: flat ones of any size are a few bytes, and take as long as they are large.
@Sendable func fuzzWebP(_ bytes: [UInt8]) {
    // Such an image begins with a mark, behind the name and length of its chunk or, libwebp takes that as well, right behind the file's header.
    for mark in bytes.indices.dropLast(4).dropFirst(12) where mark == 12 || bytes[(mark - 8)...].starts(with: "VP8L".utf8) {
        // Fourteen bits each: width and height, less one.
        let sides = (0..<4).reduce(0) { $0 | Int(bytes[mark + 1 + $1]) << (8 * $1) }
        if bytes[mark] == 0x2F, (sides & 0x3FFF) * (sides >> 14 & 0x3FFF) >= 1 << 20 { return }
    }
    fuzzImage(bytes)
}

/// The bytes are the EXIF data of an image that is intact otherwise, or a whole file.
@Sendable func fuzzEXIF(_ bytes: [UInt8]) {
    fuzzImage(bytes)
    let segment = Array("Exif\0\0".utf8) + bytes.prefix(65000)
    let length = segment.count + 2
    let (start, rest) = (photo.prefix(2), photo.dropFirst(2))
    do {
        let image = try readImage(start + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + segment + rest)
        check(image)
        precondition(image.shape == [3, 5, 9] || image.shape == [3, 9, 5])
    } catch {
        preconditionFailure("found \(error), expected EXIF data to do no harm")
    }
}

private func readImage(_ bytes: [UInt8]) throws -> Tensor<Float> {
    let file = MemoryFile(bytes)
    return try Tensor<Float>(imageAt: file.path)
}

private func check(_ image: Tensor<Float>) {
    precondition(image.rank == 3 && (1...4).contains(image.shape[0]) && image.count > 0)
    precondition(image.withScalars { $0.allSatisfy { (0...1).contains($0) } })
}

/// A JPEG file of 9 x 5 pixels.
private let photo: [UInt8] = {
    let path = "\(NSTemporaryDirectory())/\(UUID().uuidString).jpg"
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
        try ProceduralScene().image(height: 5, width: 9).writeImage(to: path)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
        preconditionFailure("\(error)")
    }
}()

private func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var position = 8  // after the signature
    while position + 12 <= bytes.count {
        let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = position + 8 + length
        guard end + 4 <= bytes.count else { break }
        let sum = bytes[position + 4..<end].withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        for i in 0..<4 { bytes[end + i] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * i)) }
        position = end + 4
    }
    return bytes
}
