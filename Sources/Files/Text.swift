import FoundationEssentials
import Glibc

// How numbers, JSON and tables are written.

/// One line of JSON with keys in order. Numbers that are not finite, which JSON can't hold, become strings.
package func encodedJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// A number with a fixed count of digits after the point.
package func fixed(_ number: Double, _ digits: Int) -> String {
    withVaList([CInt(digits), number]) { arguments in
        // No number has more than 309 digits before the point.
        var text = [CChar](repeating: 0, count: 320 + digits)
        let count = vsnprintf(&text, text.count, "%.*f", arguments)
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// FNV-1a: a hash that is the same in every run and on every machine. Images are hashed word by word, so each caller gets a loop of its own.
@inlinable package func stableHash(_ words: some Sequence<UInt32>) -> UInt32 { words.reduce(2_166_136_261) { ($0 ^ $1) &* 16_777_619 } }

/// The same of text.
package func stableHash(_ text: String) -> UInt32 { stableHash(text.utf8.lazy.map(UInt32.init)) }

/// A share as a percentage.
package func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }
