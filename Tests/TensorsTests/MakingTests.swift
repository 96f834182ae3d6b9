import LinearAlgebra
import Synchronization
import TestSupport
import Tensors
import XCTest

final class MakingTests: XCTestCase {
    func testArrays() {
        let rows: [[Float]] = [[1, 2, 3], [4, 5, 6]]
        XCTAssertEqual(Tensor(rows), Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))
        XCTAssertEqual(Tensor(rows).rows, rows)
        XCTAssertEqual(Tensor([rows, rows]).shape, [2, 2, 3])
        XCTAssertEqual(Tensor([[Float]]()).shape, [0, 0])
        XCTAssertEqual(Tensor<Float>.identity(2), Tensor([[1, 0], [0, 1]]))
        XCTAssertEqual(Tensor<Float>.indices(3), Tensor([0, 1, 2]))
        assertTraps("rows of several lengths") { _ = Tensor([[1], [1, 2]] as [[Float]]) }
    }

    func testEvenlySpaced() {
        let x = Tensor<Float>.evenlySpaced(from: -0.1, through: 0.7, count: 1001)
        XCTAssertEqual([x[0], x[-1]], [-0.1, 0.7])
        for i in 1..<1001 { XCTAssertEqual(x[i] - x[i - 1], 0.0008, accuracy: 1e-7) }
        XCTAssertEqual(Tensor<Double>.evenlySpaced(from: 3, through: 5, count: 1), Tensor([3]))
        XCTAssertEqual(Tensor<Double>.evenlySpaced(from: 3, through: 5, count: 0).shape, [0])
    }

    func testSharedMemoryIsReadInPlaceCopiedForWritingAndReleasedOnce() {
        final class Owner: Sendable {
            let releases = Atomic(0)
        }
        let owner = Owner()
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 6)
        for i in 0..<6 { memory.initializeElement(at: i, to: Float(i)) }
        defer { memory.deallocate() }
        do {
            let x = Tensor(sharing: UnsafeBufferPointer(memory), shape: [2, 3]) { owner.releases.add(1, ordering: .relaxed) }
            XCTAssertEqual(x.withScalars { $0.baseAddress }, UnsafePointer(memory.baseAddress!))
            var row = x[1, .ellipsis]
            XCTAssertEqual(row.withScalars { $0.baseAddress }, UnsafePointer(memory.baseAddress! + 3))
            row[0] = 9
            XCTAssertEqual(row, Tensor([9, 4, 5]))
            var whole = consume x
            whole += 1
            whole[0, 0] = 7
            XCTAssertEqual(Array(memory), [0, 1, 2, 3, 4, 5])
        }
        XCTAssertEqual(owner.releases.load(ordering: .relaxed), 1)
        XCTAssertEqual(Tensor(sharing: UnsafeBufferPointer<Float>(start: nil, count: 0), shape: [0, 4]) {}.sum().scalar, 0)
    }

    func testDescription() {
        XCTAssertEqual("\(Tensor<Float>(2))", "Tensor<Float>[] 2.0")
        XCTAssertEqual("\(Tensor<Double>([1, -2.5]))", "Tensor<Double>[2] [ 1.0, -2.5]")
        XCTAssertEqual("\(Tensor<Float>([[1, 2], [3, 40]]))", "Tensor<Float>[2, 2]\n[[ 1.0,  2.0],\n [ 3.0, 40.0]]")
        XCTAssertEqual("\(Tensor<Float>.zeros([2, 1, 1]))", "Tensor<Float>[2, 1, 1]\n[[[0.0]],\n\n [[0.0]]]")
        XCTAssertEqual("\(Tensor<Float>.zeros([0, 2]))", "Tensor<Float>[0, 2]\n[]")
        XCTAssertEqual("\(Tensor<Float>.indices(1001))", "Tensor<Float>[1001] [   0.0,    1.0,    2.0, ...,  998.0,  999.0, 1000.0]")
    }
}
