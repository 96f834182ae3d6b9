import LinearAlgebra
import NeuralNetworks
import Sampling
import TestSupport
import Tensors
import XCTest

/// Every operation, layer and loss of NeuralNetworks without images, outputs or features. One that is not in this list fails
/// `testListIsComplete`.
private let samples: [EmptySample] = {
    var samples: [EmptySample] = []
    let geometries = [
        ConvolutionGeometry(padding: 1), ConvolutionGeometry(stride: 2), ConvolutionGeometry(padding: 2, dilation: 2),
        ConvolutionGeometry(stride: 2, padding: 1, groups: 2),
    ]
    for geometry in geometries {
        for (images, outputs) in [(0, 4), (2, 0), (9, 0), (0, 0)] {
            let (x, weight) = ([images, 2, 7, 7], [outputs, 2 / geometry.groups, 3, 3])
            let side = (7 + 2 * geometry.padding - 2 * geometry.dilation - 1) / geometry.stride + 1
            samples.append(
                EmptySample("convolution", [x, weight], gives: [images, outputs, side, side]) { convolution($0[0], $0[1], geometry) })
            samples.append(
                EmptySample("convolution", [x, weight, [outputs]], gives: [images, outputs, side, side], case: "bias") {
                    convolution($0[0], $0[1], bias: $0[2], geometry)
                })
            samples.append(
                EmptySample("convolutionGlobalMax", [x, weight, [outputs]], gives: [images, outputs]) {
                    convolutionGlobalMax($0[0], $0[1], bias: $0[2], geometry)
                })
        }
    }
    for shape in [[0, 3, 6, 7], [2, 0, 6, 7], [0, 0, 6, 7]] {
        samples.append(EmptySample("maxPooled", [shape], gives: [shape[0], shape[1], 3, 3]) { maxPooled($0[0], size: 2, stride: 2) })
        samples += layer("MaxPoolingLayer", MaxPoolingLayer(), shape, gives: [shape[0], shape[1], 3, 3])
        samples += layer("GlobalMaxPoolingLayer", GlobalMaxPoolingLayer(), shape, gives: [shape[0], shape[1]])
        samples.append(
            EmptySample("averagePooled", [shape], gives: [shape[0], shape[1], 3, 3]) { averagePooled($0[0], size: 2, stride: 2) })
        samples += layer("AveragePoolingLayer", AveragePoolingLayer(), shape, gives: [shape[0], shape[1], 3, 3])
        samples += layer("GlobalAveragePoolingLayer", GlobalAveragePoolingLayer(), shape, gives: [shape[0], shape[1]])
        for method in UpsamplingMethod.allCases {
            samples.append(
                EmptySample("upsampled", [shape], gives: [shape[0], shape[1], 9, 8]) { upsampled($0[0], height: 9, width: 8, method) })
            samples += layer("UpsamplingLayer", UpsamplingLayer(method), shape, gives: [shape[0], shape[1], 12, 14])
        }
    }
    for geometry in [ConvolutionGeometry(padding: 1), ConvolutionGeometry(stride: 2, groups: 2)] {
        for (images, inputs) in [(0, 4), (9, 0), (0, 0)] {
            let (outputs, side) = (3 * geometry.groups, 4 * geometry.stride + 3 - 2 * geometry.padding)
            samples.append(
                EmptySample("transposedConvolution", [[images, inputs, 5, 5], [inputs, 3, 3, 3]], gives: [images, outputs, side, side]) {
                    transposedConvolution($0[0], $0[1], geometry)
                })
        }
    }
    for shape in emptied([2, 4, 3]) {
        samples.append(EmptySample("groupNormalized", [shape], gives: shape) { groupNormalized($0[0], groups: 2) })
        samples.append(EmptySample("layerNormalized", [shape], gives: shape) { layerNormalized($0[0], lastAxes: 2) })
        samples += layer("GroupNormalizationLayer", GroupNormalizationLayer("g", groups: 2, channels: shape[1]), shape, gives: shape)
        samples += layer("LayerNormalizationLayer", LayerNormalizationLayer("l", shape: [shape[2]]), shape, gives: shape)
    }
    samples.append(EmptySample("softmaxCrossEntropy", [[0, 5]], gives: [], of: .nan) { softmaxCrossEntropy($0[0], []) })
    for shape in emptied([2, 3]) {
        samples.append(EmptySample("meanSquaredError", [shape, shape], gives: [], of: .nan) { meanSquaredError($0[0], $0[1]) })
        samples.append(EmptySample("meanAbsoluteError", [shape, shape], gives: [], of: .nan) { meanAbsoluteError($0[0], $0[1]) })
        samples += layer("ReLULayer", ReLULayer(), shape, gives: shape)
        samples += layer("LeakyReLULayer", LeakyReLULayer(), shape, gives: shape)
        samples += layer("GELULayer", GELULayer(), shape, gives: shape)
        samples += layer("SigmoidLayer", SigmoidLayer(), shape, gives: shape)
        samples += layer("TanhLayer", TanhLayer(), shape, gives: shape)
        samples += layer("ResidualLayer", ResidualLayer(ReLULayer()), shape, gives: shape)
        samples += layer("CenteringLayer", CenteringLayer(), shape, gives: shape)
        samples += layer("DropoutLayer", DropoutLayer(), shape, gives: shape)
    }
    for shape in emptied([2, 3, 4]) { samples += layer("FlattenLayer", FlattenLayer(), shape, gives: [shape[0], shape[1] * shape[2]]) }
    for (images, inputs, outputs) in [(0, 3, 4), (2, 0, 4), (2, 3, 0), (0, 0, 0)] {
        samples += layer("DenseLayer", DenseLayer("d", inputs, outputs), [images, inputs], gives: [images, outputs])
    }
    let small = ConvolutionLayer("c", 2, 3, kernel: 3)
    samples += layer("ConvolutionLayer", small, [0, 2, 5, 4], gives: [0, 3, 3, 2])
    samples += layer("TransposedConvolutionLayer", TransposedConvolutionLayer("t", 2, 3, kernel: 3), [0, 2, 5, 4], gives: [0, 3, 7, 6])
    samples += layer("GlobalMaxConvolutionLayer", GlobalMaxConvolutionLayer(small), [0, 2, 5, 4], gives: [0, 3])
    samples += layer("BatchNormalizationLayer", BatchNormalizationLayer("b", channels: 3), [0, 3], gives: [0, 3], in: [false])
    samples += layer("BatchNormalizationLayer", BatchNormalizationLayer("b", channels: 3), [2, 3, 0, 4], gives: [2, 3, 0, 4], in: [false])
    samples += layer("BatchNormalizationLayer", BatchNormalizationLayer("b", channels: 0), [2, 0], gives: [2, 0], in: [false])
    return samples
}()

