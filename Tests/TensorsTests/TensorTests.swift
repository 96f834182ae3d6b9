import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class TensorTests: XCTestCase {
    func testCopiesAreIndependent() {
        let a = Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [3, 2])
        var b = a
        b.withMutableScalars { $0[0] = 9 }
        XCTAssertEqual(a.scalars, [1, 2, 3, 4, 5, 6])
        XCTAssertEqual(b.scalars, [9, 2, 3, 4, 5, 6])
        b += 1
        XCTAssertEqual(b.scalars, [10, 3, 4, 5, 6, 7])
    }

    func testViewsShareMemoryUntilWrittenTo() {
        let a = Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [3, 2])
        let start = a.withScalars { $0.baseAddress! }
        XCTAssertEqual(a[1..<3].withScalars { $0.baseAddress! }, start + 2)
        XCTAssertEqual(a[2, .ellipsis].withScalars { $0.baseAddress! }, start + 4)
        XCTAssertEqual(a.reshaped([2, 3]).withScalars { $0.baseAddress! }, start)
        for var view in [a[1..<3], a[1, .ellipsis], a.reshaped([6]), a.squeezedAndExpanded] {
            view.withMutableScalars { $0.update(repeating: 0) }
            XCTAssertEqual(view, .zeros(view.shape))
            XCTAssertEqual(a.scalars, [1, 2, 3, 4, 5, 6])
        }
        // A window that is the last owner of its memory is written in place, within its bounds.
        var window = Tensor<Float>([1, 2, 3, 4])[1..<3]
        window.withMutableScalars { $0[1] = 7 }
        XCTAssertEqual(window.scalars, [2, 7])
    }

    func testEquality() {
        XCTAssertEqual(Tensor<Float>([1, 2]), Tensor([1, 2]))
        XCTAssertNotEqual(Tensor<Float>([1, 2]), Tensor([1, 3]))
        XCTAssertNotEqual(Tensor<Float>([1, 2]), Tensor([1, 2], shape: [2, 1]))
        XCTAssertNotEqual(Tensor<Float>([.nan]), Tensor([.nan]))
    }

    func testCastAndEmpty() {
        XCTAssertEqual(Tensor<Double>([0.1, 2]).cast(to: Float.self).scalars, [0.1, 2])
        XCTAssertEqual(Tensor<Float>([0.5, 2]).cast(to: Double.self).scalars, [0.5, 2])
        let empty = Tensor<Float>.zeros([2, 0])
        XCTAssertEqual((empty + empty * 2).exp().scalars, [])
        XCTAssertEqual(empty.sum(axes: [1]), .zeros([2]))
        XCTAssertEqual(empty.transposed().shape, [0, 2])
        XCTAssertEqual(matmul(empty, Tensor.zeros([0, 3])), .zeros([2, 3]))
        XCTAssertEqual(concatenate([empty, Tensor.ones([2, 1])], axis: 1), .ones([2, 1]))
    }

    func testRepeatedWorkTakesNoMemoryFromTheSystem() throws {
        try skip(under: .address, .thread, because: "each tensor gets a block of its own from the system")
        func work() {
            let x = randomTensor([64, 33], seed: 3) as Tensor<Double>
            _ = valueWithGradient(at: x) { (matmul($0.tanh(), $0, transposeB: true).softmax(axis: 1) * 2).sum() }
        }
        for _ in 0..<3 { work() }
        let before = StoragePool.statistics.systemAllocations
        for _ in 0..<20 { work() }
        XCTAssertEqual(StoragePool.statistics.systemAllocations, before)
    }
}

extension Tensor {
    fileprivate var squeezedAndExpanded: Tensor { expanded(axis: 0).squeezed(axis: 0) }
}
