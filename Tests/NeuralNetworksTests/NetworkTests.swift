import Foundation
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

    /// From where the context says: the image is seen from there, and what is predicted comes on top. One that would lose a part by being warped
    /// keeps it.
    func testStarts() {
        let predictor = DenseAfterFlatten()
        var parameters = predictor.initialParameters(seed: 1, as: Double.self)
        parameters["p.weight"] = randomTensor(parameters["p.weight"].shape, in: -0.05..<0.05, seed: 3)
        let images: Tensor<Double> = randomTensor([2, 1, 6, 6], in: 0..<1)
        let family = TransformationFamily.rotationScaleTranslation
        let starts = [Matrix3.translation(0.4, -0.3) * .rotation(0.3), .scaling(0.8, 1.2)]
        for steps in [1, 3] {
            let transformer = SpatialTransformer(predictor: predictor, family: family, sampler: BilinearSampler(), steps: steps, side: 6)
            var context = Context(parameters, isTraining: false)
            context.starts = Tensor(starts.flatMap(\.elements), shape: [2, 3, 3])
            let found = transformer.matrices(images, &context)
            // Naively: image by image, step by step.
            for n in 0..<2 {
                var matrix = starts[n]
                for _ in 0..<steps {
                    let seen = BilinearSampler().sample(images[n..<(n + 1)], at: SamplingGrid(matrix, height: 6, width: 6))
                    matrix = matrix * family.matrix(predictor.evaluated(seen, parameters).scalars)
                }
                assertClose(found[n], Tensor(matrix.elements, shape: [3, 3]), tolerance: 1e-12, "image \(n), steps: \(steps)")
            }
            let whole = transformer.evaluated(images, parameters, starts: context.starts)
            assertClose(whole, BilinearSampler().sample(images, at: SamplingGrid(matrices: found, height: 6, width: 6)), tolerance: 1e-12)
        }
        // Without a transformer, the classifier sees the image from there.
        let network = ClassificationNetwork(.init(transformer: .none, sampler: .bilinear, channels: 1, side: 6, classes: 2))
        var context = Context(network.initialParameters(seed: 1, as: Double.self), isTraining: false)
        context.starts = Tensor(starts.flatMap(\.elements), shape: [2, 3, 3])
        let grid = SamplingGrid(matrices: context.starts!, height: 6, width: 6)
        assertClose(network.transformed(images, &context), BilinearSampler().sample(images, at: grid), tolerance: 1e-12)
        XCTAssertEqual(network.matrices(images, &context), context.starts)
    }

    /// The parameters get the gradient of the whole network, here by central differences.
    func testGradientThroughATransformer() {
        for scaleBound in [nil, 0.7] as [Double?] { checkGradient(scaleBound: scaleBound) }
        let starts = [Matrix3.translation(0.2, -0.1), .rotation(0.3), .scaling(0.8, 1.2)]
        checkGradient(scaleBound: nil, starts: Tensor(starts.flatMap(\.elements), shape: [3, 3, 3]))
    }

    private func checkGradient(scaleBound: Double?, starts: Tensor<Double>? = nil) {
        let predictor = DenseAfterFlatten()
        let transformer = SpatialTransformer(
            predictor: predictor, family: .rotationScaleTranslation, sampler: BilinearSampler(), steps: 2, side: 4, scaleBound: scaleBound)
        let classifier = Classifier("classifier", channels: 1, side: 4, classes: 3)
        let network = Chain([transformer, classifier])
        let images: Tensor<Double> = randomTensor([3, 1, 6, 6], in: 0..<1)
        let parameters = network.initialParameters(seed: 3, as: Double.self)
        let bias: Tensor<Double> = randomTensor([5], in: -0.1..<0.1, seed: 5)
        TestSupport.checkGradient(
            "transformer, bound \(scaleBound ?? .infinity)", at: [parameters["p.weight"] + 0.01, bias], tolerance: 1e-5
        ) { variables in
            var moved = parameters
            moved["p.weight"] = variables[0]
            moved["p.bias"] = variables[1]
            var context = Context(moved, isTraining: true)
            context.starts = starts
            return softmaxCrossEntropy(network(images, &context), [0, 1, 2])
        }
    }

    /// However far scales are predicted, a step's stay within the bound; small ones, turns and translations are as predicted.
    func testScaleBound() {
        let predictor = DenseAfterFlatten()
        var parameters = predictor.initialParameters(seed: 1, as: Double.self)
        let images: Tensor<Double> = randomTensor([1, 1, 6, 6], in: 0..<1)
        for family in [TransformationFamily.rotationScaleTranslation, .similarity] {
            let transformer = SpatialTransformer(
                predictor: DenseAfterFlatten(family.parameterCount), family: family, sampler: BilinearSampler(), steps: 1, side: 6,
                scaleBound: 2)
            for (scale, expected) in [(-50.0, -2.0), (50, 2), (-0.01, -0.01), (1, 2 * tanh(0.5))] {
                let said = family == .similarity ? [4, scale, 0.5, -3] : [4, scale, scale, 0.5, -3]
                parameters = DenseAfterFlatten(family.parameterCount).initialParameters(seed: 1, as: Double.self)
                parameters["p.bias"] = Tensor(said)
                var context = Context(parameters, isTraining: true)
                let found = transformer.matrices(images, &context)
                var bounded = said
                for place in family.logScales { bounded[place] = expected }
                assertClose(found, Tensor(family.matrix(bounded).elements, shape: [1, 3, 3]), tolerance: 1e-6, "\(family), \(scale)")
                XCTAssertEqual(meanScale(found), exp2(expected), accuracy: 1e-5)
            }
        }
    }

    /// Half as large a view gets half the gradient by its predicted scales: one that has shrunk to a point stays one.
    func testViewsThatShrinkToAPointGetNoGradient() {
        let images: Tensor<Double> = randomTensor([1, 1, 6, 6], in: 0..<1)
        let weights: Tensor<Double> = randomTensor([1, 1, 4, 4], in: -1..<1, seed: 2)
        for sampler in [BilinearSampler(), LinearizedSampler(noiseFrame: .source)] as [any Sampler] {
            let transformer = SpatialTransformer(
                predictor: DenseAfterFlatten(), family: .rotationScaleTranslation, sampler: sampler, steps: 1, side: 4)
            let gradients = [-10.0, -11].map { scale in
                valueWithGradient(at: Tensor([0.3, scale, scale, 0.05, -0.04])) { bias in
                    var parameters = transformer.initialParameters(seed: 1, as: Double.self)
                    parameters["p.bias"] = bias
                    var context = Context(parameters, isTraining: true)
                    return (transformer(images, &context) * weights).sum()
                }.gradient.scalars
            }
            for place in TransformationFamily.rotationScaleTranslation.logScales {
                XCTAssertGreaterThan(abs(gradients[0][place]), 0, "\(sampler)")
                XCTAssertEqual(gradients[0][place] / gradients[1][place], 2, accuracy: 0.05, "\(sampler)")
            }
        }
    }

    func testMeanScaleIsThatOfTheJacobians() {
        let perspective = Matrix3([0.5, 0.1, 0.2, 0, 2, 0.1, 0.3, -0.2, 2])
        let h = 1e-5
        func moved(_ x: Double, _ y: Double) -> (x: Double, y: Double) { perspective.apply(x, y) }
        let (right, left, below, above) = (moved(h, 0), moved(-h, 0), moved(0, h), moved(0, -h))
        let area = ((right.x - left.x) * (below.y - above.y) - (below.x - above.x) * (right.y - left.y)) / (4 * h * h)
        let both = Tensor((Matrix3.scaling(0.25, 1) * .rotation(0.4)).elements + perspective.elements, shape: [2, 3, 3])
        XCTAssertEqual(meanScale(both), sqrt(0.5 * sqrt(abs(area))), accuracy: 1e-8)
        XCTAssertEqual(meanScale(Tensor(Matrix3.scaling(0, 1).elements, shape: [1, 3, 3])), 0)
    }

    /// While it is trained the noise narrows from step to step, by equal factors; else it is as narrow as it will be.
    func testSigmaSchedule() {
        let schedule = SigmaSchedule.narrowing(from: 4, to: 0.25, iterations: 4)
        XCTAssertEqual((0...6).map { schedule.sigma(at: $0) }, [4, 2, 1, 0.5, 0.25, 0.25, 0.25])
        func seen(_ sigma: SigmaSchedule, call: Int, isTraining: Bool) -> Tensor<Float> {
            let network = ClassificationNetwork(
                NetworkConfiguration(
                    transformer: .stn, sampler: .linearized, downsampling: 2, channels: 1, side: 16, classes: 2,
                    linearized: .init(sigma: sigma)))
            var context = Context(network.initialParameters(seed: 1, as: Float.self), isTraining: isTraining, call: call)
            return network.transformed(randomTensor([2, 1, 16, 16], in: 0..<1), &context)
        }
        for (call, sigma) in [(0, 4.0), (3, 0.5), (9, 0.25)] {
            XCTAssertEqual(seen(schedule, call: call, isTraining: true), seen(.constant(sigma), call: call, isTraining: true))
            XCTAssertEqual(seen(schedule, call: call, isTraining: false), seen(.constant(0.25), call: call, isTraining: false))
        }
        XCTAssertNotEqual(seen(schedule, call: 0, isTraining: true), seen(.constant(0.25), call: 0, isTraining: true))
    }

    /// What checkpoints said before there were options is read, and written, as it was.
    func testConfigurationsWithoutOptions() throws {
        let text =
            #"{"architecture":"paper","channels":3,"classes":10,"downsampling":1,"sampler":"linearized","seed":0,"side":50,"transformer":"icstn"}"#
        let configuration = try JSONDecoder().decode(NetworkConfiguration.self, from: Data(text.utf8))
        XCTAssertEqual(
            configuration, NetworkConfiguration(transformer: .icstn, sampler: .linearized, channels: 3, side: 50, classes: 10))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        XCTAssertEqual(String(decoding: try encoder.encode(configuration), as: UTF8.self), text)
    }

    func testOptionsThatNoNetworkHas() {
        func isValid(
            _ options: NetworkConfiguration.LinearizedOptions? = nil, bound: Double? = nil,
            _ architecture: NetworkConfiguration.Architecture = .paper
        ) -> Bool {
            NetworkConfiguration(
                architecture: architecture, transformer: .stn, sampler: .linearized, channels: 3, side: 50, classes: 10,
                linearized: options,
                scaleBound: bound
            ).isValid
        }
        XCTAssert(isValid(.init(sigma: .narrowing(from: 1, to: 0.1, iterations: 100), sampleCount: 64), bound: 3))
        for sigma in [
            SigmaSchedule.constant(-1), .constant(.nan), .constant(1e7), .narrowing(from: 0, to: 1, iterations: 5),
            .narrowing(from: 1, to: 0, iterations: 5), .narrowing(from: 1, to: 0.5, iterations: 0),
        ] { XCTAssertFalse(isValid(.init(sigma: sigma)), "\(sigma)") }
        for count in [1, 65] { XCTAssertFalse(isValid(.init(sampleCount: count))) }
        for bound in [0, -1, .nan, 17] { XCTAssertFalse(isValid(bound: bound)) }
        // A homography has no scales.
        XCTAssertFalse(isValid(bound: 1, .linLucey))
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
    private let chain: Chain

    init(_ outputs: Int = 5) { chain = Chain([FlattenLayer(), DenseLayer("p", 36, outputs, initializer: .constant(0))]) }

    var specifications: [ParameterSpecification] { chain.specifications }

    func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        chain(x, &context)
    }
}
