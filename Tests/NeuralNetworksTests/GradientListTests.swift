import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

/// Every differentiable operation of NeuralNetworks, every layer and every loss; a new operation must join, or `testListIsComplete` fails.
private let samples: [GradientSample] = {
    var samples: [GradientSample] = []
    for (x, weight, geometry) in [
        ([2, 3, 6, 5], [4, 3, 3, 3], ConvolutionGeometry(padding: 1)),
        ([1, 4, 7, 8], [6, 2, 3, 2], ConvolutionGeometry(stride: 2, groups: 2)),
        ([2, 2, 5, 5], [1, 2, 3, 3], ConvolutionGeometry(padding: 2, dilation: 2)), ([3, 1, 1, 1], [2, 1, 1, 1], ConvolutionGeometry()),
        ([1, 3, 4, 4], [3, 1, 7, 7], ConvolutionGeometry(padding: 3, groups: 3)),
    ] {
        samples.append(GradientSample("convolution", [x, weight]) { convolution($0[0], $0[1], geometry) })
    }
    samples.append(
        GradientSample("convolution", [[2, 3, 6, 5], [4, 3, 3, 3], [4]], case: "bias") {
            convolution($0[0], $0[1], bias: $0[2], ConvolutionGeometry(padding: 1))
        })
    for (x, weight, geometry) in [
        ([2, 3, 6, 5], [5, 3, 3, 3], ConvolutionGeometry(padding: 1)),
        ([9, 4, 4, 3], [18, 2, 3, 2], ConvolutionGeometry(padding: 1, groups: 2)),
        ([1, 2, 5, 5], [3, 2, 3, 3], ConvolutionGeometry(stride: 2, padding: 2, dilation: 2)),
    ] {
        samples.append(
            GradientSample("convolutionGlobalMax", [x, weight, [weight[0]]]) {
                convolutionGlobalMax($0[0], $0[1], bias: $0[2], geometry)
            })
    }
    for (shape, size, stride) in [([2, 3, 6, 7], 2, 2), ([1, 2, 5, 5], 3, 1), ([2, 1, 3, 3], 1, 2)] {
        samples.append(GradientSample("maxPooled", [shape]) { maxPooled($0[0], size: size, stride: stride) })
    }
    for (x, weight, geometry, outputPadding) in [
        ([2, 3, 4, 3], [3, 4, 3, 3], ConvolutionGeometry(padding: 1), 0),
        ([1, 4, 3, 4], [4, 2, 3, 2], ConvolutionGeometry(stride: 2, groups: 2), 1),
        ([2, 2, 3, 3], [2, 1, 3, 3], ConvolutionGeometry(stride: 3, padding: 1, dilation: 2), 2),
        ([3, 1, 2, 1], [1, 2, 1, 2], ConvolutionGeometry(), 0),
    ] {
        samples.append(
            GradientSample("transposedConvolution", [x, weight, [weight[1] * geometry.groups]]) {
                transposedConvolution($0[0], $0[1], bias: $0[2], geometry, outputPadding: outputPadding)
            })
    }
    for (shape, size, stride) in [([2, 3, 6, 7], 2, 2), ([1, 2, 5, 6], 3, 1), ([2, 1, 4, 3], 1, 2), ([1, 1, 7, 9], 3, 2)] {
        samples.append(GradientSample("averagePooled", [shape]) { averagePooled($0[0], size: size, stride: stride) })
    }
    for method in UpsamplingMethod.allCases {
        samples.append(GradientSample("upsampled", [[2, 3, 4, 3]], case: "\(method), factor") { upsampled($0[0], by: 3, method) })
        samples.append(
            GradientSample("upsampled", [[1, 2, 3, 1]], case: "\(method), size") { upsampled($0[0], height: 4, width: 5, method) })
    }
    for (shape, groups) in [([2, 6, 3, 2], 3), ([3, 4, 5], 4), ([4, 6], 1)] {
        samples.append(GradientSample("groupNormalized", [shape]) { groupNormalized($0[0], groups: groups) })
    }
    for axes in 1...3 { samples.append(GradientSample("layerNormalized", [[2, 3, 4]]) { layerNormalized($0[0], lastAxes: axes) }) }
    for (shape, labels) in [([4, 3], [0, 2, 1, 1]), ([1, 5], [4])] {
        samples.append(GradientSample("softmaxCrossEntropy", [shape]) { softmaxCrossEntropy($0[0], labels) })
    }
    samples.append(GradientSample("meanSquaredError", [[2, 3], [2, 3]]) { meanSquaredError($0[0], $0[1]) })
    samples.append(GradientSample("meanAbsoluteError", [[2, 3], [2, 3]]) { meanAbsoluteError($0[0], $0[1]) })
    samples += layer("ConvolutionLayer", ConvolutionLayer("c", 2, 3, kernel: 3, geometry: ConvolutionGeometry(padding: 1)), [2, 2, 5, 4])
    samples += layer(
        "TransposedConvolutionLayer",
        TransposedConvolutionLayer("t", 2, 4, kernel: 3, geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 2), outputPadding: 1),
        [2, 2, 3, 4])
    samples += layer("DenseLayer", DenseLayer("d", 5, 3), [4, 5])
    samples += layer("MaxPoolingLayer", MaxPoolingLayer(), [2, 2, 5, 6])
    samples += layer("GlobalMaxPoolingLayer", GlobalMaxPoolingLayer(), [2, 3, 4, 4])
    samples += layer("AveragePoolingLayer", AveragePoolingLayer(size: 3), [2, 2, 6, 7])
    samples += layer("GlobalAveragePoolingLayer", GlobalAveragePoolingLayer(), [2, 3, 4, 5])
    for method in UpsamplingMethod.allCases { samples += layer("UpsamplingLayer", UpsamplingLayer(factor: 2, method), [2, 2, 3, 4]) }
    samples += layer(
        "GlobalMaxConvolutionLayer",
        GlobalMaxConvolutionLayer(ConvolutionLayer("c", 3, 5, kernel: 3, geometry: ConvolutionGeometry(padding: 1))), [2, 3, 4, 4])
    samples += layer("ReLULayer", ReLULayer(), [3, 4])
    samples += layer("LeakyReLULayer", LeakyReLULayer(negativeSlope: 0.1), [3, 4])
    samples += layer("GELULayer", GELULayer(), [3, 4])
    samples += layer("SigmoidLayer", SigmoidLayer(), [3, 4])
    samples += layer("TanhLayer", TanhLayer(), [3, 4])
    samples += layer("CenteringLayer", CenteringLayer(), [3, 4])
    samples += layer("FlattenLayer", FlattenLayer(), [2, 3, 2])
    samples += layer("DropoutLayer", DropoutLayer(probability: 0.3), [4, 6])
    samples += layer("BatchNormalizationLayer", BatchNormalizationLayer("b", channels: 3), [4, 3, 2, 3])
    samples += layer("BatchNormalizationLayer", BatchNormalizationLayer("b", channels: 3), [5, 3])
    samples += layer("GroupNormalizationLayer", GroupNormalizationLayer("g", groups: 2, channels: 4), [2, 4, 3, 2])
    samples += layer("LayerNormalizationLayer", LayerNormalizationLayer("l", shape: [3, 2]), [4, 3, 2])
    samples += layer("ResidualLayer", ResidualLayer(DenseLayer("d", 4, 4)), [3, 4])
    samples += layer("ResidualLayer", residualBlock, [3, 2, 6, 5])
    return samples
}()

