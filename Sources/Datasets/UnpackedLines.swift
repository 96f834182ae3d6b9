/// The lines of a text file, packed or not, one after the other. They end as on Windows or as on Unix.
///
/// No more of the file is in memory than a line may have, so that a file which unpacks without end is refused at a limit.
struct UnpackedLines: ~Copyable {
    private let path: String
    private var file: UnpackedFile
    private var rest: ArraySlice<UInt8> = []
    private var isAtEnd = false
    /// Of the line that was read last, from 1.
    private(set) var number = 0
    private let lengthLimit: Int
    private let countLimit: Int

    /// - Parameters:
    ///   - path: The file.
    ///   - dataset: To which it belongs.
    ///   - lengthLimit: The most bytes of a line.
    ///   - countLimit: The most lines.
    init(_ path: String, of dataset: String, lengthLimit: Int, countLimit: Int) throws(DatasetError) {
        self.path = path
        file = try UnpackedFile(path, of: dataset)
        self.lengthLimit = lengthLimit
        self.countLimit = countLimit
    }

    /// The next line without its end; nil after the last one.
    mutating func next() throws(DatasetError) -> String? {
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            if end == nil && !isAtEnd && rest.count <= lengthLimit + 1 {
                let more = try file.read(1 << 14)
                isAtEnd = more.isEmpty
                rest += more
                continue
            }
            if rest.isEmpty { return nil }
            var line = rest[..<(end ?? rest.endIndex)]
            rest = rest[min(line.endIndex + 1, rest.endIndex)...]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            number += 1
            guard line.count <= lengthLimit else { throw .longLine(path: path, line: number, expected: lengthLimit) }
            guard number <= countLimit else { throw .manyLines(path: path, expected: countLimit) }
            return String(decoding: line, as: UTF8.self)
        }
    }
}
