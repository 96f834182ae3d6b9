import CWarpKernels
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

extension KernelLevelTests {
    /// Every number of pixels up to more than two tiles, and outputs that are further apart than a vector.
    func testConvolve() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            let (runs, length, step) = (3, 150, 2)
            for lanes in [4, 8, 16] {
                for pixels in 1...29 {
                    let (row, outStep) = (length + pixels * step, lanes + 3)
                    let source: [Scalar] = randomTensor([runs * row], seed: 1).scalars
                    let weights: [Scalar] = randomTensor([runs * length * lanes], seed: 2).scalars
                    func convolve(_ kernels: warp_kernels) -> [Scalar] {
                        var out = [Scalar](repeating: 7, count: pixels * outStep)
                        let (sourceRuns, weightRuns) = ((0..<runs).map { $0 * row }, (0..<runs).map { $0 * length })
                        sourceRuns.withUnsafeBufferPointer { sourceRuns in
                            weightRuns.withUnsafeBufferPointer { weightRuns in
                                var taps = warp_taps(
                                    runs: Int32(runs), length: Int32(length), source: sourceRuns.baseAddress,
                                    weights: weightRuns.baseAddress)
                                kernels.convolve(Int32(lanes), &taps, source, step, Int32(pixels), weights, &out, outStep)
                            }
                        }
                        return out
                    }
                    compareLevels(type, "convolve", tolerance, convolve)
                    let expected = (0..<pixels * outStep).map { place in
                        let (pixel, lane) = (place / outStep, place % outStep)
                        return lane >= lanes
                            ? 7
                            : (0..<runs * length).reduce(0.0) {
                                $0 + Double(source[$1 / length * row + $1 % length + pixel * step]) * Double(weights[$1 * lanes + lane])
                            }
                    }
                    let found = convolve(type.kernels(at: warp_best_level())!)
                    for (found, expected) in zip(found, expected) { XCTAssertEqual(Double(found), expected, accuracy: tolerance) }
                }
            }
        }
        check(Float.self, 1e-4)
        check(Double.self, 1e-12)
    }

    func testConvolveWeights() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for lanes in [4, 8, 16] {
                for length in 1...29 {
                    let (rows, columns, step) = (3, 11, 5)
                    let row = columns * step + length
                    let source: [Scalar] = randomTensor([rows * row], seed: 1).scalars
                    let cotangent: [Scalar] = randomTensor([rows * columns * lanes], seed: 2).scalars
                    func sums(_ kernels: warp_kernels) -> [Scalar] {
                        var sums = [Scalar](repeating: 1, count: length * lanes)
                        var pixels = warp_pixels(
                            rows: Int32(rows), columns: Int32(columns), source_row: row, source_step: step, cotangent_row: columns * lanes,
                            cotangent_step: lanes)
                        kernels.convolve_weights(Int32(lanes), &pixels, Int32(length), source, cotangent, &sums)
                        return sums
                    }
                    compareLevels(type, "convolve_weights", tolerance, sums)
                    let found = sums(type.kernels(at: warp_best_level())!)
                    for (place, found) in found.enumerated() {
                        let expected = (0..<rows * columns).reduce(1.0) {
                            $0 + Double(source[$1 / columns * row + $1 % columns * step + place / lanes])
                                * Double(cotangent[$1 * lanes + place % lanes])
                        }
                        XCTAssertEqual(Double(found), expected, accuracy: tolerance)
                    }
                }
            }
        }
        check(Float.self, 1e-4)
        check(Double.self, 1e-12)
    }

    /// A tile's outputs are what the taps see; runs fill whole vectors and do not.
    func testWinograd() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for (taps, count) in [(3, 8), (3, 21), (5, 16), (5, 3)] {
                let side = taps + 1
                let image: [Scalar] = randomTensor([side, side, count], seed: 1).scalars
                let kernel: [Scalar] = randomTensor([taps, taps, count], seed: 2).scalars
                func mapped(_ map: warp_winograd, _ x: [Scalar], _ from: Int, _ to: Int, _ kernels: warp_kernels) -> [Scalar] {
                    var y = [Scalar](repeating: 0, count: to * to * count)
                    kernels.winograd(map, Int32(taps), Int32(count), x, from * count, count, &y, to * count, count)
                    return y
                }
                func product(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] { zip(a, b).map { $0 * $1 } }
                func outputs(_ kernels: warp_kernels) -> [Scalar] {
                    let image = mapped(warp_winograd_image, image, side, side, kernels)
                    return mapped(
                        warp_winograd_outputs, product(image, mapped(warp_winograd_weights, kernel, taps, side, kernels)), side, 2, kernels)
                }
                func kernelGradient(_ kernels: warp_kernels) -> [Scalar] {
                    let cotangent = Array(kernel[..<(4 * count)])
                    let image = mapped(warp_winograd_image, image, side, side, kernels)
                    return mapped(
                        warp_winograd_weight_gradient, product(image, mapped(warp_winograd_cotangent, cotangent, 2, side, kernels)), side,
                        taps,
                        kernels)
                }
                compareLevels(type, "winograd, \(taps) taps", tolerance, outputs)
                compareLevels(type, "winograd's adjoint, \(taps) taps", tolerance, kernelGradient)
                // The correlation of the image with the kernel, or with the 2x2 cotangents.
                for (found, window, size) in [(outputs, taps, 2), (kernelGradient, 2, taps)] {
                    for (place, found) in found(type.kernels(at: warp_best_level())!).enumerated() {
                        let (y, x, lane) = (place / count / size, place / count % size, place % count)
                        let expected = (0..<window * window).reduce(0.0) {
                            $0 + Double(image[((y + $1 / window) * side + x + $1 % window) * count + lane])
                                * Double(kernel[$1 * count + lane])
                        }
                        XCTAssertEqual(Double(found), expected, accuracy: tolerance, "\(taps) taps")
                    }
                }
            }
        }
        check(Float.self, 2e-5)
        check(Double.self, 1e-13)
    }

    func testTranspose() {
        for level in allLevels {
            guard let kernels = Float.kernels(at: level) else { continue }
            for (rows, columns) in [(1, 5), (7, 19), (8, 8), (13, 29), (40, 9), (9, 3)] {
                // Without shifts bits stay what they are.
                let source: [Float] = randomTensor([rows * columns], seed: 1).scalars.map { $0 > 0.5 ? -0.0 : $0 < -0.9 ? .infinity : $0 }
                var target = [Float](repeating: 1, count: source.count)
                kernels.transpose(Int32(rows), Int32(columns), source, columns, nil, &target, rows)
                let expected = (0..<source.count).map { source[$0 % rows * columns + $0 / rows] }
                XCTAssertEqual(target.map(\.bitPattern), expected.map(\.bitPattern), "\(rows)x\(columns)")
                let shifts: [Float] = randomTensor([columns], seed: 2).scalars
                kernels.transpose(Int32(rows), Int32(columns), source, columns, shifts, &target, rows)
                XCTAssertEqual(target, expected.enumerated().map { $1 + shifts[$0 / rows] }, "\(rows)x\(columns)")
            }
        }
    }

    func testSum() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for count in [0, 1, 15, 16, 17, 63, 64, 65, 150, 1024] {
                let x: [Scalar] = randomTensor([count + 1], seed: 1).scalars
                func sum(_ kernels: warp_kernels) -> [Scalar] {
                    var sum = 7 as Scalar
                    kernels.sum(count, x, &sum)
                    return [sum]
                }
                if count > 0 { compareLevels(type, "sum", 0, sum) }
                XCTAssertEqual(
                    Double(sum(type.kernels(at: warp_best_level())!)[0]), x[..<count].reduce(0) { $0 + Double($1) }, accuracy: tolerance,
                    "\(count)")
            }
        }
        check(Float.self, 1e-4)
        check(Double.self, 1e-12)
    }

    func testSumRows() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for (rows, columns) in [(0, 3), (1, 1), (7, 40), (8, 17), (29, 35), (128, 9)] {
                let stride = columns + 3
                let x: [Scalar] = randomTensor([rows * stride + 1], seed: 1).scalars
                func sums(_ kernels: warp_kernels) -> [Scalar] {
                    var sums = [Scalar](repeating: 7, count: columns)
                    kernels.sum_rows(rows, columns, x, stride, &sums)
                    return sums
                }
                if rows > 0 { compareLevels(type, "sum_rows", 0, sums) }
                for (column, found) in sums(type.kernels(at: warp_best_level())!).enumerated() {
                    XCTAssertEqual(
                        Double(found), (0..<rows).reduce(0.0) { $0 + Double(x[$1 * stride + column]) }, accuracy: tolerance,
                        "\(rows)x\(columns)")
                }
            }
        }
        check(Float.self, 1e-5)
        check(Double.self, 1e-13)
    }
}
