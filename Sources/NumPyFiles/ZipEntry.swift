import CZlib

/// A member of a zip archive, as its directory at the end says (PKWARE's APPNOTE.TXT, 4.3; the fields of 64 bits in 4.5.3).
struct ZipEntry {
    let name: String
    /// Of what is packed, and of what it unpacks to.
    let packedSize, size: Int
    let checksum: UInt32
    /// 0: as it is, 8: deflated.
    private let method: Int
    /// Of its local header.
    private let offset: Int

    private static let (localSize, centralSize, endSize, end64Size, locatorSize) = (30, 46, 22, 56, 20)

    /// A member that is stored as it is.
    init(name: String, size: Int, checksum: UInt32, offset: Int) {
        (self.name, packedSize, self.size, self.checksum, method, self.offset) = (name, size, size, checksum, 0, offset)
    }

    private init(name: String, packedSize: Int, size: Int, checksum: UInt32, method: Int, offset: Int) {
        (self.name, self.packedSize, self.size) = (name, packedSize, size)
        (self.checksum, self.method, self.offset) = (checksum, method, offset)
    }

    /// The array's name, where it is one.
    var arrayName: String? { name.hasSuffix(".npy") ? String(name.dropLast(4)) : nil }

    // Reading.

    /// All members.
    static func entries(of source: ByteSource) throws(NumPyFileError) -> [ZipEntry] {
        let path = source.path
        let (start, size, count) = try directory(of: source)
        guard count <= size / centralSize else {
            throw .damaged(path: path, found: "\(count) members in a directory of \(size) bytes", expected: "fewer")
        }
        let bytes = try source.bytes(size, at: start)
        var (entries, place) = ([ZipEntry](), 0)
        for _ in 0..<count {
            let fields = FieldReader(bytes, at: place)
            guard place + centralSize <= bytes.count, fields.number(4, at: 0) == 0x0201_4b50 else {
                throw .damaged(path: path, found: "other bytes at \(start + place)", expected: "a member of the directory")
            }
            let lengths = [28, 30, 32].map { fields.number(2, at: $0) }
            let (nameEnd, extraEnd) = (place + centralSize + lengths[0], place + centralSize + lengths[0] + lengths[1])
            guard extraEnd + lengths[2] <= bytes.count else {
                throw .damaged(path: path, found: "a directory that ends within a member", expected: "a whole one")
            }
            let name = String(decoding: bytes[place + centralSize..<nameEnd], as: UTF8.self)
            // What 32 bits can't hold stands in a field of its own, in this order.
            var wide = wideNumbers(Array(bytes[nameEnd..<extraEnd]))[...]
            func wideNumber(at offset: Int) -> Int {
                let number = fields.number(4, at: offset)
                return number == 0xFFFF_FFFF ? wide.popFirst() ?? number : number
            }
            let (size, packedSize) = (wideNumber(at: 24), wideNumber(at: 20))
            let (flags, method) = (fields.number(2, at: 8), fields.number(2, at: 10))
            guard flags & 1 == 0, method == 0 || method == 8 else {
                throw .damaged(
                    path: path, found: flags & 1 == 1 ? "an encrypted member" : "a member packed by the method \(method)",
                    expected: "members that are stored or deflated")
            }
            entries.append(
                ZipEntry(
                    name: name, packedSize: packedSize, size: size, checksum: UInt32(fields.number(4, at: 16)), method: method,
                    offset: wideNumber(at: 42)))
            place = extraEnd + lengths[2]
        }
        return entries
    }

    /// Where the directory begins, its size in bytes, and how many members it has.
    private static func directory(of source: ByteSource) throws(NumPyFileError) -> (start: Int, size: Int, count: Int) {
        // A comment of up to 65,535 bytes may follow.
        let tail = max(0, source.count - endSize - 65535)
        let bytes = try source.bytes(source.count - tail, at: tail)
        let last = stride(from: bytes.count - endSize, through: 0, by: -1).first { bytes[$0...].starts(with: [0x50, 0x4b, 5, 6]) }
        guard let last else { throw .damaged(path: source.path, found: "no directory at its end", expected: "that of a .npz file") }
        let end = FieldReader(bytes, at: last)
        var (start, size, count) = (end.number(4, at: 16), end.number(4, at: 12), end.number(2, at: 10))
        if start == 0xFFFF_FFFF || size == 0xFFFF_FFFF || count == 0xFFFF, last >= locatorSize {
            let locator = FieldReader(bytes, at: last - locatorSize)
            if locator.number(4, at: 0) == 0x0706_4b50 {
                let wide = FieldReader(try source.bytes(end64Size, at: locator.number(8, at: 8)), at: 0)
                (start, size, count) = (wide.number(8, at: 48), wide.number(8, at: 40), wide.number(8, at: 32))
            }
        }
        return (start, size, count)
    }

    /// The numbers of 64 bits among a member's extra fields.
    private static func wideNumbers(_ extra: [UInt8]) -> [Int] {
        var place = 0
        while place + 4 <= extra.count {
            let fields = FieldReader(extra, at: place)
            let (kind, length) = (fields.number(2, at: 0), fields.number(2, at: 2))
            guard place + 4 + length <= extra.count else { break }
            if kind == 1 { return (0..<length / 8).map { fields.number(8, at: 4 + 8 * $0) } }
            place += 4 + length
        }
        return []
    }

