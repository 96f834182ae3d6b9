import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Sorting, sums up to each element, and what takes or gives elements by place, against plain loops.
final class OrderingTests: XCTestCase {
    private let x = tensorOfHalves([3, 7, 4], seed: 9)

    /// Each line along `axis` replaced by what `function` makes of it.
    private func mapLines(_ x: Tensor<Double>, axis: Int, _ function: ([Double]) -> [Double]) -> Tensor<Double> {
        let order = [0, 1, 2].filter { $0 != axis } + [axis]
        let lines = x.permuted(order)
        let mapped = lines.reshaped([-1, lines.shape[2]]).rows.map(function)
        return Tensor(mapped).reshaped(Array(lines.shape[..<2]) + [mapped[0].count]).permuted([0, 1, 2].map { order.firstIndex(of: $0)! })
    }

    func testSorting() {
        for axis in 0..<3 {
            XCTAssertEqual(x.sorted(axis: axis), mapLines(x, axis: axis) { $0.sorted() })
            XCTAssertEqual(x.sorted(axis: axis - 3, descending: true), mapLines(x, axis: axis) { $0.sorted(by: >) })
            let (values, places) = x.topK(2, axis: axis)
            XCTAssertEqual(values, mapLines(x, axis: axis) { Array($0.sorted(by: >).prefix(2)) })
            XCTAssertEqual(x.taken(axis: axis, places), values)
            XCTAssertEqual(x.topK(1, axis: axis).places, x.argmax(axis: axis))
            XCTAssertEqual(
                Tensor(x.sortedPlaces(axis: axis).map(Double.init), shape: x.shape).sliced(axis: axis, 0..<1).scalars,
                x.argmin(axis: axis).map(Double.init))
        }
    }

    func testEqualElementsKeepTheirOrderAndNaNIsLargest() {
        let y = Tensor<Float>([2, .nan, 1, 2, .infinity, .nan, -.infinity, 1])
        XCTAssertEqual(y.sortedPlaces(axis: 0), [6, 2, 7, 0, 3, 4, 1, 5])
        XCTAssertEqual(y.sortedPlaces(axis: 0, descending: true), [1, 5, 4, 0, 3, 2, 7, 6])
    }

    func testCumulativeSums() {
        func sums(_ line: [Double]) -> [Double] { line.indices.map { line[...$0].reduce(0, +) } }
        for axis in 0..<3 {
            XCTAssertEqual(x.cumulativeSum(axis: axis), mapLines(x, axis: axis, sums))
            XCTAssertEqual(x.cumulativeSum(axis: axis, reversed: true), mapLines(x, axis: axis) { sums($0.reversed()).reversed() })
        }
        // A sum in Float would stop growing at 2^24.
        XCTAssertEqual(Tensor<Float>.ones([20_000_000]).cumulativeSum(axis: 0)[-1], 20_000_000)
    }

    func testScatteringAddsUp() {
        let y = Tensor<Double>([1, 2, 3, 4, 5, 6], shape: [3, 2])
        XCTAssertEqual(y.scattered(axis: 0, [2, 0, 2], length: 4), Tensor([[3, 4], [0, 0], [6, 8], [0, 0]]))
        XCTAssertEqual(y.scattered(axis: 1, [1, 1], length: 2), Tensor([[0, 3], [0, 7], [0, 11]]))
        XCTAssertEqual(y.repeated(axis: 1, 2), Tensor([[1, 1, 2, 2], [3, 3, 4, 4], [5, 5, 6, 6]]))
        XCTAssertEqual(y.split(axis: 0, [2, 1]), [y[..<2], y[2...]])
        XCTAssertEqual(y.elements(where: y .> 2 .& .!(y .== 5)), Tensor([3, 4, 6]))
        assertTraps("an index beyond the length") { _ = y.scattered(axis: 0, [0, 1, 4], length: 4) }
        assertTraps("places beyond the axis") { _ = y.taken(axis: 1, [0, 1, 2]) }
        assertTraps("parts that do not add up") { _ = y.split(axis: 0, [2, 2]) }
    }

    func testEinsteinSums() {
        let sizes: [Character: Int] = ["b": 2, "i": 3, "j": 4, "k": 2, "l": 3]
        for subscripts in [
            "ij,jk->ik", "ij,jk->ki", "bij,bjk->bik", "ij->ji", "ii->i", "iji->ij", "ii->", "i,j->ij", "ij,j,ik->jk", "iij,jjk->ik",
            "bij,kl->bl",
            "ij , ij -> ij", "i,i,i->", "bij,bij->b", "l,bl->b",
        ] {
            let sides = subscripts.filter { $0 != " " }.components(separatedBy: "->")
            let names = sides[0].split(separator: ",").map(Array.init)
            let operands = names.enumerated().map { tensorOfHalves($1.map { sizes[$0]! }, seed: UInt64($0 + 1)) }
            let letters = Array(Set(names.joined())).sorted()
            let shape = sides[1].map { sizes[$0]! }
            var expected = Tensor<Double>.zeros(shape)
            for values in indices(of: letters.map { sizes[$0]! }) {
                func place(_ names: some Collection<Character>) -> [Int] { names.map { values[letters.firstIndex(of: $0)!] } }
                let product = zip(operands, names).map { $0.element(place($1)) }.reduce(1, *)
                let position = zip(place(sides[1]), shape).reduce(0) { $0 * $1.1 + $1.0 }
                expected.withMutableScalars { $0[position] += product }
            }
            let result =
                switch operands.count {
                case 1: einsum(subscripts, operands[0])
                case 2: einsum(subscripts, operands[0], operands[1])
                default: einsum(subscripts, operands[0], operands[1], operands[2])
                }
            assertClose(result, expected, tolerance: 1e-12, subscripts)
        }
        let y = Tensor<Double>.ones([2, 3])
        for wrong in ["ij", "ij->ik", "ij->ii", "i->i", "ij,jk->ik", "ii->i", "i1->i"] {
            assertTraps(wrong) { _ = einsum(wrong, y) }
        }
    }
}
