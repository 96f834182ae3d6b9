import CWarpKernels
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// Every instruction set that this processor has must agree with the baseline up to rounding, and those with fused multiply-add bit for bit.
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
            for draws in [warp_draws_independent, warp_draws_lattice] {
                compareLevels(type, "sample_normals", 2e-6) { kernels -> [Scalar] in sampleNormals(key, draws, kernels) }
            }
        }
        check(Float.self)
        check(Double.self)
        // Both scalar types see the same noise.
        for level in allLevels {
            guard let float = Float.kernels(at: level), let double = Double.kernels(at: level) else { continue }
            for draws in [warp_draws_independent, warp_draws_lattice] {
                let (a, b): ([Float], [Double]) = (sampleNormals(key, draws, float), sampleNormals(key, draws, double))
                XCTAssertEqual(a.map { Double($0) }, b)
            }
        }
    }

    func testSamplingAndItsAdjoints() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            for padding in [warp_padding_zeros, warp_padding_border, warp_padding_reflection] {
                for alignCorners in [false, true] {
                    for form in KernelGrid.allCases {
                        let scene = KernelScene<Scalar>(padding: padding, alignCorners: alignCorners, form: form)
                        let message = "padding \(padding.rawValue), corners aligned: \(alignCorners), \(form)"
                        compareLevels(type, "bilinear, \(message)", tolerance) { scene.bilinear($0) }
                        for (elements, channels) in [3, 4, 5].flatMap({ [(warp_elements_floats, $0), (warp_elements_bytes, $0)] }) {
                            let message = "\(channels) interleaved channels of elements \(elements.rawValue), \(message)"
                            compareLevels(type, "bilinear, \(message)", tolerance) { scene.interleaved($0, elements, channels) }
                            compareLevels(type, "bilinear_gradient, \(message)", tolerance) {
                                scene.interleavedGradient($0, elements, channels)
                            }
                        }
                        compareLevels(type, "linearized, \(message)", 10 * tolerance) { scene.linearized($0, isNoiseGiven: true) }
                        compareLevels(type, "bilinear_scatter, \(message)", tolerance) { scene.bilinearScatter($0) }
                        compareLevels(type, "linearized_scatter, \(message)", 10 * tolerance) {
                            scene.linearizedScatter($0, isNoiseGiven: true)
                        }
                        // Noise that is drawn is rounded as Float's.
                        compareLevels(type, "linearized under noise, \(message)", 1e-4) { scene.linearized($0, isNoiseGiven: false) }
                        compareLevels(type, "linearized_scatter under noise, \(message)", 1e-4) {
                            scene.linearizedScatter($0, isNoiseGiven: false)
                        }
                        compareLevels(type, "linearized under shared noise, \(message)", 1e-4) {
                            scene.linearized($0, isNoiseGiven: false, isNoiseShared: true)
                        }
                        compareLevels(type, "linearized_rows, \(message)", 10 * tolerance) { scene.linearizedRows($0) }
                        compareLevels(type, "bilinear_gradient, \(message)", tolerance) { scene.bilinearGradient($0) }
                        compareLevels(type, "slope_gradient, \(message)", tolerance) { scene.slopeGradient($0) }
                    }
                }
            }
        }
        check(Float.self, 2e-5)
        check(Double.self, 1e-12)
    }

    /// The transforms and products of convolutions by Fourier transforms, with a last part of rows and columns that fills no tile.
    func testFourier() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            let matrix: [Scalar] = randomTensor([19, 7], seed: 1).scalars
            let source: [Scalar] = randomTensor([16, 16, 16], seed: 2).scalars
            compareLevels(type, "map_rows", tolerance) { kernels in
                var target = [Scalar](repeating: 0, count: 19 * 37)
                kernels.map_rows(19, 7, matrix, 37, source, 40, &target, 37)
                return target
            }
            compareLevels(type, "complex_products", tolerance) { kernels in
                var target = [Scalar](repeating: 0, count: 2 * 11 * 16)
                kernels.complex_products(11, 5, source, 5, 100, Array(source.dropFirst(300)), 80, &target, 16, 11 * 16)
                return target
            }
            compareLevels(type, "complex_sums", tolerance) { kernels in
                var sums = [Scalar](repeating: 1, count: 2 * 6 * 3)
                kernels.complex_sums(6, 3, 2, source, 100, 300, Array(source.dropFirst(700)), 50, 200, &sums, 18)
                return sums
            }
            for (rows, columns) in [(16, 16), (7, 5)] {
                let padded = (0..<source.count).map { $0 / 256 < rows ? source[$0] : 0 }
                compareLevels(type, "fourier_tile", 10 * tolerance) { kernels in
                    var target = [Scalar](repeating: 0, count: 144 * 2 * 16)
                    kernels.fourier_tile(Int32(rows), Int32(columns), padded, 256, columns == 5, &target, 32, 16)
                    return target
                }
            }
            let spectrum: [Scalar] = randomTensor([144, 2, 16], seed: 3).scalars
            compareLevels(type, "fourier_tile_inverse", tolerance) { kernels in
                var tile = [Scalar](repeating: 0, count: 16 * 16 * 16)
                kernels.fourier_tile_inverse(9, spectrum, 32, 16, &tile, 256)
                return tile
            }
        }
        check(Float.self, 1e-5)
        check(Double.self, 1e-14)
    }

    /// Convolutions of planes beside plain loops: each number of outputs, positions that fill no tile.
    func testCorrelations() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) {
            let places = [0, 1, 2, 40, 41, 42, 300, 301, 302]
            let source: [Scalar] = randomTensor([700], seed: 1).scalars
            for outputs in 1...4 {
                let weights: [Scalar] = randomTensor([places.count, outputs], seed: 2).scalars
                for count in [1, 15, 16, 100, 290] {
                    let name = "correlate, \(outputs) outputs, \(count) positions"
                    let expected = (0..<outputs).flatMap { o in
                        (0..<count).map { i in
                            places.indices.reduce(0.0) { $0 + Double(source[places[$1] + i]) * Double(weights[$1 * outputs + o]) }
                        }
                    }
                    compareLevels(type, name, tolerance) { kernels in
                        var out = [Scalar](repeating: 0, count: outputs * 320)
                        kernels.correlate(Int32(outputs), Int32(places.count), places, weights, source, Int32(count), &out, 320)
                        let values = (0..<outputs).flatMap { out[$0 * 320..<$0 * 320 + count] }
                        assertClose(Tensor(values.map { Double($0) }), Tensor(expected), tolerance: 10 * tolerance, name)
                        return values
                    }
                }
                let cotangent: [Scalar] = randomTensor([outputs, 304], seed: 3).scalars
                let name = "correlate_weights, \(outputs) outputs"
                let expected = places.flatMap { place in
                    (0..<outputs).flatMap { o in
                        (0..<16).map { lane in
                            stride(from: lane, to: 304, by: 16).reduce(1.0) {
                                $0 + Double(source[place + $1]) * Double(cotangent[o * 304 + $1])
                            }
                        }
                    }
                }
                compareLevels(type, name, tolerance) { kernels in
                    var sums = [Scalar](repeating: 1, count: places.count * outputs * 16)
                    kernels.correlate_weights(Int32(outputs), Int32(places.count), places, source, cotangent, 304, 304, &sums)
                    assertClose(Tensor(sums.map { Double($0) }), Tensor(expected), tolerance: 10 * tolerance, name)
                    return sums
                }
            }
        }
        check(Float.self, 1e-5)
        check(Double.self, 1e-14)
    }

    func compareLevels<Scalar: KernelScalar, Number: FloatingScalar>(
        _ type: Scalar.Type, _ name: String, _ tolerance: Double, _ run: (warp_kernels) -> [Number]
    ) {
        let baseline = Tensor(run(type.kernels(at: warp_level_baseline)!))
        XCTAssert(baseline.scalars.contains { $0 != 0 }, name)
        for level in allLevels {
            guard let kernels = type.kernels(at: level) else { continue }
            assertClose(Tensor(run(kernels)), baseline, tolerance: tolerance, "\(name), \(type), level \(level.rawValue)")
        }
        guard let avx2 = type.kernels(at: warp_level_avx2), let avx512 = type.kernels(at: warp_level_avx512) else { return }
        XCTAssertEqual(run(avx2), run(avx512), "\(name), \(type): AVX2 and AVX-512")
    }
}

