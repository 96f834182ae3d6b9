import Tensors
import XCTest

final class DigestTests: XCTestCase {
    private func digest(_ body: (inout Digest) -> Void) -> String {
        var digest = Digest()
        body(&digest)
        return digest.description
    }

    private func digest(_ bytes: [UInt8]) -> String { digest { digest in bytes.withUnsafeBytes { digest.add($0) } } }

    /// Every bit of every byte counts, and how many there are.
    func testWhatDiffersHasOtherDigests() {
        for count in [0, 1, 7, 8, 9, 16, 29] {
            let bytes = (0..<count).map { UInt8($0 * 9 + 1) }
            var found: Set = [digest(bytes), digest(bytes + [0]), digest([0] + bytes)]
            XCTAssertEqual(found.count, count == 0 ? 2 : 3)
            for index in bytes.indices {
                for bit in 0..<8 {
                    var other = bytes
                    other[index] ^= 1 << bit
                    XCTAssert(found.insert(digest(other)).inserted, "\(count) bytes, byte \(index), bit \(bit)")
                }
            }
        }
    }

    /// Two changes do not make up for each other: signs of numbers, words that change places.
    func testTwoChanges() {
        let numbers = [1, 2, 3, 4]
        var found: Set = [digest { $0.add(numbers) }]
        for i in 0..<4 {
            for j in 0..<i {
                for change in [{ (x: Int) in x ^ .min }, { $0 + 1 }] {
                    var other = numbers
                    (other[i], other[j]) = (change(other[i]), change(other[j]))
                    XCTAssert(found.insert(digest { $0.add(other) }).inserted, "\(i), \(j)")
                }
                var swapped = numbers
                swapped.swapAt(i, j)
                XCTAssert(found.insert(digest { $0.add(swapped) }).inserted, "\(i), \(j)")
            }
        }
    }

    /// The same in every run; texts have an end.
    func testText() {
        XCTAssertEqual(digest { $0.add("linear") }, digest { $0.add("lin" + "ear") })
        XCTAssertNotEqual(
            digest {
                $0.add("lin"); $0.add("ear")
            },
            digest {
                $0.add("line"); $0.add("ar")
            })
        XCTAssertEqual(digest { $0.add("linear") }.count, 16)
    }
}
