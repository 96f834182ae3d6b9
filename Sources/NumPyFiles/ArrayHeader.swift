/// What a `.npy` file says before its elements: their type, order and shape.
///
/// The format is NumPy's (numpy.lib.format): the bytes 93 NUMPY, two of a version, the header's length, the header as a dictionary in Python's
/// syntax, padded by blanks to a multiple of 64 bytes, the elements.
struct ArrayHeader {
    /// As NumPy writes it: byte order, kind, bytes.
    var type: String
    var isFortranOrder: Bool
    var shape: [Int]

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The first bytes of a file.
    var bytes: [UInt8] {
        let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '\(type)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(lengths)), }"
        // Ten bytes come before it, a line break ends it.
        text += String(repeating: " ", count: (64 - (text.utf8.count + 11) % 64) % 64) + "\n"
        return Self.magic + [1, 0, UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
    }

    /// The header at the beginning of `source`, and where the elements begin.
    static func read(_ source: ByteSource) throws(NumPyFileError) -> (header: ArrayHeader, start: Int) {
        let path = source.path
        guard source.count >= 12, try source.bytes(6, at: 0) == magic else {
            throw .damaged(path: path, found: "other bytes at its beginning", expected: "those of a .npy file")
        }
        let version = try source.bytes(1, at: 6)[0]
        guard (1...3).contains(version) else {
            throw .damaged(path: path, found: "version \(version) of the format", expected: "1 to 3")
        }
        let lengthSize = version == 1 ? 2 : 4
        let length = Int(try source.bytes(lengthSize, at: 8).littleEndian())
        guard length <= 1 << 20 else { throw .damaged(path: path, found: "a header of \(length) bytes", expected: "at most \(1 << 20)") }
        let text = try source.bytes(length, at: 8 + lengthSize)
        var parser = DictionaryParser(text)
        guard let header = parser.header() else {
            throw .damaged(
                path: path, found: "the header \(String(decoding: text.prefix(200), as: UTF8.self).debugDescription)",
                expected: "a dictionary of 'descr', 'fortran_order' and 'shape'")
        }
        return (header, 8 + lengthSize + length)
    }
}

/// The part of Python's syntax that such headers are written in.
private struct DictionaryParser {
    private let text: [UInt8]
    private var place = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func header() -> ArrayHeader? {
        var (type, isFortranOrder, shape) = (String?.none, Bool?.none, [Int]?.none)
        guard take("{") else { return nil }
        while !take("}") {
            guard let key = string(), take(":") else { return nil }
            switch key {
            case "descr":
                // Records are lists; what they hold does not matter, as they are not taken.
                if take("[") { type = "a record" } else { type = string() }
                if type == "a record" { return ArrayHeader(type: "a record", isFortranOrder: false, shape: []) }
                guard type != nil else { return nil }
            case "fortran_order":
                isFortranOrder = take("True") ? true : take("False") ? false : nil
                guard isFortranOrder != nil else { return nil }
            case "shape":
                shape = lengths()
                guard shape != nil else { return nil }
            default: return nil
            }
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        guard let type, let isFortranOrder, let shape else { return nil }
        return ArrayHeader(type: type, isFortranOrder: isFortranOrder, shape: shape)
    }

    private mutating func take(_ word: String) -> Bool {
        while place < text.count, [0x20, 0x0A, 0x09, 0x0D].contains(text[place]) { place += 1 }
        guard text[place...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    private mutating func string() -> String? {
        guard let quote = take("'") ? "'" : take("\"") ? "\"" : nil, let end = text[place...].firstIndex(of: quote.utf8.first!) else {
            return nil
        }
        defer { place = end + 1 }
        return String(decoding: text[place..<end], as: UTF8.self)
    }

    private mutating func lengths() -> [Int]? {
        guard take("(") else { return nil }
        var lengths: [Int] = []
        while !take(")") {
            let digits = text[place...].prefix { (0x30...0x39).contains($0) }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), lengths.count < 64 else { return nil }
            place += digits.count
            // Python 2 wrote long numbers with an L.
            _ = take("L")
            lengths.append(length)
            if !take(",") {
                guard take(")") else { return nil }
                break
            }
        }
        return lengths
    }
}