let allLevels = [warp_level_baseline, warp_level_avx2, warp_level_avx512]

protocol KernelScalar: FloatingScalar {
    static func kernels(at level: warp_level) -> warp_kernels?
}

extension Float: KernelScalar {
    static func kernels(at level: warp_level) -> warp_kernels? { warp_kernels_float(level)?.pointee }
}

extension Double: KernelScalar {
    static func kernels(at level: warp_level) -> warp_kernels? { warp_kernels_double(level)?.pointee }
}

private let pixels = 61, channels = 3

/// Five pairs of normals for each pixel.
private func sampleNormals<Scalar: FloatingScalar>(_ key: warp_noise_key, _ draws: warp_draws, _ kernels: warp_kernels) -> [Scalar] {
    var normals = [Scalar](repeating: 0, count: 2 * 5 * pixels)
    kernels.sample_normals(key, draws, 5, 1, 100, Int32(pixels), &normals, pixels)
    return normals
}

private enum KernelGrid: CaseIterable {
    case affine, perspective, points
}

/// An image that a warp reads partly beyond its border. The noise is the baseline's at every level.
private struct KernelScene<Scalar: KernelScalar> {
    let height = 8, width = 11, targetWidth = 9, targetHeight = 7
    let padding: warp_padding
    let alignCorners: Bool
    let isPoints: Bool
    let image, normals, cotangent: [Scalar]
    let variable: [Scalar]