    /// What it holds, unpacked.
    func contents(of source: ByteSource) throws(NumPyFileError) -> ByteSource {
        let path = source.path
        let local = FieldReader(try source.bytes(Self.localSize, at: offset), at: 0)
        guard local.number(4, at: 0) == 0x0403_4b50 else {
            throw .damaged(path: path, found: "other bytes at \(offset)", expected: "the member \(name.debugDescription)")
        }
        let start = offset + Self.localSize + local.number(2, at: 26) + local.number(2, at: 28)
        guard start <= source.count, packedSize <= source.count - start else {
            throw .damaged(path: path, found: "\(source.count) bytes", expected: "\(packedSize) more for \(name.debugDescription)")
        }
        let packed = source.part(start..<start + packedSize)
        // Deflating makes nothing more than 1032 times smaller.
        guard method == 8 ? size / 1032 <= packedSize : size == packedSize else {
            throw .damaged(
                path: path, found: "\(packedSize) bytes for \(size) of \(name.debugDescription)", expected: "as many as it takes")
        }
        guard method == 8 else {
            var sum: UInt32 = 0
            for first in stride(from: 0, to: size, by: 1 << 20) {
                sum = try packed.bytes(min(1 << 20, size - first), at: first).withUnsafeBytes { NumPyFiles.checksum($0, after: sum) }
            }
            try check(sum, path)
            return packed
        }
        try source.requireMemory(packedSize + size)
        let bytes = try inflated(packed.bytes(packedSize, at: 0), path)
        try check(NumPyFiles.checksum(bytes), path)
        return ByteSource(bytes, from: path)
    }

    private func check(_ sum: UInt32, _ path: String) throws(NumPyFileError) {
        guard sum == checksum else {
            throw .damaged(path: path, found: "the checksum \(sum) for \(name.debugDescription)", expected: "\(checksum)")
        }
    }

    private func inflated(_ packed: [UInt8], _ path: String) throws(NumPyFileError) -> [UInt8] {
        var packed = packed
        var status = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { out, filled in
            packed.withUnsafeMutableBufferPointer { packed in
                var stream = z_stream()
                // Without a header of zlib's own.
                status = inflateInit2_(&stream, -15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
                guard status == Z_OK else { return }
                defer { inflateEnd(&stream) }
                // zlib counts in 32 bits.
                let largest = 1 << 30
                var (taken, given) = (0, 0)
                repeat {
                    (stream.next_in, stream.avail_in) = (packed.baseAddress.map { $0 + taken }, UInt32(min(largest, packed.count - taken)))
                    (stream.next_out, stream.avail_out) = (out.baseAddress.map { $0 + given }, UInt32(min(largest, size - given)))
                    let (offered, room) = (Int(stream.avail_in), Int(stream.avail_out))
                    status = inflate(&stream, Z_NO_FLUSH)
                    taken += offered - Int(stream.avail_in)
                    given += room - Int(stream.avail_out)
                } while status == Z_OK
                filled = given
            }
        }
        guard status == Z_STREAM_END, bytes.count == size else {
            throw .damaged(path: path, found: "\(bytes.count) bytes of \(name.debugDescription)", expected: "\(size), deflated")
        }
        return bytes
    }

    // Writing: with the fields of 64 bits always, so that there is one form.

    /// What stands before its bytes.
    var localHeader: [UInt8] {
        number(0x0403_4b50, 4) + number(45, 2) + common + number(name.utf8.count, 2) + number(20, 2) + Array(name.utf8) + number(1, 2)
            + number(16, 2) + number(size, 8) + number(size, 8)
    }

    /// Flags (names are UTF-8), method, time and day (the first of 1980), checksum, and that the sizes stand elsewhere.
    private var common: [UInt8] {
        number(1 << 11, 2) + number(0, 2) + number(0, 2) + number(33, 2) + number(Int(checksum), 4) + number(0xFFFF_FFFF, 4)
            + number(0xFFFF_FFFF, 4)
    }

    private var centralHeader: [UInt8] {
        number(0x0201_4b50, 4) + number(45, 2) + number(45, 2) + common + number(name.utf8.count, 2) + number(28, 2) + number(0, 2)
            + number(0, 2) + number(0, 2) + number(0, 4) + number(0xFFFF_FFFF, 4) + Array(name.utf8) + number(1, 2) + number(24, 2)
            + number(size, 8) + number(size, 8) + number(offset, 8)
    }

    /// What stands at the end of an archive.
    static func directory(of entries: [ZipEntry], at offset: Int) -> [UInt8] {
        let members = entries.flatMap(\.centralHeader)
        let end64 =
            number(0x0606_4b50, 4) + number(end64Size - 12, 8) + number(45, 2) + number(45, 2) + number(0, 4) + number(0, 4)
            + number(entries.count, 8) + number(entries.count, 8) + number(members.count, 8) + number(offset, 8)
        let locator = number(0x0706_4b50, 4) + number(0, 4) + number(offset + members.count, 8) + number(1, 4)
        let end =
            number(0x0605_4b50, 4) + number(0, 2) + number(0, 2) + number(0xFFFF, 2) + number(0xFFFF, 2) + number(0xFFFF_FFFF, 4)
            + number(0xFFFF_FFFF, 4) + number(0, 2)
        return members + end64 + locator + end
    }
}

/// `bytes` of a whole number, the lowest first.
private func number(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

/// Whole numbers at places from a place on, which its user has found to be there.
private struct FieldReader {
    private let bytes: [UInt8]
    private let start: Int

    init(_ bytes: [UInt8], at start: Int) { (self.bytes, self.start) = (bytes, start) }

    /// Of up to 8 bytes; a number that Int can't hold becomes the largest that it can.
    func number(_ size: Int, at offset: Int) -> Int { Int(clamping: bytes[start + offset..<start + offset + size].littleEndian()) }
}