/// A layer in training and outside of it, by its input and its trainable parameters.
private func layer(
    _ name: String, _ module: some Module, _ input: [Int], gives result: [Int], in modes: [Bool] = [true, false]
) -> [EmptySample] {
    let trainable = module.specifications.filter(\.isTrainable)
    return modes.map { isTraining in
        // What comes out of no features is the bias.
        EmptySample(name, [input] + trainable.map(\.shape), gives: result, of: nil, case: isTraining ? "training" : "evaluation") {
            variables in
            var parameters = module.initialParameters(seed: 1, as: Double.self)
            for (specification, variable) in zip(trainable, variables.dropFirst()) { parameters[specification.name] = variable }
            var context = Context(parameters, isTraining: isTraining)
            return module(variables[0], &context)
        }
    }
}

final class EmptyListTests: XCTestCase {
    func testShapesAndGradients() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let names = Set(samples.map(\.name))
        let operations = try operationsWithGradient(inSourcesOf: "NeuralNetworks")
        XCTAssert(operations.isSuperset(of: ["convolution", "maxPooled"]), "\(operations)")
        let layers = try sourceLines(of: "NeuralNetworks").compactMap { try /public struct (\w+Layer): Module/.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(layers.count, 8)
        let losses = try sourceLines(of: "NeuralNetworks").compactMap { try /public func (softmax\w+|mean\w+Error)</.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(losses.count, 3)
        XCTAssertEqual(
            operations.union(layers.map(String.init)).union(losses.map(String.init)).subtracting(names), [], "not tried without elements")
    }

    /// Networks as a whole, in Float, with their gradients.
    func testNetworks() {
        for (architecture, side) in [(NetworkConfiguration.Architecture.paper, 16), (.linLucey, 28)] {
            for transformer in NetworkConfiguration.Transformer.allCases {
                for sampler in NetworkConfiguration.SamplerKind.allCases {
                    let network = ClassificationNetwork(
                        NetworkConfiguration(
                            architecture: architecture, transformer: transformer, sampler: sampler, channels: 3, side: side, classes: 5))
                    let parameters = network.initialParameters(seed: 1, as: Float.self)
                    var context = Context(parameters, isTraining: true)
                    let (logits, pullback) = valueWithPullback(at: parameters.tensors) { variables in
                        context.parameters = Parameters(parameters.specifications, variables)
                        return network(.zeros([0, 3, side, side]), &context)
                    }
                    XCTAssertEqual(logits.shape, [0, 5])
                    for (gradient, tensor) in zip(pullback(.zeros([0, 5])), parameters.tensors) {
                        XCTAssertEqual(gradient, .zeros(tensor.shape))
                    }
                }
            }
        }
    }

    /// A batch without images changes nothing, and says so.
    func testTrainingStepWithoutImages() throws {
        let network = ClassificationNetwork(NetworkConfiguration(transformer: .none, sampler: .bilinear, channels: 1, side: 4, classes: 3))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        let checkpoint = Checkpoint(
            parameters: parameters, optimizer: Optimizer(.adam(), groups: [ParameterGroup(learningRate: 0.1)], for: parameters),
            network: "network")
        var trainer = Trainer(network, checkpoint)
        XCTAssertThrowsError(try trainer.step(.zeros([0, 1, 4, 4]), [])) { XCTAssertEqual($0 as? TrainingError, .notFinite(iteration: 0)) }
        XCTAssertEqual(trainer.checkpoint, checkpoint)
    }

    func testOptimizersNormsAndCounts() throws {
        for method in [OptimizerMethod.adam(), .sgd(momentum: 0.9)] {
            var parameters = Parameters<Float>(
                initializing: [ParameterSpecification("none", [0, 3], .he(fanIn: 3)), ParameterSpecification("one", [1], .constant(1))],
                seed: 1)
            var optimizer = Optimizer(method, groups: [ParameterGroup(learningRate: 0.1)], for: parameters)
            optimizer.update(&parameters, gradients: [.zeros([0, 3]), .ones([1])])
            XCTAssertEqual(parameters["none"].shape, [0, 3])
            XCTAssertLessThan(parameters["one"].scalar, 1)
        }
        XCTAssertEqual(globalNorm([Tensor<Float>.zeros([0])]), 0)
        XCTAssertEqual(globalNorm([Tensor<Float>]()), 0)
        var gradients = [Tensor<Float>.zeros([2, 0])]
        XCTAssertEqual(clipByGlobalNorm(&gradients, maximum: 1), 0)
        XCTAssertEqual(gradients[0].shape, [2, 0])
        var confusion = Confusion(classes: 0)
        confusion.add(labels: [], predictions: [])
        XCTAssertEqual([confusion.total, confusion.errors], [0, 0])
        XCTAssertEqual(confusion.errorRate, 0)
        XCTAssertEqual(try confusion.summed(over: SingleProcess(), for: "a test"), confusion)
    }

    func testPreconditions() {
        func x(_ shape: [Int]) -> Tensor<Float> { .zeros(shape) }
        assertTraps("images without rows") { _ = convolution(x([1, 2, 0, 5]), x([3, 2, 3, 3]), ConvolutionGeometry(padding: 2)) }
        assertTraps("images without columns") {
            _ = convolutionGlobalMax(x([1, 2, 5, 0]), x([3, 2, 3, 3]), bias: x([3]), ConvolutionGeometry(padding: 2))
        }
        assertTraps("kernels without taps") { _ = convolution(x([1, 2, 5, 5]), x([3, 2, 0, 3])) }
        assertTraps("channels without any") { _ = convolution(x([1, 0, 5, 5]), x([3, 0, 3, 3])) }
        assertTraps("pooling of no rows") { _ = maxPooled(x([1, 2, 0, 5]), size: 2, stride: 2) }
        assertTraps("means of no rows") { _ = averagePooled(x([1, 2, 0, 5]), size: 2, stride: 2) }
        assertTraps("no pixels to make more of") { _ = upsampled(x([1, 2, 0, 5]), by: 2, .nearest) }
        assertTraps("transposed images without rows") { _ = transposedConvolution(x([1, 2, 0, 5]), x([2, 3, 3, 3])) }
        assertTraps("transposed kernels without outputs") { _ = transposedConvolution(x([1, 2, 5, 5]), x([2, 0, 3, 3])) }
        assertTraps("largest of nothing") {
            let layer = GlobalMaxPoolingLayer()
            _ = layer.evaluated(x([1, 2, 0, 5]), layer.initialParameters(seed: 1))
        }
        assertTraps("statistics of nothing") {
            let layer = BatchNormalizationLayer("b", channels: 3)
            var context = Context<Float>(layer.initialParameters(seed: 1), isTraining: true)
            _ = layer(x([0, 3]), &context)
        }
        assertTraps("a label without classes") { _ = softmaxCrossEntropy(x([1, 0]), [0]) }
    }
}