    init(padding: warp_padding, alignCorners: Bool, form: KernelGrid) {
        (self.padding, self.alignCorners) = (padding, alignCorners)
        isPoints = form == .points
        image = randomTensor([channels, height, width], in: 0..<1, seed: 4).scalars
        cotangent = randomTensor([5, pixels], seed: 5).scalars
        normals = randomTensor([5, 4, targetHeight, targetWidth], in: -2..<2, seed: 6).scalars
        let perspective: [Scalar] = form == .perspective ? [0.1, -0.05, 1] : [0, 0, 1]
        variable =
            isPoints ? randomTensor([targetHeight, targetWidth, 2], seed: 3).scalars : [1.2, 0.1, -0.1, -0.2, 1.1, 0.2] + perspective
    }

    /// Calls `body` with the image, the grid and a run's place in it.
    private func with(
        _ body: (UnsafePointer<warp_image>, UnsafePointer<warp_grid>, _ first: Int32, _ count: Int32) -> Void
    ) {
        image.withUnsafeBufferPointer { image in
            variable.withUnsafeBufferPointer { variable in
                var image = warp_image(
                    pixels: image.baseAddress!, channels: Int32(channels), height: Int32(height), width: Int32(width), padding: padding,
                    align_corners: alignCorners)
                var grid = warp_grid(
                    matrix: isPoints ? nil : variable.baseAddress!, points: isPoints ? variable.baseAddress! : nil,
                    height: Int32(targetHeight), width: Int32(targetWidth), align_corners: alignCorners)
                body(&image, &grid, 2, Int32(pixels))
            }
        }
    }

    /// `size` numbers that `body` writes or adds to.
    private func collect(_ size: Int, _ body: (UnsafeMutablePointer<Scalar>) -> Void) -> [Scalar] {
        var numbers = [Scalar](repeating: 0, count: size)
        numbers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
        return numbers
    }

    /// Values and both slopes.
    private func results(_ body: (UnsafePointer<warp_run>) -> Void) -> [Scalar] {
        let size = channels * pixels
        return collect(3 * size) {
            var run = warp_run(values: $0, slope_u: $0 + size, slope_v: $0 + 2 * size, stride: pixels)
            body(&run)
        }
    }

    /// By the matrix or the points.
    private func gradient(_ body: (UnsafePointer<warp_grid_gradient>) -> Void) -> [Scalar] {
        var matrix = [Double](repeating: 0, count: 9)
        let points = collect(variable.count) { points in
            matrix.withUnsafeMutableBufferPointer {
                var gradient = warp_grid_gradient(matrix: isPoints ? nil : $0.baseAddress!, points: isPoints ? points : nil)
                body(&gradient)
            }
        }
        return isPoints ? points : matrix.map { Scalar($0) }
    }

