import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

/// A block of ResNet that doubles the channels and halves the size, without what follows the sum.
let residualBlock: ResidualLayer = {
    let halving = ConvolutionGeometry(stride: 2, padding: 1)
    return ResidualLayer(
        Chain([
            ConvolutionLayer("r.convolution1", 2, 4, kernel: 3, geometry: halving), BatchNormalizationLayer("r.norm1", channels: 4),
            ReLULayer(),
            ConvolutionLayer("r.convolution2", 4, 4, kernel: 3, geometry: ConvolutionGeometry(padding: 1)),
            BatchNormalizationLayer("r.norm2", channels: 4),
        ]),
        shortcut: Chain([
            ConvolutionLayer("r.shortcut", 2, 4, kernel: 1, geometry: ConvolutionGeometry(stride: 2)),
            BatchNormalizationLayer("r.shortcutNorm", channels: 4),
        ]))
}()

/// Pooling, upsampling, transposed convolutions, normalizations and residual blocks against plain loops over every index.
final class LayerTests: XCTestCase {
    private typealias Doubles = Tensor<Double>

    /// A tensor made element by element.
    private func tensor(_ shape: [Int], _ element: ([Int]) -> Double) -> Doubles { Tensor(indices(of: shape).map(element), shape: shape) }

    /// In Float too, which has code of its own.
    private func check(
        _ x: [Doubles], _ expected: Doubles, _ name: String, _ double: ([Doubles]) -> Doubles, _ float: ([Tensor<Float>]) -> Tensor<Float>
    ) {
        assertClose(double(x), expected, tolerance: 1e-12, name)
        assertClose(float(x.map { $0.cast(to: Float.self) }).cast(to: Double.self), expected, tolerance: 1e-4, "\(name) in Float")
    }

    func testMaxPooling() {
        // Fewer windows in a row than in a vector, as many, and more; rows with a rest that fits no window.
        for (size, stride, height, width) in [
            (2, 2, 6, 2), (2, 2, 7, 13), (2, 2, 5, 16), (2, 2, 4, 17), (2, 2, 6, 19), (2, 2, 3, 50), (3, 2, 8, 21), (2, 3, 9, 20),
            (3, 3, 3, 3),
        ] {
            // Few values, so that several are equally large, and some that are none.
            let whole: Doubles = randomTensor([2, 3, height, width])
            let x = Doubles(
                whole.scalars.map { abs($0) > 1.5 ? ($0 > 0 ? .nan : -.infinity) : ($0 * 2).rounded() }, shape: whole.shape)
            let shape = [2, 3, (height - size) / stride + 1, (width - size) / stride + 1]
            /// The first of the largest, or of those that are no numbers.
            func place(_ i: [Int]) -> [Int] {
                let window = indices(of: [size, size]).map { [i[0], i[1], i[2] * stride + $0[0], i[3] * stride + $0[1]] }
                func value(_ place: [Int]) -> Double { x[place[0], place[1], place[2], place[3]] }
                return window.first { value($0).isNaN } ?? window.reduce(window[0]) { value($1) > value($0) ? $1 : $0 }
            }
            let values = indices(of: shape).map { i in
                let place = place(i)
                return x[place[0], place[1], place[2], place[3]]
            }
            var slopes = Doubles.zeros(x.shape)
            let cotangent = Doubles((0..<values.count).map(Double.init), shape: shape)
            for i in indices(of: shape) {
                let place = place(i)
                slopes[place[0], place[1], place[2], place[3]] += cotangent[i[0], i[1], i[2], i[3]]
            }
            let name = "windows of \(size), \(stride) apart, of \(height)x\(width)"
            func check<Scalar: FloatingScalar>(_ type: Scalar.Type) {
                let x = x.cast(to: type)
                let value = maxPooled(x, size: size, stride: stride)
                let gradient = valueWithGradient(at: x) { (maxPooled($0, size: size, stride: stride) * cotangent.cast(to: type)).sum() }
                    .gradient
                XCTAssertEqual(value.scalars.map { "\($0)" }, values.map { "\(Scalar($0))" }, "\(name), \(type)")
                XCTAssertEqual(gradient.scalars, slopes.scalars.map { Scalar($0) }, "\(name), \(type), gradient")
            }
            check(Float.self)
            check(Double.self)
        }
    }

