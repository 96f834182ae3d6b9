/// Writes PNG files of every kind, which the library itself writes only a few of. Not compressed: the data are in stored blocks.
struct TestPNG {
    var width: Int
    var height: Int
    var bitDepth: Int
    /// As in the header: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    var colorType: Int
    var isInterlaced = false
    var palette: [UInt8] = []
    var transparency: [UInt8] = []
    var sample: (_ x: Int, _ y: Int, _ channel: Int) -> Int

    var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colorType]! }

    var bytes: [UInt8] {
        var result = Self.signature
        result += Self.chunk("IHDR", header)
        if !palette.isEmpty { result += Self.chunk("PLTE", palette) }
        if !transparency.isEmpty { result += Self.chunk("tRNS", transparency) }
        return result + Self.chunk("IDAT", Self.zlibStored(filteredRows)) + Self.chunk("IEND", [])
    }

    /// The file with other chunks, in front of the pixels and behind them.
    func inserting(_ chunks: [UInt8], atEnd last: [UInt8] = []) -> [UInt8] {
        let afterHeader = Self.signature.count + 25
        let end = bytes.count - 12
        return bytes[..<afterHeader] + chunks + bytes[afterHeader..<end] + last + bytes[end...]
    }

    var header: [UInt8] {
        Self.bigEndian(width) + Self.bigEndian(height) + [UInt8(bitDepth), UInt8(colorType), 0, 0, isInterlaced ? 1 : 0]
    }

    private var filteredRows: [UInt8] {
        // Origin and step of the passes.
        let adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        var result: [UInt8] = []
        for (left, top, stepX, stepY) in isInterlaced ? adam7 : [(0, 0, 1, 1)] where left < width {
            for y in stride(from: top, to: height, by: stepY) {
                result.append(0)  // no filter
                var bits: [UInt8] = []
                for x in stride(from: left, to: width, by: stepX) {
                    for channel in 0..<channels {
                        let value = sample(x, y, channel)
                        bits += (0..<bitDepth).reversed().map { UInt8(value >> $0 & 1) }
                    }
                }
                for start in stride(from: 0, to: bits.count, by: 8) {
                    let byte = bits[start..<min(start + 8, bits.count)]
                    result.append(byte.reduce(0) { $0 << 1 | $1 } << UInt8(8 - byte.count))
                }
            }
        }
        return result
    }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(data.count) + body + bigEndian(Int(crc32(body)))
    }

    /// A zlib stream that stores `data`, at most 65535 bytes.
    static func zlibStored(_ data: [UInt8]) -> [UInt8] {
        let length = UInt16(data.count)
        var (a, b) = (1, 0)  // Adler-32
        for byte in data {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        let block = [1, UInt8(truncatingIfNeeded: length), UInt8(length >> 8), UInt8(truncatingIfNeeded: ~length), UInt8(~length >> 8)]
        return [0x78, 0x01] + block + data + bigEndian(b << 16 | a)
    }

    static func bigEndian(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(value >> (8 * $0) & 0xFF) } }

    private static func crc32(_ data: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
