import CImageCodecs

/// How the pixels of a photo are to be turned or mirrored for display; raw values as in EXIF.
enum ExifOrientation: UInt16 {
    /// Named by where the first stored row and the first stored column are in the displayed image.
    case topLeft = 1, topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

    /// The orientation that a file asks for; as stored if it does not, or if its EXIF data are malformed.
    init(_ extras: cimage_extras) {
        let data = UnsafeBufferPointer(start: extras.exif.bytes, count: extras.exif.count)
        self = ExifOrientation(rawValue: UInt16(clamping: extras.orientation)) ?? Self.orientation(in: data) ?? .topLeft
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

    /// The orientation tag of the first directory of a TIFF structure.
    private static func orientation(in data: UnsafeBufferPointer<UInt8>) -> ExifOrientation? {
        let isLittleEndian = data.starts(with: "II".utf8)
        guard isLittleEndian || data.starts(with: "MM".utf8) else { return nil }
        func number(at offset: Int, bytes: Int) -> Int? {
            guard offset >= 0, offset + bytes <= data.count else { return nil }
            let field = data[offset..<offset + bytes]
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
