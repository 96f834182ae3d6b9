import CWarpKernels
import LinearAlgebra
import Tensors
import TestSupport
import XCTest

/// Rows shorter and longer than what a kernel takes at once, and not a multiple of it.
private let shapes = [(3, 1), (5, 15), (4, 16), (7, 37), (2, 5000)]

extension KernelLevelTests {
    func testFunctionsOfElements() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            let x: [Scalar] = randomTensor([1037], in: 0..<30, seed: 7).scalars + randomTensor([1000], in: -30..<0, seed: 8).scalars
            for function in [warp_exp, warp_log, warp_tanh, warp_sigmoid, warp_gelu, warp_gelu_slope, warp_sin, warp_cos] {
                // The logarithm of a number below 0 is none, which equals nothing.
                let x = function == warp_log ? x.filter { $0 > 0 } : x
                compareLevels(type, "function \(function.rawValue)", tolerance) { kernels in
                    var values = x
                    kernels.apply(function, x.count, x, &values)
                    return values
                }
            }
        }
        check(Float.self, 1e-6)
        check(Double.self, 1e-14)
    }

    func testExtremes() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type) {
            for (rows, columns) in shapes {
                // Few values, so that many are equal; in half of the matrices each row has a NaN or two.
                for seed in 1...UInt64(20) {
                    let numbers: Tensor<Scalar> = randomTensor([rows, columns], in: -5..<5, seed: seed)
                    var x = numbers.scalars.map { $0.rounded() }
                    var random = RandomSource(seed: seed)
                    if seed.isMultiple(of: 2) {
                        for row in 0..<rows {
                            for _ in 0..<2 { x[row * columns + Int.random(in: 0..<columns, using: &random)] = .nan }
                        }
                    }
                    for largest in [true, false] {
                        let expected = (0..<rows).map { row in
                            let row = Array(x[row * columns..<(row + 1) * columns])
                            return row.firstIndex { $0.isNaN } ?? row.firstIndex(of: largest ? row.max()! : row.min()!)!
                        }
                        for level in allLevels {
                            guard let kernels = type.kernels(at: level) else { continue }
                            var places = [Int](repeating: -1, count: rows)
                            kernels.extremes(largest, rows, columns, x, &places)
                            XCTAssertEqual(places, expected, "\(rows)x\(columns), \(type), level \(level.rawValue)")
                        }
                    }
                }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    func testSoftmax() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            // The gradient of a single element is 0.
            for (rows, columns) in shapes.dropFirst() {
                let x: [Scalar] = randomTensor([rows, columns], in: 900..<920).scalars
                let cotangent: [Scalar] = randomTensor([rows, columns], seed: 2).scalars
                let values = naiveSoftmax(x, columns)
                compareLevels(type, "softmax", tolerance) { softmax(x, columns, $0) }
                compareLevels(type, "softmax_gradient", tolerance) { softmaxGradient(values.map { Scalar($0) }, cotangent, columns, $0) }
                guard let kernels = type.kernels(at: warp_best_level()) else { continue }
                for (found, expected) in zip(softmax(x, columns, kernels), values) {
                    XCTAssertEqual(Double(found), expected, accuracy: tolerance * expected)
                }
                let gradients = softmaxGradient(values.map { Scalar($0) }, cotangent, columns, kernels)
                for (found, expected) in zip(gradients, naiveSoftmaxGradient(values, cotangent.map { Double($0) }, columns)) {
                    XCTAssertEqual(Double(found), expected, accuracy: tolerance)
                }
            }
        }
        check(Float.self, 1e-6)
        check(Double.self, 1e-14)
    }

    func testSoftmaxOfSpecialNumbers() {
        let infinity = Float.infinity
        for level in allLevels {
            guard let kernels = Float.kernels(at: level) else { continue }
            XCTAssertEqual(softmax([-infinity, 1, -infinity], 3, kernels), [0, 1, 0])
            XCTAssertEqual(softmax([-1e30 as Float, 1e30], 2, kernels), [0, 1])
            XCTAssert(softmax([-infinity, -infinity], 2, kernels).allSatisfy { $0.isNaN })
            XCTAssert(softmax([1 as Float, .nan], 2, kernels).allSatisfy { $0.isNaN })
            let dominated = softmax([1, infinity], 2, kernels)
            XCTAssert(dominated[0] == 0 && dominated[1].isNaN)
        }
    }
}

private func softmax<Scalar: FloatingScalar>(_ x: [Scalar], _ columns: Int, _ kernels: warp_kernels) -> [Scalar] {
    var values = x
    kernels.softmax(x.count / columns, columns, x, &values)
    return values
}

private func softmaxGradient<Scalar: FloatingScalar>(
    _ values: [Scalar], _ cotangent: [Scalar], _ columns: Int, _ kernels: warp_kernels
) -> [Scalar] {
    var gradient = values
    kernels.softmax_gradient(values.count / columns, columns, values, cotangent, &gradient)
    return gradient
}

private func naiveSoftmax<Scalar: FloatingScalar>(_ x: [Scalar], _ columns: Int) -> [Double] {
    stride(from: 0, to: x.count, by: columns).flatMap { start in
        let row = x[start..<start + columns].map { Double($0) }
        let largest = row.max()!
        let exponentials = row.map { Double.exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }
}

private func naiveSoftmaxGradient(_ values: [Double], _ cotangent: [Double], _ columns: Int) -> [Double] {
    values.indices.map { i in
        let row = i / columns * columns..<(i / columns + 1) * columns
        return values[i] * (cotangent[i] - zip(values[row], cotangent[row]).reduce(0) { $0 + $1.0 * $1.1 })
    }
}