/// A layer in training and outside of it, by its input and its trainable parameters.
private func layer(_ name: String, _ module: some Module, _ input: [Int]) -> [GradientSample] {
    let trainable = module.specifications.filter(\.isTrainable)
    return [true, false].map { isTraining in
        GradientSample(name, [input] + trainable.map(\.shape), case: isTraining ? "training" : "evaluation") { variables in
            var parameters = module.initialParameters(seed: 1, as: Double.self)
            for (specification, variable) in zip(trainable, variables.dropFirst()) { parameters[specification.name] = variable }
            var context = Context(parameters, isTraining: isTraining)
            return module(variables[0], &context)
        }
    }
}

final class GradientListTests: XCTestCase {
    func testEveryOperationAgreesWithCentralDifferences() {
        for sample in samples { sample.check() }
    }

    func testListIsComplete() throws {
        let operations = try operationsWithGradient(inSourcesOf: "NeuralNetworks")
        XCTAssert(operations.isSuperset(of: ["convolution", "maxPooled"]), "\(operations)")
        let names = Set(samples.map(\.name))
        XCTAssertEqual(operations.subtracting(names), [], "operations with a gradient that no sample tests")
        let layers = try sourceLines(of: "NeuralNetworks").compactMap { try /public struct (\w+Layer): Module/.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(layers.count, 8)
        XCTAssertEqual(Set(layers.map(String.init)).subtracting(names), [], "layers that no sample tests")
        let losses = try sourceLines(of: "NeuralNetworks").compactMap { try /public func (softmax\w+|mean\w+Error)</.firstMatch(in: $0)?.1 }
        XCTAssertGreaterThanOrEqual(losses.count, 3)
        XCTAssertEqual(Set(losses.map(String.init)).subtracting(names), [], "losses that no sample tests")
    }
}
