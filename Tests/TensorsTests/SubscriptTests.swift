import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class SubscriptTests: XCTestCase {
    private let shape = [4, 3, 5]
    private let x = Tensor<Double>((0..<60).map(Double.init), shape: [4, 3, 5])

    /// The elements at all combinations of places.
    private func elements(_ places: [[Int]]) -> [Double] {
        places[0].flatMap { i in places[1].flatMap { j in places[2].map { k in x.element([i, j, k]) } } }
    }

    /// Parts of the three axes, the places that they name, and the axes that stay.
    private var cases: [([any TensorIndex], [[Int]], [Int])] {
        let all = [Array(0..<4), Array(0..<3), Array(0..<5)]
        return [
            ([0..., 1..<3], [all[0], [1, 2], all[2]], [4, 2, 5]), ([2], [[2], all[1], all[2]], [3, 5]),
            ([-1], [[3], all[1], all[2]], [3, 5]),
            ([1...2, ..<(-1), (-2)...], [[1, 2], [0, 1], [3, 4]], [2, 2, 2]), ([-3 ..< -1], [[1, 2], all[1], all[2]], [2, 3, 5]),
            ([-2..<0, ...1, -2...(-1)], [[2, 3], [0, 1], [3, 4]], [2, 2, 2]), ([...(-2)], [[0, 1, 2], all[1], all[2]], [3, 3, 5]),
            ([.ellipsis, 2], [all[0], all[1], [2]], [4, 3]), ([1, .ellipsis, -2], [[1], all[1], [3]], [3]),
            ([3, -3, 1], [[3], [0], [1]], []),
            ([AxisPart.newAxis, 1, .newAxis, .ellipsis, .newAxis], [[1], all[1], all[2]], [1, 1, 3, 5, 1]),
            ([.every(2), .every(-1), .every(-2, from: -2, to: 0)], [[0, 2], [2, 1, 0], [3, 1]], [2, 3, 2]),
            ([.every(3, from: 1), .every(2, to: -1), .every(7)], [[1], [0], [0]], [1, 1, 1]),
            ([.every(-3), .every(-1, to: 0), .every(1)], [[3, 0], [2, 1], all[2]], [2, 2, 5]),
            ([4..., 0..<0], [[], [], all[2]], [0, 0, 5]),
            ([], all, [4, 3, 5]),
        ]
    }

    private func part(_ parts: [any TensorIndex], of x: Tensor<Double>) -> Tensor<Double> {
        switch parts.count {
        case 0: x[.ellipsis]
        case 1: x[parts[0]]
        case 2: x[parts[0], parts[1]]
        case 3: x[parts[0], parts[1], parts[2]]
        default: x[parts[0], parts[1], parts[2], parts[3], parts[4]]
        }
    }

    func testParts() {
        for (parts, places, shape) in cases { XCTAssertEqual(part(parts, of: x), Tensor(elements(places), shape: shape), "\(parts)") }
    }

    func testSetting() {
        for (parts, places, shape) in cases where parts.count == 3 {
            var result = x
            result[parts[0], parts[1], parts[2]] = Tensor<Double>.ones(shape) * -1
            for index in indices(of: self.shape) {
                let isSet = zip(places, index).allSatisfy { $0.contains($1) }
                XCTAssertEqual(result.element(index), isSet ? -1 : x.element(index), "\(parts) \(index)")
            }
        }
        var rows = x
        rows[0..., 1, 0...] = Tensor([1, 2, 3, 4, 5])
        XCTAssertEqual(rows[-1, 1, .ellipsis], Tensor([1, 2, 3, 4, 5]))
        rows[0...] = rows[.every(-1)]
        XCTAssertEqual(rows[0, 0, 0], 45)
        rows[-1, -1, -1] = 7
        XCTAssertEqual(rows.scalars.last, 7)
        XCTAssertEqual(x.scalars.last, 59)
    }

    func testSettingIsInPlaceForASingleOwner() {
        var y = Tensor<Float>.zeros([100, 10])
        let start = y.withScalars { $0.baseAddress! }
        y[3..<5, 0] = Tensor(2)
        y[7, 1] = 4
        XCTAssertEqual(y.withScalars { $0.baseAddress! }, start)
        XCTAssertEqual(y.sum().scalar, 8)
    }

    func testLongAxesAreReadByAllThreads() {
        let long = Tensor<Float>((0..<200_000).map { Float($0) })
        for threads in 1...3 {
            Threads.with(count: threads) {
                XCTAssertEqual(long[.every(-1)].scalars, long.scalars.reversed())
                XCTAssertEqual(long.reshaped([2, 100_000])[0..., 1..., .newAxis].shape, [2, 99_999, 1])
                XCTAssertEqual(
                    long.reshaped([100_000, 2])[0..., 1].scalars, (0..<100_000).map { Float(2 * $0 + 1) })
            }
        }
    }

    func testWrongParts() {
        assertTraps("an index beyond the end") { _ = x[4, .ellipsis] }
        assertTraps("an index before the beginning") { _ = x[-5, .ellipsis] }
        assertTraps("a range beyond the end") { _ = x[2..<5] }
        assertTraps("more parts than axes") { _ = x[0..., 0..., 0..., 0...] }
        assertTraps("two ellipses") { _ = x[.ellipsis, .ellipsis] }
        assertTraps("a step of 0") { _ = x[.every(0)] }
        assertTraps("too few indices for an element") { let _: Double = x[1, 2] }
        assertTraps("a value that does not fit") {
            var y = x
            y[0] = Tensor([1, 2])
        }
    }
}
