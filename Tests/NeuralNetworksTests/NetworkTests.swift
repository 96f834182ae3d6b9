import LinearAlgebra
import NeuralNetworks
import Sampling
import TestSupport
import Tensors
import XCTest

final class NetworkTests: XCTestCase {
    /// The paper's Table 1: 966k, 246k, 61k and 19k parameters at 1x, 2x, 4x and 8x of 50x50.
    func testClassifierHasThePapersParameterCounts() {
        for (side, thousands) in [(50, 966), (25, 246), (12, 61), (6, 19)] {
            let count = Classifier("classifier", channels: 3, side: side, classes: 43).initialParameters(seed: 0, as: Float.self)
                .trainableCount
            XCTAssertEqual(Int((Double(count) / 1000).rounded()), thousands, "\(side): \(count)")
        }
    }

    func testLocalizationNetworkBeginsAtTheIdentity() {
        let network = LocalizationNetwork("transformer", channels: 3, outputs: 5)
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        let images: Tensor<Float> = randomTensor([2, 3, 50, 50], in: 0..<1)
        XCTAssertEqual(network.evaluated(images, parameters), .zeros([2, 5]))
        let transformer = SpatialTransformer(
            predictor: network, family: .rotationScaleTranslation, sampler: BilinearSampler(), steps: 3, side: 50)
        assertClose(
            transformer.evaluated(images, parameters).cast(to: Double.self), images.cast(to: Double.self), tolerance: 1e-4, "identity")
    }

    /// Several steps of a predictor that always says the same compose its transformation with itself.
    func testStepsCompose() {
        let predictor = DenseAfterFlatten()
        var parameters = predictor.initialParameters(seed: 1, as: Double.self)
        let said = [0.1, 0.2, -0.1, 0.05, 0.02]
        parameters["p.bias"] = Tensor(said)
        let images: Tensor<Double> = randomTensor([1, 1, 6, 6], in: 0..<1)
        let transformer = SpatialTransformer(
            predictor: predictor, family: .rotationScaleTranslation, sampler: BilinearSampler(), steps: 3, side: 6)
        var context = Context(parameters, isTraining: false)
        let once = TransformationFamily.rotationScaleTranslation.matrix(said)
        assertClose(
            transformer.matrices(images, &context), Tensor((once * once * once).elements, shape: [1, 3, 3]), tolerance: 1e-12, "composition"
        )
    }

    /// The parameters get the gradient of the whole network, here by central differences.
    func testGradientThroughATransformer() {
        let predictor = DenseAfterFlatten()
        let transformer = SpatialTransformer(
            predictor: predictor, family: .rotationScaleTranslation, sampler: BilinearSampler(), steps: 2, side: 4)
        let classifier = Classifier("classifier", channels: 1, side: 4, classes: 3)
        let network = Chain([transformer, classifier])
        let images: Tensor<Double> = randomTensor([3, 1, 6, 6], in: 0..<1)
        let parameters = network.initialParameters(seed: 3, as: Double.self)
        let bias: Tensor<Double> = randomTensor([5], in: -0.1..<0.1, seed: 5)
        checkGradient("transformer", at: [parameters["p.weight"] + 0.01, bias], tolerance: 1e-5) { variables in
            var moved = parameters
            moved["p.weight"] = variables[0]
            moved["p.bias"] = variables[1]
            var context = Context(moved, isTraining: true)
            return softmaxCrossEntropy(network(images, &context), [0, 1, 2])
        }
    }

    func testInitializationDependsOnNameAndSeedAlone() {
        let alone = DenseLayer("a", 6, 4).initialParameters(seed: 2, as: Float.self)
        let together = Chain([ConvolutionLayer("b", 1, 2, kernel: 3), DenseLayer("a", 6, 4)]).initialParameters(seed: 2, as: Float.self)
        XCTAssertEqual(alone["a.weight"], together["a.weight"])
        XCTAssertNotEqual(alone["a.weight"], DenseLayer("a", 6, 4).initialParameters(seed: 3, as: Float.self)["a.weight"])
        let wide = DenseLayer("c", 1000, 50).initialParameters(seed: 2, as: Double.self)["c.weight"]
        XCTAssertEqual(wide.squared().mean().scalar, 2.0 / 1000, accuracy: 1e-4)
    }

    func testDropoutAndBatchNormalizationFollowTheMode() {
        let x: Tensor<Double> = randomTensor([200, 5], in: 1..<2)
        var context = Context(BatchNormalizationLayer("b", channels: 5).initialParameters(seed: 0, as: Double.self), isTraining: true)
        let dropped = DropoutLayer(probability: 0.25)(x, &context)
        let kept = dropped.scalars.filter { $0 != 0 }.count
        XCTAssertEqual(Double(kept) / 1000, 0.75, accuracy: 0.05)
        XCTAssertEqual(dropped.mean().scalar, x.mean().scalar, accuracy: 0.1)
        let normalized = BatchNormalizationLayer("b", channels: 5)(x, &context)
        assertClose(normalized.mean(axes: [0]), Tensor.zeros([5]), tolerance: 1e-12, "mean")
        assertClose(normalized.variance(axes: [0]), Tensor.ones([5]), tolerance: 1e-3, "variance")
        assertClose(context.tracked["b.runningMean"]!, x.mean(axes: [0]) * 0.1, tolerance: 1e-12, "running mean")
        context.isTraining = false
        XCTAssertEqual(DropoutLayer(probability: 0.25)(x, &context), x)
        assertClose(BatchNormalizationLayer("b", channels: 5)(x, &context), x / (1 + 1e-5).squareRoot(), tolerance: 1e-12, "evaluation")
    }
}

/// A predictor small enough to differentiate by differences.
private struct DenseAfterFlatten: Module {
    private let chain = Chain([FlattenLayer(), DenseLayer("p", 36, 5, initializer: .constant(0))])

    var specifications: [ParameterSpecification] { chain.specifications }

    func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        chain(x, &context)
    }
}
