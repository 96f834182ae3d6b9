/// ICC profiles that hold no more than libraries look at.
enum TestProfile {
    /// A profile of a monitor for `GRAY` or `RGB `, padded to `count` bytes.
    static func bytes(_ colors: String, count: Int = 132) -> [UInt8] {
        var header = TestPNG.bigEndian(count) + Array("test".utf8) + [2, 0, 0, 0] + Array("mntr\(colors)XYZ ".utf8)
        header += [7, 228, 0, 1, 0, 1] + [UInt8](repeating: 0, count: 6) + Array("acsp".utf8) + [UInt8](repeating: 0, count: 28)
        header += [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D] + [UInt8](repeating: 0, count: 48) + [0, 0, 0, 0]
        return header + (header.count..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    }
}
