import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

final class ConvolutionTests: XCTestCase {
    /// Seven loops: image, output channel, row, column, input channel, kernel row, kernel column. Calls `body` with the places of an image's pixel,
    /// of a weight and of the output to which their product belongs.
    private func forEachProduct(
        _ x: [Int], _ weight: [Int], _ g: ConvolutionGeometry, _ body: (_ pixel: Int, _ weight: Int, _ output: Int) -> Void
    ) -> [Int] {
        let (kernelHeight, kernelWidth) = (weight[2], weight[3])
        let height = (x[2] + 2 * g.padding - g.dilation * (kernelHeight - 1) - 1) / g.stride + 1
        let width = (x[3] + 2 * g.padding - g.dilation * (kernelWidth - 1) - 1) / g.stride + 1
        let (groupInputs, groupOutputs) = (weight[1], weight[0] / g.groups)
        var output = 0
        for n in 0..<x[0] {
            for o in 0..<weight[0] {
                for row in 0..<height {
                    for column in 0..<width {
                        for c in 0..<groupInputs {
                            let channel = n * x[1] + o / groupOutputs * groupInputs + c
                            for ky in 0..<kernelHeight {
                                for kx in 0..<kernelWidth {
                                    let y = row * g.stride + ky * g.dilation - g.padding
                                    let xx = column * g.stride + kx * g.dilation - g.padding
                                    guard (0..<x[2]).contains(y) && (0..<x[3]).contains(xx) else { continue }
                                    body(
                                        (channel * x[2] + y) * x[3] + xx,
                                        ((o * groupInputs + c) * kernelHeight + ky) * kernelWidth + kx, output)
                                }
                            }
                        }
                        output += 1
                    }
                }
            }
        }
        return [x[0], weight[0], height, width]
    }

    private func naive(_ x: Tensor<Double>, _ weight: Tensor<Double>, _ g: ConvolutionGeometry) -> Tensor<Double> {
        let shape = forEachProduct(x.shape, weight.shape, g) { _, _, _ in }
        let (pixels, weights) = (x.scalars, weight.scalars)
        var sums = [Double](repeating: 0, count: shape.reduce(1, *))
        _ = forEachProduct(x.shape, weight.shape, g) { sums[$2] += pixels[$0] * weights[$1] }
        return Tensor(sums, shape: shape)
    }