    func testAveragePooling() {
        for (size, stride, height, width) in [(2, 2, 4, 3), (3, 1, 6, 5), (1, 3, 3, 3), (3, 2, 3, 3), (2, 5, 2, 2)] {
            let x: Doubles = randomTensor([2, 3, 8, 7])
            let expected = tensor([2, 3, height, width]) { i in
                let window = indices(of: [size, size]).map { x[i[0], i[1], i[2] * stride + $0[0], i[3] * stride + $0[1]] }
                return window.reduce(0, +) / Double(size * size)
            }
            let name = "windows of \(size), \(stride) apart"
            check(
                [x], expected, name, { averagePooled($0[0], size: size, stride: stride) },
                { averagePooled($0[0], size: size, stride: stride) })
        }
        let x: Doubles = randomTensor([2, 3, 4, 5])
        let layer = GlobalAveragePoolingLayer()
        let means = tensor([2, 3]) { i in indices(of: [4, 5]).map { x[i[0], i[1], $0[0], $0[1]] }.reduce(0, +) / 20 }
        assertClose(layer.evaluated(x, layer.initialParameters(seed: 1)), means, tolerance: 1e-14, "global")
    }

    func testUpsampling() {
        let x: Doubles = randomTensor([2, 3, 4, 5])
        for (height, width) in [(4, 5), (8, 10), (12, 15), (7, 6), (13, 40)] {
            /// The place of the centre of a result's pixel in units of the image's pixels, from the centre of the first.
            func place(_ i: Int, _ length: Int, _ result: Int) -> Double {
                min(max((Double(i) + 0.5) * Double(length) / Double(result) - 0.5, 0), Double(length - 1))
            }
            let bilinear = tensor([2, 3, height, width]) { i in
                let (y, column) = (place(i[2], 4, height), place(i[3], 5, width))
                return indices(of: [4, 5]).reduce(0) { sum, pixel in
                    let weight = max(0, 1 - abs(y - Double(pixel[0]))) * max(0, 1 - abs(column - Double(pixel[1])))
                    return sum + weight * x[i[0], i[1], pixel[0], pixel[1]]
                }
            }
            let nearest = tensor([2, 3, height, width]) { i in x[i[0], i[1], i[2] * 4 / height, i[3] * 5 / width] }
            for (method, expected) in [(UpsamplingMethod.bilinear, bilinear), (.nearest, nearest)] {
                check(
                    [x], expected, "\(method) to \(height) x \(width)", { upsampled($0[0], height: height, width: width, method) },
                    { upsampled($0[0], height: height, width: width, method) })
            }
        }
        for method in UpsamplingMethod.allCases {
            XCTAssertEqual(upsampled(x, height: 4, width: 5, method), x)
            XCTAssertEqual(upsampled(x, by: 3, method), upsampled(x, height: 12, width: 15, method))
        }
    }

