import CWarpKernels
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Every instruction set that this processor has must agree with the baseline up to rounding.
final class KernelLevelTests: XCTestCase {
    func testCurrentLevelIsInForce() throws {
        let place = try XCTUnwrap(KernelLevel.allCases.firstIndex(of: .current))
        XCTAssertEqual(Int(Float.kernels.level.rawValue), place)
        XCTAssertEqual(Int(Double.kernels.level.rawValue), place)
        XCTAssertLessThanOrEqual(place, Int(warp_best_level().rawValue))
    }

    func testTablesUpToTheBestLevel() {
        for level in allLevels {
            let exists = level.rawValue <= warp_best_level().rawValue
            XCTAssertEqual(warp_kernels_float(level) != nil, exists)
            XCTAssertEqual(warp_kernels_double(level) != nil, exists)
            if exists {
                XCTAssertEqual(Float.kernels(at: level)?.level, level)
                XCTAssertEqual(Double.kernels(at: level)?.level, level)
            }
        }
    }

    func testSolve3() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            let (count, rightHandSides) = (131, 3)
            var a: [Scalar] = randomTensor([6, count], in: -0.5..<0.5, seed: 1).scalars
            for plane in [0, 3, 5] { for i in 0..<count { a[plane * count + i] += 2 } }
            let b: [Scalar] = randomTensor([3 * rightHandSides, count], seed: 2).scalars
            compareLevels(type, "solve3", tolerance) { kernels in
                var x = b
                XCTAssertEqual(kernels.solve3(count, count, Int32(rightHandSides), 0.125, a, &x), -1)
                return x
            }
            a[3 * count + 99] = -3
            for level in allLevels {
                var x = b
                if let kernels = Scalar.kernels(at: level) { XCTAssertEqual(kernels.solve3(count, count, 3, 0.125, a, &x), 99) }
            }
        }
        check(Float.self, 1e-5)
        check(Double.self, 1e-14)
    }

    func testRandomNumbers() {
        let key = warp_noise_key(seed: 0x1234_5678_9ABC_DEF0, call: 7, image: 3)
        func check<Scalar: KernelScalar>(_ type: Scalar.Type) {
            compareLevels(type, "normals", 2e-6) { kernels in
                var numbers = [Scalar](repeating: 0, count: 1001)
                kernels.normals(key, 3, numbers.count, &numbers)
                return numbers
            }
            compareLevels(type, "uniforms", 0) { kernels in
                var numbers = [Scalar](repeating: 0, count: 1001)
                kernels.uniforms(key, 3, numbers.count, &numbers)
                return numbers
            }
            compareLevels(type, "sample_normals", 2e-6) { kernels -> [Scalar] in sampleNormals(key, kernels) }
        }
        check(Float.self)
        check(Double.self)
        // Both scalar types see the same noise.
        for level in allLevels {
            guard let float = Float.kernels(at: level), let double = Double.kernels(at: level) else { continue }
            let (a, b): ([Float], [Double]) = (sampleNormals(key, float), sampleNormals(key, double))
            XCTAssertEqual(a.map { Double($0) }, b)
        }
    }

    func testPoints() {
        let matrix = [0.7, 0.1, 2, -0.2, 0.8, 1, 0.01, -0.005, 1]
        func check<Scalar: KernelScalar>(_ type: Scalar.Type) {
            let grid: [Scalar] = randomTensor([9, 13, 2], seed: 3).scalars
            compareLevels(type, "points_of_matrix", 1e-13) { kernels in
                var points = warp_points()
                kernels.points_of_matrix(matrix, 13, 20, 61, &points)
                return points.numbers
            }
            compareLevels(type, "points_of_grid", 1e-13) { kernels in
                var points = warp_points()
                kernels.points_of_grid(grid, 9, 13, [6, 5], [5.5, 4.5], 20, 61, &points)
                return points.numbers
            }
        }
        check(Float.self)
        check(Double.self)
    }

    func testSamplingAndItsAdjoints() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for padding in [warp_padding_zeros, warp_padding_border, warp_padding_reflection] {
                for alignCorners in [false, true] {
                    let scene = KernelScene<Scalar>(padding: padding, alignCorners: alignCorners)
                    let message = "padding \(padding.rawValue), corners aligned: \(alignCorners)"
                    compareLevels(type, "bilinear, \(message)", tolerance) { scene.bilinear($0) }
                    compareLevels(type, "linearized, \(message)", 10 * tolerance) { scene.linearized($0) }
                    compareLevels(type, "bilinear_scatter, \(message)", tolerance) { scene.bilinearScatter($0) }
                    compareLevels(type, "linearized_scatter, \(message)", 10 * tolerance) { scene.linearizedScatter($0) }
                }
            }
        }
        check(Float.self, 1e-5)
        check(Double.self, 1e-12)
    }

    private func compareLevels<Scalar: KernelScalar, Number: FloatingScalar>(
        _ type: Scalar.Type, _ name: String, _ tolerance: Double, _ run: (warp_kernels) -> [Number]
    ) {
        let baseline = Tensor(run(type.kernels(at: warp_level_baseline)!))
        XCTAssert(baseline.scalars.contains { $0 != 0 }, name)
        for level in allLevels {
            guard let kernels = type.kernels(at: level) else { continue }
            assertClose(Tensor(run(kernels)), baseline, tolerance: tolerance, "\(name), \(type), level \(level.rawValue)")
        }
    }
}