    /// By the images and by the kernels.
    private func naiveGradients(
        _ x: Tensor<Double>, _ weight: Tensor<Double>, _ g: ConvolutionGeometry, _ cotangent: Tensor<Double>
    ) -> [Tensor<Double>] {
        let (pixels, weights, outputs) = (x.scalars, weight.scalars, cotangent.scalars)
        var (byImages, byKernels) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: weight.count))
        _ = forEachProduct(x.shape, weight.shape, g) {
            byImages[$0] += outputs[$2] * weights[$1]
            byKernels[$1] += outputs[$2] * pixels[$0]
        }
        return [Tensor(byImages, shape: x.shape), Tensor(byKernels, shape: weight.shape)]
    }

    func testAgainstSevenLoops() {
        var random = RandomSource(seed: 4)
        func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        var checked = 0
        while checked < 40 {
            let groups = draw(1...3)
            let geometry = ConvolutionGeometry(stride: draw(1...3), padding: draw(0...4), dilation: draw(1...2), groups: groups)
            let (kernelHeight, kernelWidth) = (draw(1...7), draw(1...7))
            let (height, width) = (draw(1...19), draw(1...23))
            guard height + 2 * geometry.padding > geometry.dilation * (kernelHeight - 1),
                width + 2 * geometry.padding > geometry.dilation * (kernelWidth - 1)
            else { continue }
            checked += 1
            // From 8 images on, pixels of several images are computed together.
            let batch = checked % 3 == 0 ? draw(8...27) : draw(1...5)
            let x: Tensor<Double> = randomTensor([batch, groups * draw(1...4), height, width], seed: UInt64(checked))
            let weight: Tensor<Double> = randomTensor(
                [groups * draw(1...21), x.shape[1] / groups, kernelHeight, kernelWidth], seed: UInt64(1000 + checked))
            let expected = naive(x, weight, geometry)
            let name = "\(x.shape), \(weight.shape), \(geometry)"
            assertEveryAlgorithm(x, weight, geometry, expected, name)
        }
    }

    /// Winograd's tiles and pixels in lanes: odd sides, channels that fill no vector, several blocks of each, any padding.
    func testSmallKernels() {
        for (index, (x, outputs, kernel, padding, groups)) in [
            ([1, 1, 3, 3], 1, 3, 0, 1), ([2, 3, 7, 9], 5, 3, 1, 1), ([3, 20, 14, 15], 18, 3, 1, 1), ([1, 33, 8, 5], 17, 3, 2, 1),
            ([2, 4, 5, 6], 6, 3, 3, 2), ([1, 2, 12, 141], 3, 3, 1, 1), ([9, 18, 6, 6], 34, 3, 1, 2), ([1, 1, 1, 1], 1, 3, 1, 1),
            ([1, 5, 3, 3], 3, 1, 0, 1), ([7, 6, 7, 7], 50, 1, 0, 2), ([2, 17, 11, 13], 4, 1, 0, 1), ([3, 1, 1, 1], 1, 1, 0, 1),
        ].enumerated() {
            let images: Tensor<Double> = randomTensor(x, seed: UInt64(index))
            let weight: Tensor<Double> = randomTensor([outputs, x[1] / groups, kernel, kernel], seed: UInt64(100 + index))
            let geometry = ConvolutionGeometry(padding: padding, groups: groups)
            assertEveryAlgorithm(images, weight, geometry, naive(images, weight, geometry), "\(x), \(weight.shape), \(geometry)")
        }
    }

    /// Outputs several pixels apart: of the gradient by the images every so many columns have the same taps, or none; more padding than taps.
    func testStrides() {
        for (index, (x, outputs, kernel, geometry)) in [
            ([2, 3, 9, 10], 5, 3, ConvolutionGeometry(stride: 2, padding: 1)),
            ([1, 20, 8, 7], 18, 5, ConvolutionGeometry(stride: 2, padding: 2)),
            ([9, 4, 12, 12], 20, 3, ConvolutionGeometry(stride: 2)), ([2, 3, 11, 13], 2, 2, ConvolutionGeometry(stride: 4, padding: 1)),
            ([1, 5, 15, 16], 17, 7, ConvolutionGeometry(stride: 3, padding: 3)), ([3, 6, 7, 6], 4, 1, ConvolutionGeometry(stride: 2)),
            ([2, 4, 13, 12], 6, 3, ConvolutionGeometry(stride: 2, padding: 3, dilation: 2, groups: 2)),
            ([1, 2, 14, 9], 3, 4, ConvolutionGeometry(stride: 4, padding: 2, dilation: 2)),
            ([2, 3, 5, 6], 4, 3, ConvolutionGeometry(padding: 4)), ([1, 2, 2, 3], 3, 2, ConvolutionGeometry(stride: 5, padding: 6)),
        ].enumerated() {
            let images: Tensor<Double> = randomTensor(x, seed: UInt64(index))
            let weight: Tensor<Double> = randomTensor([outputs, x[1] / geometry.groups, kernel, kernel], seed: UInt64(100 + index))
            assertEveryAlgorithm(images, weight, geometry, naive(images, weight, geometry), "\(x), \(weight.shape), \(geometry)")
        }
    }

    /// More output pixels than a tile has.
    func testSeveralTiles() {
        let x: Tensor<Double> = randomTensor([2, 8, 40, 37])
        let weight: Tensor<Double> = randomTensor([3, 8, 7, 7], seed: 2)
        let geometry = ConvolutionGeometry(padding: 3)
        let expected = naive(x, weight, geometry)
        assertEveryAlgorithm(x, weight, geometry, expected, "\(x.shape)")
    }

    /// Images that are computed in several bands of rows.
    func testSeveralBands() {
        for (x, outputs, geometry) in [
            ([2, 2, 60, 260], 5, ConvolutionGeometry(padding: 2, dilation: 2)),
            ([1, 4, 33, 900], 4, ConvolutionGeometry(padding: 1, groups: 4)),
        ] {
            let images: Tensor<Double> = randomTensor(x)
            let weight: Tensor<Double> = randomTensor([outputs, x[1] / geometry.groups, 3, 3], seed: 2)
            assertEveryAlgorithm(images, weight, geometry, naive(images, weight, geometry), "\(x)")
        }
    }

    /// Every algorithm, forced on the same operands: values and gradients.
    private func assertEveryAlgorithm(
        _ x: Tensor<Double>, _ weight: Tensor<Double>, _ geometry: ConvolutionGeometry, _ expected: Tensor<Double>, _ name: String
    ) {
        let bias: Tensor<Double> = randomTensor([weight.shape[0]], seed: 3)
        let shifted = expected + bias.reshaped([1, -1, 1, 1])
        let cotangent: Tensor<Double> = randomTensor(expected.shape, seed: 7)
        let expectedGradients = naiveGradients(x, weight, geometry, cotangent)
        for algorithm in ConvolutionAlgorithm.allCases
        where algorithm.computes(kernelHeight: weight.shape[2], kernelWidth: weight.shape[3], geometry) {
            let name = "\(algorithm): \(name)"
            assertClose(convolved(x, weight, bias: nil, geometry, through: algorithm), expected, tolerance: 1e-11, name)
            assertClose(convolved(x, weight, bias: bias, geometry, through: algorithm), shifted, tolerance: 1e-11, name)
            let single = convolved(
                x.cast(to: Float.self), weight.cast(to: Float.self), bias: nil, geometry, through: algorithm)
            assertClose(single.cast(to: Double.self), expected, tolerance: 1e-4, name)
            let (_, gradients) = valueWithGradient(at: [x, weight]) {
                (convolved($0[0], $0[1], bias: nil, geometry, through: algorithm) * cotangent).sum()
            }
            for (found, expected) in zip(gradients, expectedGradients) { assertClose(found, expected, tolerance: 1e-11, name) }
        }
    }

    func testGlobalMaxIsTheMaximumOfTheConvolution() {
        for (batch, channels, outputs, kernel, geometry) in [
            (3, 4, 5, 4, ConvolutionGeometry(padding: 3)), (30, 4, 37, 4, ConvolutionGeometry(padding: 2, dilation: 2)),
            (9, 4, 18, 4, ConvolutionGeometry(padding: 1, groups: 2)), (1, 4, 1, 4, ConvolutionGeometry(stride: 2)),
            // By Fourier transforms: channels, outputs and images that fill no vector, cycles of odd and even lengths.
            (39, 21, 37, 7, ConvolutionGeometry(padding: 3)), (16, 32, 16, 7, ConvolutionGeometry(padding: 4)),
        ] {
            let x: Tensor<Double> = randomTensor([batch, channels, 8, 7])
            let weight: Tensor<Double> = randomTensor([outputs, channels / geometry.groups, kernel == 7 ? 6 : 3, kernel], seed: 2)
            let bias: Tensor<Double> = randomTensor([outputs], seed: 3)
            let cotangent: Tensor<Double> = randomTensor([batch, outputs], seed: 4)
            func gradients(_ operation: ([Tensor<Double>]) -> Tensor<Double>) -> (value: Tensor<Double>, gradients: [Tensor<Double>]) {
                valueWithGradient(at: [x, weight, bias]) { (operation($0) * cotangent).sum() }
            }
            let fused = gradients { convolutionGlobalMax($0[0], $0[1], bias: $0[2], geometry) }
            let plain = gradients { convolution($0[0], $0[1], bias: $0[2], geometry).max(axes: [2, 3]) }
            assertClose(fused.value, plain.value, tolerance: 1e-11, "\(geometry)")
            for (a, b) in zip(fused.gradients, plain.gradients) { assertClose(a, b, tolerance: 1e-11, "\(geometry)") }
            let single = convolutionGlobalMax(
                x.cast(to: Float.self), weight.cast(to: Float.self), bias: bias.cast(to: Float.self), geometry)
            let expected = convolution(x, weight, bias: bias, geometry).max(axes: [2, 3])
            assertClose(single.cast(to: Double.self), expected, tolerance: 3e-5, "\(geometry)")
        }
    }

    /// A NaN is larger than any number, whichever way the maximum is found.
    func testGlobalMaxOfNaN() {
        for channels in [4, 32] {
            var x: Tensor<Float> = randomTensor([20, channels, 6, 6])
            x[3, 1, 2, 4] = Tensor(.nan)
            let weight: Tensor<Float> = randomTensor([18, channels, 7, 7], seed: 2)
            let peaks = convolutionGlobalMax(x, weight, bias: .zeros([18]), ConvolutionGeometry(padding: 3))
            for image in 0..<20 { XCTAssertEqual(peaks[image].scalars.allSatisfy(\.isNaN), image == 3) }
        }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let x: Tensor<Float> = randomTensor([29, 3, 21, 21])
        var operations: [(kernel: Int, (Tensor<Float>, Tensor<Float>) -> Tensor<Float>)] = [
            (7, { convolutionGlobalMax($0, $1, bias: .zeros([36]), ConvolutionGeometry(padding: 3)) })
        ]
        for kernel in [1, 3, 7] {
            let geometry = ConvolutionGeometry(padding: kernel / 2)
            for algorithm in ConvolutionAlgorithm.allCases
            where algorithm.computes(kernelHeight: kernel, kernelWidth: kernel, geometry) {
                operations.append((kernel, { convolved($0, $1, bias: nil, geometry, through: algorithm) }))
            }
        }
        func assertSameBits(_ x: Tensor<Float>, kernel: Int, _ operation: (Tensor<Float>, Tensor<Float>) -> Tensor<Float>) {
            let weight: Tensor<Float> = randomTensor([36, x.shape[1], kernel, kernel], seed: 2)
            func run(_ threads: Int) -> [Tensor<Float>] {
                Threads.with(count: threads) {
                    let (value, gradients) = valueWithGradient(at: [x, weight]) { operation($0[0], $0[1]).squared().sum() }
                    return [value] + gradients
                }
            }
            let one = run(1)
            for threads in 2...4 { XCTAssertEqual(run(threads), one) }
        }
        for (kernel, operation) in operations { assertSameBits(x, kernel: kernel, operation) }
        // By Fourier transforms.
        assertSameBits(randomTensor([29, 16, 6, 6]), kernel: 7, operations[0].1)
    }
}
