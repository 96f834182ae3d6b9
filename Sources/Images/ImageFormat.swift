/// What a file holds, by its first bytes.
enum ImageFormat: Equatable {
    case png, jpeg, tiff, webp, netpbm

    /// As many bytes as `init(_:)` looks at.
    static let prefixLength = 12
    /// Of either order of bytes; the last two are BigTIFF's.
    private static let tiffSignatures: [[UInt8]] = ["II*\0", "MM\0*", "II+\0", "MM\0+"].map { Array($0.utf8) }
    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    var name: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .tiff: "TIFF"
        case .webp: "WebP"
        case .netpbm: "PPM/PGM"
        }
    }

    /// The format that `bytes` begin with; nil for anything else. A file of just a part of a signature counts as that format.
    init?(_ bytes: [UInt8]) {
        // Four bytes of PNG's eight: the others reveal a file mangled by a text transfer, which libpng then reports.
        if bytes.starts(with: Self.pngSignature.prefix(4)) || Self.pngSignature.starts(with: bytes) {
            self = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) || [0xFF, 0xD8, 0xFF].starts(with: bytes) {
            self = .jpeg
        } else if Self.tiffSignatures.contains(where: bytes.starts(with:)) {
            self = .tiff
        } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) || bytes.count < 12 {
            self = .webp
        } else if bytes.first == UInt8(ascii: "P"), bytes.count < 2 || "2356".utf8.contains(bytes[1]),
            bytes.count < 3 || bytes[2].isNetpbmSpace || bytes[2] == UInt8(ascii: "#")
        {
            self = .netpbm
        } else {
            return nil
        }
    }

    /// What to call the bytes at the start of a file that is none of the formats.
    static func describe(_ bytes: [UInt8]) -> String {
        func begins(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
        if begins("GIF8") { return "a GIF image" }
        if begins("P1") || begins("P4") { return "a PBM image" }
        if begins("P7") { return "a PAM image" }
        if bytes.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) }) { return "a text file" }
        if begins("BM") { return "a BMP image" }
        let start = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        return "data of an unknown kind that start with the bytes \(start)"
    }
}

extension UInt8 {
    /// Blank, tab or a line break.
    var isNetpbmSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
}
