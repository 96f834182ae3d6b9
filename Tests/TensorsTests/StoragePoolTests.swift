import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class StoragePoolTests: XCTestCase {
    /// Of what is there at the same time, and not of what was there one after the other.
    func testPeak() {
        let size = 4 << 20
        func make() -> Tensor<Float> { .zeros([size / 4]) }
        let one = StoragePool.peak { for _ in 0..<5 { XCTAssertEqual(make().count, size / 4) } }
        let three = StoragePool.peak { XCTAssertEqual([make(), make(), make()].count, 3) }
        XCTAssert((size..<2 * size).contains(one), "\(one)")
        XCTAssert((3 * size..<4 * size).contains(three), "\(three)")
        XCTAssertEqual(StoragePool.peak {}, 0)
    }
}