private let allLevels = [warp_level_baseline, warp_level_avx2, warp_level_avx512]

private protocol KernelScalar: FloatingScalar {
    static func kernels(at level: warp_level) -> warp_kernels?
}

extension Float: KernelScalar {
    fileprivate static func kernels(at level: warp_level) -> warp_kernels? { warp_kernels_float(level)?.pointee }
}

extension Double: KernelScalar {
    fileprivate static func kernels(at level: warp_level) -> warp_kernels? { warp_kernels_double(level)?.pointee }
}

private let samples = 6

/// Four normals for each auxiliary sample of a tile.
private func sampleNormals<Scalar: FloatingScalar>(_ key: warp_noise_key, _ kernels: warp_kernels) -> [Scalar] {
    var normals = [Scalar](repeating: 0, count: (samples - 1) * 4 * Int(warp_tile))
    kernels.sample_normals(key, Int32(samples), 100, Int32(warp_tile), &normals, Int(warp_tile))
    return normals
}

extension warp_points {
    /// All arrays, one after the other.
    fileprivate var numbers: [Double] {
        withUnsafeBytes(of: self) { bytes in
            let start = MemoryLayout<warp_points>.offset(of: \.u)!
            let arrays = UnsafeRawBufferPointer(rebasing: bytes[start...]).bindMemory(to: Double.self)
            return arrays.indices.filter { $0 % Int(warp_tile) < Int(count) }.map { arrays[$0] }
        }
    }
}

/// An image that a warp reads partly beyond its border. Points and noise are the baseline's at every level.
private struct KernelScene<Scalar: KernelScalar> {
    let channels = 3, height = 8, width = 11
    let padding: warp_padding
    let alignCorners: Bool
    let pixels: [Scalar]
    let normals: [Scalar]
    let cotangent: [Scalar]
    var points = warp_points()
    var options = warp_linearization(samples: Int32(samples), sigma: 1, collapse: 1, epsilon: 1e-3, bias: true)

    init(padding: warp_padding, alignCorners: Bool) {
        (self.padding, self.alignCorners) = (padding, alignCorners)
        pixels = randomTensor([channels, height, width], in: 0..<1, seed: 4).scalars
        cotangent = randomTensor([channels, Int(warp_tile)], seed: 5).scalars
        let baseline = Scalar.kernels(at: warp_level_baseline)!
        normals = sampleNormals(warp_noise_key(seed: 1, call: 2, image: 3), baseline)
        baseline.points_of_matrix([1.3, 0.1, -1.2, -0.2, 1.1, 0.3, 0.01, -0.005, 1], 9, 0, 61, &points)
    }

    /// Values and both slopes.
    private func run(_ body: (UnsafePointer<warp_image>, UnsafePointer<warp_points>, UnsafePointer<warp_run>) -> Void) -> [Scalar] {
        let size = channels * Int(warp_tile)
        var results = [Scalar](repeating: 0, count: 3 * size)
        results.withUnsafeMutableBufferPointer { results in
            let results = results.baseAddress!
            var run = warp_run(
                values: results, slope_u: results + size, slope_v: results + 2 * size, stride: Int(warp_tile), scale_u: 0.5, scale_v: 0.25)
            withImage(pixels) { image, points in body(image, points, &run) }
        }
        return results
    }

    private func scatter(
        _ body: (UnsafePointer<warp_image>, UnsafePointer<warp_points>, UnsafeMutablePointer<Scalar>) -> Void
    ) -> [Scalar] {
        var gradient = [Scalar](repeating: 0, count: pixels.count)
        gradient.withUnsafeMutableBufferPointer { gradient in
            withImage(pixels) { image, points in body(image, points, gradient.baseAddress!) }
        }
        return gradient
    }

    private func withImage(_ pixels: [Scalar], _ body: (UnsafePointer<warp_image>, UnsafePointer<warp_points>) -> Void) {
        pixels.withUnsafeBufferPointer { pixels in
            var image = warp_image(
                pixels: pixels.baseAddress!, channels: Int32(channels), height: Int32(height), width: Int32(width), padding: padding,
                align_corners: alignCorners)
            var points = points
            body(&image, &points)
        }
    }

    func bilinear(_ kernels: warp_kernels) -> [Scalar] { run { kernels.bilinear($0, $1, $2) } }

    func linearized(_ kernels: warp_kernels) -> [Scalar] {
        var options = options
        return run { kernels.linearized($0, $1, &options, normals, Int(warp_tile), $2) }
    }

    func bilinearScatter(_ kernels: warp_kernels) -> [Scalar] {
        scatter { kernels.bilinear_scatter($0, $1, cotangent, Int(warp_tile), $2) }
    }

    func linearizedScatter(_ kernels: warp_kernels) -> [Scalar] {
        var options = options
        return scatter { kernels.linearized_scatter($0, $1, &options, normals, Int(warp_tile), cotangent, Int(warp_tile), $2) }
    }
}
