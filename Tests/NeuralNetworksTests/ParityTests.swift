import Foundation
import LinearAlgebra
import NeuralNetworks
import TestSupport
import Tensors
import XCTest

/// The paper's networks and optimizer, and other layers, against PyTorch, whose results Tests/Parity/make_golden.py stored.
final class ParityTests: XCTestCase {
    private struct Summary: Decodable {
        var norm: Double
        /// At places spread evenly.
        var entries: [Double]
    }

    private struct Operation: Decodable {
        var value: Summary
        /// By each operand.
        var gradients: [Summary]
    }

    private struct Golden: Decodable {
        /// Before each step.
        var losses: [Double]
        var predictions, logits: [Double]
        /// Of the first step.
        var gradients: [String: Summary]
        /// After the last step.
        var parameters: [String: Summary]
        var operations: [String: Operation]
    }

    private func readGolden() throws -> Golden {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Parity/golden.json").standardized
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
    }

    private let batch = 3
    private let channels = 3
    private let side = 18
    private let classes = 43

    /// The formula of make_golden.py.
    private func numbers<Scalar: FloatingScalar>(_ stream: Int, _ shape: [Int], scale: Double, offset: Double = 0) -> Tensor<Scalar> {
        let count = shape.reduce(1, *)
        return Tensor(
            (0..<count).map { i in Scalar(offset + scale * sin(Double((i * i % 65521 * 31 + i * 17 + stream * 1009) % 65521))) },
            shape: shape)
    }

    private func initialParameters<Scalar: FloatingScalar>(_ specifications: [ParameterSpecification]) -> Parameters<Scalar> {
        Parameters(
            specifications,
            specifications.enumerated().map { stream, specification in
                let shape = specification.shape
                let scale = shape.count == 1 ? 0.1 : 2 / Double(shape.dropFirst().reduce(1, *)).squareRoot()
                return numbers(stream, shape, scale: scale)
            })
    }

    /// Fails unless norm and entries agree: the entries relative to the tensor's root mean square, if that is larger.
    private func check<Scalar: FloatingScalar>(_ found: Tensor<Scalar>, _ expected: Summary, _ tolerance: Double, _ name: String) {
        let scalars = found.scalars.map { Double($0) }
        XCTAssertEqual(globalNorm([found]), expected.norm, accuracy: tolerance * expected.norm, "\(name): norm")
        let scale = expected.norm / Double(scalars.count).squareRoot()
        for (i, entry) in expected.entries.enumerated() {
            let place = i * scalars.count / expected.entries.count
            XCTAssertEqual(scalars[place], entry, accuracy: tolerance * max(scale, abs(entry)), "\(name): element \(place)")
        }
    }

    private func checkTraining<Scalar: FloatingScalar>(_ type: Scalar.Type, tolerance: Double) throws {
        let golden = try readGolden()
        let localization = LocalizationNetwork("transformer", channels: channels, outputs: 5)
        let classifier = Classifier("classifier", channels: channels, side: side, classes: classes)
        var parameters: Parameters<Scalar> = initialParameters(localization.specifications + classifier.specifications)
        XCTAssertEqual(Set(parameters.specifications.map(\.name)), Set(golden.parameters.keys))
        let images: Tensor<Scalar> = numbers(100, [batch, channels, side, side], scale: 0.5, offset: 0.5)
        let targets: Tensor<Scalar> = numbers(101, [batch, 5], scale: 0.5)
        let labels = (0..<batch).map { $0 * 11 % classes }
        let predictions = localization.evaluated(images, parameters).cast(to: Double.self)
        assertClose(predictions, Tensor(golden.predictions, shape: [batch, 5]), tolerance: tolerance, "predictions")
        let logits = classifier.evaluated(images, parameters).cast(to: Double.self)
        assertClose(logits, Tensor(golden.logits, shape: [batch, classes]), tolerance: tolerance, "logits")

        var optimizer = Optimizer(
            .adam(),
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: 1e-5), ParameterGroup(prefix: "classifier.", learningRate: 1e-3),
            ], for: parameters)
        for (step, expected) in golden.losses.enumerated() {
            let (loss, gradients) = valueWithGradient(at: parameters.tensors) { variables in
                var context = Context(Parameters(parameters.specifications, variables), isTraining: true)
                return softmaxCrossEntropy(classifier(images, &context), labels)
                    + meanSquaredError(localization(images, &context), targets)
            }
            XCTAssertEqual(Double(loss.scalar), expected, accuracy: tolerance * expected, "loss of step \(step)")
            if step == 0 {
                for (specification, gradient) in zip(parameters.specifications, gradients) {
                    check(gradient, golden.gradients[specification.name]!, tolerance, "gradient by \(specification.name)")
                }
            }
            optimizer.update(&parameters, gradients: gradients)
        }
        for (specification, tensor) in zip(parameters.specifications, parameters.tensors) {
            check(tensor, golden.parameters[specification.name]!, tolerance, specification.name)
        }
    }

    func testTrainingInFloat() throws { try checkTraining(Float.self, tolerance: 1e-4) }

    func testTrainingInDouble() throws { try checkTraining(Double.self, tolerance: 1e-10) }

    private func checkOperations<Scalar: FloatingScalar>(_ type: Scalar.Type, tolerance: Double) throws {
        func layer(_ module: some Module) -> ([Tensor<Scalar>]) -> Tensor<Scalar> {
            { module.evaluated($0[0], Parameters(module.specifications, Array($0.dropFirst()))) }
        }
        let images = [2, 4, 5, 6]
        let transposed = TransposedConvolutionLayer(
            "t", 4, 6, kernel: 3, geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 2), outputPadding: 1)
        let operations: [String: (shapes: [[Int]], function: ([Tensor<Scalar>]) -> Tensor<Scalar>)] = [
            "transposed convolution": ([images, [4, 3, 3, 3], [6]], layer(transposed)),
            "average pooling": ([images], { averagePooled($0[0], size: 3, stride: 2) }),
            "bilinear upsampling": ([images], { upsampled($0[0], height: 9, width: 17, .bilinear) }),
            "nearest upsampling": ([images], { upsampled($0[0], height: 9, width: 17, .nearest) }),
            "group normalization": ([images, [4], [4]], layer(GroupNormalizationLayer("g", groups: 2, channels: 4))),
            "layer normalization": ([images, [5, 6], [5, 6]], layer(LayerNormalizationLayer("l", shape: [5, 6]))),
            "GELU": ([images], layer(GELULayer())), "leaky ReLU": ([images], layer(LeakyReLULayer(negativeSlope: 0.1))),
        ]
        let golden = try readGolden().operations
        XCTAssertEqual(Set(operations.keys), Set(golden.keys))
        for (name, (shapes, function)) in operations {
            let expected = golden[name]!
            let operands: [Tensor<Scalar>] = shapes.enumerated().map { numbers(200 + $0, $1, scale: 2) }
            let (value, pullback) = valueWithPullback(at: operands, of: function)
            check(value, expected.value, tolerance, name)
            let gradients = pullback(numbers(300, value.shape, scale: 1))
            XCTAssertEqual(gradients.count, expected.gradients.count)
            for (i, (found, expected)) in zip(gradients, expected.gradients).enumerated() {
                check(found, expected, tolerance, "\(name): gradient by operand \(i)")
            }
        }
    }

    func testOperationsInFloat() throws { try checkOperations(Float.self, tolerance: 1e-5) }

    func testOperationsInDouble() throws { try checkOperations(Double.self, tolerance: 1e-12) }
}
