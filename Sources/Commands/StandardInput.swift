import Foundation

/// All that comes from standard input, read in pieces, so that an endless stream is found out before it takes all memory.
///
/// - Parameters:
///   - limit: So many bytes at most.
///   - expected: What they are to be, for errors.
func bytesOfStandardInput(limit: Int, expected: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
        let piece: Data?
        do { piece = try FileHandle.standardInput.read(upToCount: 1 << 24) } catch {
            throw Failure(description: "standard input: cannot be read: \(error.localizedDescription)")
        }
        guard let piece, !piece.isEmpty else { break }
        bytes += piece
        guard bytes.count <= limit else {
            throw Failure(description: "standard input: found more than \(limit) bytes, expected \(expected)")
        }
        try requireMemory(bytes.count, for: "standard input")
    }
    return bytes
}