    func testTransposedConvolution() {
        var random = RandomSource(seed: 9)
        func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        var checked = 0
        while checked < 30 {
            let g = ConvolutionGeometry(stride: draw(1...3), padding: draw(0...2), dilation: draw(1...2), groups: draw(1...3))
            let (kernelHeight, kernelWidth, outputPadding) = (draw(1...5), draw(1...5), draw(0...g.stride - 1))
            let (inputs, outputs) = (draw(1...4), draw(1...9))
            // From 8 images on, pixels of several images are computed together.
            let x: Doubles = randomTensor([checked % 3 == 0 ? 9 : 2, g.groups * inputs, draw(1...6), draw(1...7)], seed: UInt64(checked))
            let weight: Doubles = randomTensor([g.groups * inputs, outputs, kernelHeight, kernelWidth], seed: UInt64(100 + checked))
            let bias: Doubles = randomTensor([g.groups * outputs], seed: 3)
            let height = (x.shape[2] - 1) * g.stride - 2 * g.padding + g.dilation * (kernelHeight - 1) + 1 + outputPadding
            let width = (x.shape[3] - 1) * g.stride - 2 * g.padding + g.dilation * (kernelWidth - 1) + 1 + outputPadding
            guard height > 0 && width > 0 else { continue }
            checked += 1
            var expected = bias.reshaped([-1, 1, 1]).broadcast(to: [x.shape[0], g.groups * outputs, height, width])
            expected.withMutableScalars { sums in
                for i in indices(of: x.shape) {
                    for tap in indices(of: [outputs, kernelHeight, kernelWidth]) {
                        let (y, column) = (
                            i[2] * g.stride + tap[1] * g.dilation - g.padding, i[3] * g.stride + tap[2] * g.dilation - g.padding
                        )
                        guard (0..<height).contains(y) && (0..<width).contains(column) else { continue }
                        let output = i[1] / inputs * outputs + tap[0]
                        sums[((i[0] * g.groups * outputs + output) * height + y) * width + column] +=
                            x[i[0], i[1], i[2], i[3]] * weight[i[1], tap[0], tap[1], tap[2]]
                    }
                }
            }
            check(
                [x, weight, bias], expected, "\(x.shape), \(weight.shape), \(g), \(outputPadding)",
                { transposedConvolution($0[0], $0[1], bias: $0[2], g, outputPadding: outputPadding) },
                { transposedConvolution($0[0], $0[1], bias: $0[2], g, outputPadding: outputPadding) })
        }
    }

    func testNormalizations() {
        let x: Doubles = randomTensor([2, 6, 3, 4], in: 1..<3)
        /// The element at an index less the mean of some others, and over the root of their variance.
        func standardized(_ index: [Int], among others: [[Int]]) -> Double {
            let values = others.map { x.element($0) }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
            return (x.element(index) - mean) / (variance + 1e-5).squareRoot()
        }
        for groups in [1, 2, 3, 6] {
            let expected = tensor(x.shape) { i in
                standardized(i, among: indices(of: x.shape).filter { $0[0] == i[0] && $0[1] * groups / 6 == i[1] * groups / 6 })
            }
            check([x], expected, "\(groups) groups", { groupNormalized($0[0], groups: groups) }, { groupNormalized($0[0], groups: groups) })
            let layer = GroupNormalizationLayer("g", groups: groups, channels: 6)
            var parameters = layer.initialParameters(seed: 1, as: Double.self)
            assertClose(layer.evaluated(x, parameters), expected, tolerance: 1e-12, "at the beginning")
            (parameters["g.weight"], parameters["g.bias"]) = (randomTensor([6]), randomTensor([6], seed: 2))
            let changed = tensor(x.shape) { expected.element($0) * parameters["g.weight"][$0[1]] + parameters["g.bias"][$0[1]] }
            assertClose(layer.evaluated(x, parameters), changed, tolerance: 1e-12, "scaled and shifted")
        }
        for axes in 1...4 {
            let expected = tensor(x.shape) { i in
                standardized(i, among: indices(of: x.shape).filter { $0.prefix(4 - axes) == i.prefix(4 - axes) })
            }
            check([x], expected, "\(axes) axes", { layerNormalized($0[0], lastAxes: axes) }, { layerNormalized($0[0], lastAxes: axes) })
            let layer = LayerNormalizationLayer("l", shape: Array(x.shape.suffix(axes)))
            var parameters = layer.initialParameters(seed: 1, as: Double.self)
            (parameters["l.weight"], parameters["l.bias"]) = (randomTensor(layer.shape), randomTensor(layer.shape, seed: 2))
            let changed = tensor(x.shape) { i in
                expected.element(i) * parameters["l.weight"].element(i) + parameters["l.bias"].element(i)
            }
            assertClose(layer.evaluated(x, parameters), changed, tolerance: 1e-12, "\(axes) axes, scaled and shifted")
        }
    }

