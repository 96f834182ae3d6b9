import CImageCodecs

/// How the pixels of a photo are to be turned or mirrored for display; raw values as in EXIF.
enum ExifOrientation: UInt16 {
    /// Named by where the first stored row and the first stored column are in the displayed image.
    case topLeft = 1, topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

    /// The orientation that a JPEG file's EXIF data ask for; as stored if there are none, or if they are malformed.
    init(jpeg: [UInt8]) {
        self = Self.exifData(in: jpeg).flatMap(Self.orientation) ?? .topLeft
    }

    /// Whether rows are displayed as columns.
    var swapsAxes: Bool { rawValue >= 5 }

    /// Steps that write a stored image of `width` x `height` pixels in this orientation to contiguous planes at `base`.
    func target(base: UnsafeMutablePointer<Float>, width: Int, height: Int) -> cimage_target {
        let rowLength = swapsAxes ? height : width
        let rightmost = rowLength - 1
        let bottom = width * height - rowLength
        let (first, pixel, row) =
            switch self {
            case .topLeft: (0, 1, rowLength)
            case .topRight: (rightmost, -1, rowLength)
            case .bottomRight: (bottom + rightmost, -1, -rowLength)
            case .bottomLeft: (bottom, 1, -rowLength)
            case .leftTop: (0, rowLength, 1)
            case .rightTop: (rightmost, rowLength, -1)
            case .rightBottom: (bottom + rightmost, -rowLength, -1)
            case .leftBottom: (bottom, -rowLength, 1)
            }
        return cimage_target(first: base + first, pixel: pixel, row: row, plane: width * height)
    }

    /// The TIFF structure inside of the first EXIF segment of a JPEG file.
    private static func exifData(in jpeg: [UInt8]) -> ArraySlice<UInt8>? {
        var position = 2  // after the start-of-image marker
        while position + 4 <= jpeg.count, jpeg[position] == 0xFF {
            let marker = jpeg[position + 1]
            if marker == 0xFF {  // a marker may be preceded by any number of fill bytes
                position += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { return nil }  // the image data, or the end
            let length = Int(jpeg[position + 2]) << 8 | Int(jpeg[position + 3])
            guard length >= 2, position + 2 + length <= jpeg.count else { return nil }
            let segment = jpeg[position + 4..<position + 2 + length]
            if marker == 0xE1, segment.starts(with: "Exif\0\0".utf8) { return segment.dropFirst(6) }
            position += 2 + length
        }
        return nil
    }

    /// The orientation tag of the first directory of a TIFF structure.
    private static func orientation(in data: ArraySlice<UInt8>) -> ExifOrientation? {
        let isLittleEndian = data.starts(with: "II".utf8)
        guard isLittleEndian || data.starts(with: "MM".utf8) else { return nil }
        func number(at offset: Int, bytes: Int) -> Int? {
            guard offset >= 0, offset + bytes <= data.count else { return nil }
            let field = data[data.startIndex + offset..<data.startIndex + offset + bytes]
            return (isLittleEndian ? field.reversed() : Array(field)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(at: 2, bytes: 2) == 42, let directory = number(at: 4, bytes: 4), let entries = number(at: directory, bytes: 2)
        else { return nil }
        for entry in 0..<entries {
            let offset = directory + 2 + 12 * entry
            guard let tag = number(at: offset, bytes: 2) else { return nil }
            guard tag == 0x0112 else { continue }
            let shortType = 3
            guard number(at: offset + 2, bytes: 2) == shortType, number(at: offset + 4, bytes: 4) == 1,
                let value = number(at: offset + 8, bytes: 2)
            else { return nil }
            return ExifOrientation(rawValue: UInt16(value))
        }
        return nil
    }
}