    func bilinear(_ kernels: warp_kernels) -> [Scalar] {
        results { results in with { kernels.bilinear($0, $1, $2, $3, results) } }
    }

    func interleaved(_ kernels: warp_kernels, _ elements: warp_elements, _ channels: Int) -> [Scalar] {
        collect(channels * pixels) { values in
            withInterleaved(elements, channels) { kernels.bilinear_interleaved($0, elements, $1, $2, $3, values, pixels) }
        }
    }

    func interleavedGradient(_ kernels: warp_kernels, _ elements: warp_elements, _ channels: Int) -> [Scalar] {
        gradient { out in
            withInterleaved(elements, channels) {
                kernels.bilinear_interleaved_gradient($0, elements, $1, $2, $3, cotangent, pixels, out)
            }
        }
    }

    private func withInterleaved(
        _ elements: warp_elements, _ channels: Int,
        _ body: (UnsafePointer<warp_image>, UnsafePointer<warp_grid>, _ first: Int32, _ count: Int32) -> Void
    ) {
        let numbers: [Float] = randomTensor([height * width * channels], in: 0..<1, seed: 7).scalars
        let bytes = numbers.map { UInt8($0 * 255) }
        numbers.withUnsafeBytes { numbers in
            bytes.withUnsafeBytes { bytes in
                with { image, grid, first, count in
                    var image = image.pointee
                    image.pixels = elements == warp_elements_bytes ? bytes.baseAddress! : numbers.baseAddress!
                    image.channels = Int32(channels)
                    body(&image, grid, first, count)
                }
            }
        }
    }

    func linearized(_ kernels: warp_kernels, isNoiseGiven: Bool, isNoiseShared: Bool = false) -> [Scalar] {
        results { results in
            withNoise(isNoiseGiven, isShared: isNoiseShared) { options, noise in
                with { kernels.linearized($0, $1, options, noise, $2, $3, results) }
            }
        }
    }

    /// X and Y.
    func linearizedRows(_ kernels: warp_kernels) -> [Double] {
        var (x, y) = ([Double](repeating: 0, count: pixels * 5 * 3), [Double](repeating: 0, count: pixels * 5 * channels))
        _ = collect(channels * pixels) { centres in
            withNoise(true) { options, noise in
                with { kernels.linearized_rows($0, $1, options, noise, $2, $3, &x, &y, centres, pixels) }
            }
        }
        return x + y
    }

    func bilinearScatter(_ kernels: warp_kernels) -> [Scalar] {
        collect(image.count) { out in with { kernels.bilinear_scatter($0, $1, $2, $3, cotangent, pixels, out) } }
    }

    func linearizedScatter(_ kernels: warp_kernels, isNoiseGiven: Bool) -> [Scalar] {
        collect(image.count) { out in
            withNoise(isNoiseGiven) { options, noise in
                with { kernels.linearized_scatter($0, $1, options, noise, $2, $3, cotangent, pixels, out) }
            }
        }
    }

    func bilinearGradient(_ kernels: warp_kernels) -> [Scalar] {
        gradient { out in with { kernels.bilinear_gradient($0, $1, $2, $3, cotangent, pixels, out) } }
    }

    func slopeGradient(_ kernels: warp_kernels) -> [Scalar] {
        gradient { out in with { kernels.slope_gradient($0, $1, $2, $3, image, cotangent, cotangent, pixels, out) } }
    }

    private func withNoise(
        _ isGiven: Bool, isShared: Bool = false, _ body: (UnsafePointer<warp_linearization>, UnsafePointer<warp_noise>) -> Void
    ) {
        normals.withUnsafeBufferPointer {
            var options = warp_linearization(
                samples: 6, sigma: 1, frame: warp_frame_target, collapse: 1, epsilon: 1e-3, bias: warp_bias_height, counts_outside: false,
                draws: warp_draws_independent)
            var noise = warp_noise(key: warp_noise_key(seed: 1, call: 2, image: 3), given: isGiven ? $0.baseAddress : nil, shared: isShared)
            body(&options, &noise)
        }
    }
}