    func testResidualBlocks() {
        let x: Doubles = randomTensor([3, 2, 6, 5])
        XCTAssertEqual(
            residualBlock.specifications.map(\.name).filter { $0.hasSuffix(".weight") },
            [
                "r.convolution1.weight", "r.norm1.weight", "r.convolution2.weight", "r.norm2.weight", "r.shortcut.weight",
                "r.shortcutNorm.weight",
            ])
        var context = Context(residualBlock.initialParameters(seed: 1, as: Double.self), isTraining: true)
        let expected = residualBlock.body(x, &context) + residualBlock.shortcut!(x, &context)
        let tracked = context.tracked
        context.tracked = [:]
        XCTAssertEqual(residualBlock(x, &context), expected)
        XCTAssertEqual(context.tracked, tracked)
        XCTAssertEqual(tracked.count, 6)
        let identity = ResidualLayer(TanhLayer())
        XCTAssertEqual(identity.evaluated(x, identity.initialParameters(seed: 1)), x.tanh() + x)
    }

    func testShapesThatDoNotFit() {
        func x(_ shape: [Int]) -> Tensor<Float> { .zeros(shape) }
        func evaluate(_ module: some Module, _ shape: [Int]) { _ = module.evaluated(x(shape), module.initialParameters(seed: 1)) }
        let doubling = ConvolutionGeometry(stride: 2)
        assertTraps("average of a window that is too large") { _ = averagePooled(x([1, 2, 4, 2]), size: 3, stride: 1) }
        assertTraps("channels") { _ = transposedConvolution(x([1, 2, 4, 4]), x([3, 2, 3, 3])) }
        assertTraps("output padding") { _ = transposedConvolution(x([1, 2, 4, 4]), x([2, 2, 3, 3]), doubling, outputPadding: 2) }
        assertTraps("more padding than there is") {
            _ = transposedConvolution(x([1, 2, 1, 4]), x([2, 2, 3, 3]), ConvolutionGeometry(padding: 2))
        }
        assertTraps("bias") { _ = transposedConvolution(x([1, 2, 4, 4]), x([2, 3, 3, 3]), bias: x([2]), doubling) }
        assertTraps("smaller") { _ = upsampled(x([1, 2, 4, 4]), height: 3, width: 5, .bilinear) }
        assertTraps("groups") { _ = groupNormalized(x([1, 4, 2]), groups: 3) }
        assertTraps("axes") { _ = layerNormalized(x([4, 2]), lastAxes: 3) }
        assertTraps("channels of a group normalization") { evaluate(GroupNormalizationLayer("g", groups: 2, channels: 4), [1, 2, 3]) }
        assertTraps("axes of a layer normalization") { evaluate(LayerNormalizationLayer("l", shape: [4]), [4, 2]) }
        assertTraps("a body of another size") { evaluate(ResidualLayer(MaxPoolingLayer()), [1, 2, 4, 4]) }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let x: Tensor<Float> = randomTensor([9, 8, 33, 21])
        let weight: Tensor<Float> = randomTensor([8, 20, 3, 3], seed: 2)
        let operations: [(Tensor<Float>, Tensor<Float>) -> Tensor<Float>] = [
            { transposedConvolution($0, $1, ConvolutionGeometry(padding: 1)) },
            { transposedConvolution($0, $1, ConvolutionGeometry(stride: 2, padding: 1), outputPadding: 1) },
            { x, _ in averagePooled(x, size: 3, stride: 2) }, { x, _ in upsampled(x, by: 2, .bilinear) },
            { x, _ in upsampled(x, height: 40, width: 50, .nearest) }, { x, _ in groupNormalized(x, groups: 2) },
            { x, _ in layerNormalized(x, lastAxes: 3) }, { x, _ in x.gelu() + x.leakyReLU() },
        ]
        for (i, operation) in operations.enumerated() {
            func run(_ threads: Int) -> [Tensor<Float>] {
                Threads.with(count: threads) {
                    let (value, gradients) = valueWithGradient(at: [x, weight]) { operation($0[0], $0[1]).squared().sum() }
                    return [value] + gradients
                }
            }
            let one = run(1)
            for threads in 2...4 { XCTAssertEqual(run(threads), one, "operation \(i)") }
        }
    }
}
