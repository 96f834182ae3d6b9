/// An element type of the safetensors format that is read here.
package enum StoredType: String, CaseIterable, Sendable {
    case float = "F32"
    case double = "F64"

    var size: Int {
        switch self {
        case .float: 4
        case .double: 8
        }
    }
}

/// The header of a safetensors file: what is where.
package struct SafetensorsHeader {
    package struct Entry: Equatable {
        package var name: String
        package var type: StoredType
        package var shape: [Int]
        /// Of the data, counted from the end of the header.
        package var start, end: Int
    }

    /// The same as of Python's package.
    static let lengthLimit = 100_000_000

    package private(set) var entries: [Entry] = []
    package private(set) var metadata: [String: String] = [:]

    private static let metadataName = "__metadata__"

    /// Reads the header's JSON.
    ///
    /// - Parameters:
    ///   - bytes: From the brace that opens it to the blanks that fill it up.
    ///   - path: For errors.
    package init(parsing bytes: [UInt8], path: String) throws(CheckpointError) {
        var scanner = HeaderScanner(bytes, path: path)
        var (entries, metadata) = (entries, metadata)
        try scanner.members { (scanner: inout HeaderScanner, name: String) throws(CheckpointError) in
            if name == Self.metadataName {
                try scanner.members { (scanner: inout HeaderScanner, key: String) throws(CheckpointError) in
                    metadata[key] = try scanner.string()
                }
            } else {
                entries.append(try Self.entry(name, &scanner))
            }
        }
        try scanner.end()
        (self.entries, self.metadata) = (entries, metadata)
    }

    private static func entry(_ name: String, _ scanner: inout HeaderScanner) throws(CheckpointError) -> Entry {
        let path = scanner.path
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.members { (scanner: inout HeaderScanner, key: String) throws(CheckpointError) in
            switch key {
            case "dtype": dtype = try scanner.string()
            case "shape": shape = try scanner.integers()
            case "data_offsets": offsets = try scanner.integers()
            default:
                throw .invalidHeader(path: path, found: quoted(key) + " for a tensor", expected: "dtype, shape and data_offsets")
            }
        }
        guard let dtype, let shape, let offsets else {
            let missing = dtype == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
            throw .invalidHeader(path: path, found: "no \(missing) for the tensor \(quoted(name))", expected: "one")
        }
        guard let type = StoredType(rawValue: dtype) else {
            throw .wrongType(path: path, tensor: name, found: dtype, expected: "F32 or F64")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .invalidOffsets(
                path: path, tensor: name, found: "the offsets \(offsets.prefix(3))", expected: "a start and an end that is not before it")
        }
        return Entry(name: name, type: type, shape: shape, start: offsets[0], end: offsets[1])
    }

    /// Throws unless the tensors' data follow each other from the beginning, each as long as its shape asks for.
    ///
    /// - Returns: The number of bytes of all data.
    package func checkLayout(path: String) throws(CheckpointError) -> Int {
        var place = 0
        for entry in entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            var (bytes, overflows) = (entry.type.size, false)
            for length in entry.shape {
                let product = bytes.multipliedReportingOverflow(by: length)
                (bytes, overflows) = (product.partialValue, overflows || product.overflow)
            }
            let (end, isTooFar) = place.addingReportingOverflow(bytes)
            guard !overflows && !isTooFar else { throw .invalidShape(path: path, tensor: entry.name, found: entry.shape) }
            guard entry.start == place && entry.end == end else {
                throw .invalidOffsets(
                    path: path, tensor: entry.name, found: "the bytes \(entry.start)..<\(entry.end)", expected: "\(place)..<\(end)")
            }
            place = end
        }
        return place
    }

    /// The header of a file with tensors that follow each other in this order.
    ///
    /// - Parameters:
    ///   - tensors: Names that differ from each other, element types and shapes.
    ///   - metadata: Left out where it is empty.
    /// - Returns: JSON, with blanks at the end so that the data behind it are aligned.
    package static func bytes(for tensors: [(name: String, type: StoredType, shape: [Int])], metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }
            members.append("\(json(metadataName)):{\(strings.joined(separator: ","))}")
        }
        var place = 0
        for (name, type, shape) in tensors {
            precondition(name != metadataName, "Safetensors: found a tensor named \(metadataName), expected another name")
            let end = place + shape.reduce(type.size, *)
            let lengths = shape.map(String.init).joined(separator: ",")
            members.append("\(json(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(lengths)],\"data_offsets\":[\(place),\(end)]}")
            place = end
        }
        var bytes = Array("{\(members.joined(separator: ","))}".utf8)
        while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
        return bytes
    }

    private static func json(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\0"..<" ": "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
