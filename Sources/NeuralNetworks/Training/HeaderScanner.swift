/// Reads the JSON that a safetensors header consists of: objects, strings, and arrays of whole numbers from 0.
///
/// Stricter than Foundation's reader, which takes one of two members of the same name, and without recursion.
struct HeaderScanner {
    let path: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Calls `body` with the name of each member of an object, to read its value. No name may come twice.
    mutating func members(_ body: (inout HeaderScanner, String) throws(CheckpointError) -> Void) throws(CheckpointError) {
        var names = Set<String>()
        try list("{", "}") { (scanner: inout HeaderScanner) throws(CheckpointError) in
            let name = try scanner.string()
            guard names.insert(name).inserted else {
                throw .invalidHeader(path: scanner.path, found: "the name \(quoted(name)) twice", expected: "it once")
            }
            try scanner.expect(":")
            try body(&scanner, name)
        }
    }

    /// An array of whole numbers from 0.
    mutating func integers() throws(CheckpointError) -> [Int] {
        var integers: [Int] = []
        try list("[", "]") { (scanner: inout HeaderScanner) throws(CheckpointError) in integers.append(try scanner.integer()) }
        return integers
    }

    /// A string, its escapes resolved.
    mutating func string() throws(CheckpointError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while true {
            guard position < bytes.count, bytes[position] >= 0x20 else { throw unexpected("the rest of a string") }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw .invalidHeader(path: path, found: "a string that ends at byte \(position)", expected: "one in UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                position += 1
                text += try escape()
            default:
                position += 1
                text.append(byte)
            }
        }
    }

    /// Throws unless nothing but blanks is left.
    mutating func end() throws(CheckpointError) {
        skipBlanks()
        if position < bytes.count { throw unexpected("the header's end") }
    }

    private mutating func list(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ element: (inout HeaderScanner) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect(opening)
        if take(closing) { return }
        repeat { try element(&self) } while take(",")
        try expect(closing)
    }

    private mutating func integer() throws(CheckpointError) -> Int {
        skipBlanks()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else {
            throw unexpected("a whole number from 0")
        }
        guard let integer = Int(String(decoding: digits, as: UTF8.self)) else {
            throw .invalidHeader(path: path, found: "a number of \(digits.count) digits", expected: "at most \(Int.max)")
        }
        position = digits.endIndex
        return integer
    }

    /// What stands for an escape, after its backslash.
    private mutating func escape() throws(CheckpointError) -> [UInt8] {
        guard position < bytes.count else { throw unexpected("the rest of a string") }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            position += 1
            return [byte]
        case UInt8(ascii: "u"):
            position += 1
            return try unicodeEscape()
        default:
            let controls: [UInt8: UInt8] = [
                UInt8(ascii: "b"): 0x08, UInt8(ascii: "t"): 0x09, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "r"): 0x0D,
            ]
            guard let control = controls[byte] else { throw unexpected("an escape of JSON") }
            position += 1
            return [control]
        }
    }

    /// UTF-8 for \uXXXX, or for two of them that are a surrogate pair.
    private mutating func unicodeEscape() throws(CheckpointError) -> [UInt8] {
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: Array("\\u".utf8)) {
            position += 2
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw unexpected("a whole surrogate pair before") }
        return Array(text.utf8)
    }

    private mutating func codeUnit() throws(CheckpointError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        // `UInt16` also takes a sign.
        guard digits.count == 4, digits.first != UInt8(ascii: "+"), let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw unexpected("four hexadecimal digits") }
        position += 4
        return unit
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    /// Whether `character` was next; if so, it is passed over.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(CheckpointError) {
        guard take(character) else { throw unexpected(character.debugDescription) }
    }

    private func unexpected(_ expected: String) -> CheckpointError {
        let found =
            position < bytes.count
            ? "the byte 0x\(String(bytes[position], radix: 16, uppercase: true)) at \(position)" : "the end at \(position)"
        return .invalidHeader(path: path, found: found, expected: expected)
    }
}
