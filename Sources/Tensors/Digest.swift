/// 64 bits that differ, all but certainly, where what was added differs. They are the same in every run and on every machine; against
/// accidents, not against forgers.
package struct Digest: Equatable, CustomStringConvertible {
    private var state: UInt64 = 0x243f_6a88_85a3_08d3

    package init() {}

    /// Any bytes. How many there are counts too, so that what comes next can't pass for a part of them.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let whole = bytes.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) { mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        mix(bytes[whole...].reduce(0) { $0 << 8 | UInt64($1) })
        mix(UInt64(bytes.count))
    }

    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    package mutating func add(_ numbers: [Int]) { numbers.withUnsafeBytes { add($0) } }

    /// For one word each of both steps is one to one: a single word that differs never goes unnoticed.
    private mutating func mix(_ word: UInt64) {
        state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
        state ^= state >> 32
    }

    /// 16 hexadecimal digits.
    package var description: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
