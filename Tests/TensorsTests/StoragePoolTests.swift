import Foundation
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

    /// Otherwise the program ends here: there is room for a larger tensor only where that of the smaller ones is given back.
    func testIdleMemoryIsGivenBackWhereTheSystemHasNoMore() throws {
        try skip(under: .address, .thread, because: "the pool keeps no blocks, and shadow memory takes terabytes of address space")
        let megabyte = 1 << 20
        func make(megabytes: Int) -> Tensor<Float> { .zeros([megabytes * megabyte / 4]) }
        XCTAssertEqual((0..<4).map { _ in make(megabytes: 64) }.count, 4)
        XCTAssertGreaterThanOrEqual(StoragePool.statistics.idleBytes, 256 * megabyte)
        let pages = try XCTUnwrap(Int(String(contentsOfFile: "/proc/self/statm", encoding: .utf8).prefix { $0 != " " }))
        let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
        var limit = rlimit()
        XCTAssertEqual(getrlimit(resource, &limit), 0)
        var small = limit
        small.rlim_cur = rlim_t(pages * sysconf(CInt(_SC_PAGESIZE)) + 32 * megabyte)
        XCTAssertEqual(setrlimit(resource, &small), 0)
        defer { XCTAssertEqual(setrlimit(resource, &limit), 0) }
        XCTAssertEqual(make(megabytes: 128).count, 32 * megabyte)
    }
}
