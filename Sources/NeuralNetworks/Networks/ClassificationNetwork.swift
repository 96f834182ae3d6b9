import LinearAlgebra
import Sampling
import Tensors

/// What a classification network is made of: enough to build it again, for a checkpoint.
public struct NetworkConfiguration: Codable, Sendable, Equatable {
    /// Whether a transformer stands before the classifier.
    public enum Transformer: String, Codable, Sendable, CaseIterable {
        /// The image is only brought to the classifier's size.
        case none
        /// Predicts once.
        case stn
        /// Predicts, composes and samples again, four times with shared weights.
        case icstn
    }

    /// Which layers predictor and classifier have.
    public enum Architecture: String, Codable, Sendable, CaseIterable {
        /// The paper's: `LocalizationNetwork` for rotation, scales and translation, `Classifier`.
        case paper
        /// Lin & Lucey's for MNIST, which the paper's section A.2 uses: smaller, for homographies.
        case linLucey = "lin-lucey"
    }

    /// How the transformer samples.
    public enum SamplerKind: String, Codable, Sendable, CaseIterable {
        /// Four nearest pixels.
        case bilinear
        /// The mean of the image and three blurs of it, bilinearly.
        case multiScale = "multi-scale"
        /// With noise of a quarter of a pixel of the result.
        case linearized
        /// Linearized without the bias row: bilinear's values with the plane's slopes, so that bilinear sampling can take its place after
        /// training.
        case linearizedBiasFree = "linearized-bias-free"

        /// Whether `LinearizedOptions` concern it.
        public var isLinearized: Bool { self == .linearized || self == .linearizedBiasFree }
    }

    /// Which layers it has.
    public var architecture: Architecture
    /// What stands before the classifier.
    public var transformer: Transformer
    /// How the transformer samples; without one, it counts for nothing.
    public var sampler: SamplerKind
    /// By how much smaller than the image the classifier's input is.
    public var downsampling: Int
    /// Of the images.
    public var channels, side: Int
    /// The number of logits.
    public var classes: Int
    /// Of the linearized sampler's noise.
    public var seed: UInt64
    /// Of the linearized sampler; nil for the usual ones.
    public var linearized: LinearizedOptions?
    /// The largest log₂ of a scale that the transformer predicts at a step, up or down; nil for any. For the paper's architecture.
    public var scaleBound: Double?

    /// - Parameters:
    ///   - architecture: Which layers predictor and classifier have.
    ///   - transformer: What stands before the classifier.
    ///   - sampler: How the transformer samples.
    ///   - downsampling: By how much smaller than the image the classifier's input is.
    ///   - channels: Of the images.
    ///   - side: Of the images, which are square, in pixels.
    ///   - classes: The number of logits.
    ///   - seed: Of the linearized sampler's noise.
    ///   - linearized: Of the linearized sampler; nil for the usual ones.
    ///   - scaleBound: The largest log₂ of a scale that the transformer predicts at a step; nil for any.
    public init(
        architecture: Architecture = .paper, transformer: Transformer, sampler: SamplerKind, downsampling: Int = 1, channels: Int,
        side: Int, classes: Int, seed: UInt64 = 0, linearized: LinearizedOptions? = nil, scaleBound: Double? = nil
    ) {
        precondition(
            downsampling >= 1 && side / downsampling >= 1,
            "NetworkConfiguration: found a side of \(side) and a downsampling of \(downsampling), expected at least a pixel to be left")
        self.architecture = architecture
        self.transformer = transformer
        self.sampler = sampler
        self.downsampling = downsampling
        self.channels = channels
        self.side = side
        self.classes = classes
        self.seed = seed
        self.linearized = linearized
        self.scaleBound = scaleBound
    }

    /// What no network has, and what it may be.
    struct Fault {
        var key, found, expected: String

        init(_ key: String, _ found: String, _ expected: String) { (self.key, self.found, self.expected) = (key, found, expected) }
    }

    /// The first of them; nil where there is such a network. A configuration that was read from a file may say anything.
    var fault: Fault? {
        let smallest = architecture == .paper ? (transformer == .none ? 1 : 8) : (transformer == .none ? 9 : 14)
        // Of the last, what is left for the classifier; none where the side is none.
        let factors = 1...max(1, side / (architecture == .paper ? 1 : 9))
        let sizes = [
            ("channels", channels, 1...64), ("side", side, smallest...4096), ("classes", classes, 1...100_000),
            ("downsampling", downsampling, factors),
        ]
        if let (key, found, expected) = sizes.first(where: { !$0.2.contains($0.1) }) {
            return Fault(key, "\(found)", "\(expected.lowerBound) to \(expected.upperBound)")
        }
        if let scaleBound, !((1e-3...16).contains(scaleBound) && architecture == .paper) {
            return Fault("scaleBound", "\(scaleBound)", architecture == .paper ? "0.001 to 16" : "none")
        }
        return linearized?.fault
    }

    /// Whether such a network exists.
    public var isValid: Bool { fault == nil }

    /// The side of the classifier's input.
    public var classifierSide: Int { side / downsampling }

    var makeSampler: any Sampler {
        let options = linearized ?? LinearizedOptions()
        switch sampler {
        case .bilinear: return BilinearSampler(propagatesToImage: false)
        case .multiScale: return MultiScaleSampler(propagatesToImage: false)
        case .linearized: return options.sampler(seed: seed)
        case .linearizedBiasFree: return options.sampler(seed: seed).unblurred
        }
    }

    /// Of the sampler's noise while the network is trained; nil where it stays as it is.
    var sigma: SigmaSchedule? {
        guard sampler.isLinearized, case .narrowing? = linearized?.sigma else { return nil }
        return linearized?.sigma
    }
}

/// A classifier of images [N, C, side, side], with a spatial transformer before it or none: to logits [N, classes].
///
/// The names of its parameters begin with "transformer." and "classifier.", so that each can have its own learning rate.
public struct ClassificationNetwork: Module {
    /// What it was made of; a checkpoint keeps it.
    public let configuration: NetworkConfiguration
    private let transformer: SpatialTransformer?
    private let classifier: any Module

    /// - Parameter configuration: Of which `isValid` holds.
    public init(_ configuration: NetworkConfiguration) {
        self.configuration = configuration
        let (channels, classes) = (configuration.channels, configuration.classes)
        let steps: Int? = configuration.transformer == .none ? nil : configuration.transformer == .stn ? 1 : 4
        switch configuration.architecture {
        case .paper:
            classifier = Chain([
                CenteringLayer(),
                Classifier("classifier", channels: channels, side: configuration.classifierSide, classes: classes),
            ])
            transformer = steps.map {
                let family = TransformationFamily.rotationScaleTranslation
                return SpatialTransformer(
                    predictor: Chain([
                        CenteringLayer(), LocalizationNetwork("transformer", channels: channels, outputs: family.parameterCount),
                    ]), family: family, sampler: configuration.makeSampler, steps: $0, side: configuration.classifierSide,
                    scaleBound: configuration.scaleBound, sigma: configuration.sigma)
            }
        case .linLucey:
            classifier = linLuceyClassifier(channels: channels, side: configuration.classifierSide, classes: classes)
            transformer = steps.map {
                SpatialTransformer(
                    predictor: linLuceyPredictor(channels: channels, side: configuration.side), family: .homography,
                    sampler: configuration.makeSampler, steps: $0, side: configuration.classifierSide, sigma: configuration.sigma)
            }
        }
    }

    public var specifications: [ParameterSpecification] { (transformer?.specifications ?? []) + classifier.specifications }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        classifier(transformed(x, &context), &context)
    }

    /// The transformations [N, 3, 3] that the transformer predicts for images, from normalized coordinates of the classifier's input to those of
    /// the image; where there is no transformer, those that the context has it begin at, or identities.
    public func matrices<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        transformer?.matrices(x, &context) ?? context.starts
            ?? Tensor(Matrix3.identity.elements.map { Scalar($0) }, shape: [1, 3, 3]).broadcast(to: [x.shape[0], 3, 3])
    }

    /// What the classifier is given: [N, C, s, s].
    public func transformed<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        let configuration = configuration
        precondition(
            x.rank == 4 && x.shape[1...] == [configuration.channels, configuration.side, configuration.side],
            "ClassificationNetwork: found \(x.shape), expected [N, \(configuration.channels), \(configuration.side), \(configuration.side)]"
        )
        if let transformer { return transformer(x, &context) }
        let side = configuration.classifierSide
        guard side < configuration.side || context.starts != nil else { return x }
        let sampler = configuration.makeSampler.withNoise(of: configuration.sigma, context).withFirstImage(context.firstImage)
        let grid =
            context.starts.map { SamplingGrid(matrices: $0, height: side, width: side) }
            ?? SamplingGrid(.identity, height: side, width: side)
        return sampler.sample(x, at: grid, call: context.call)
    }
}

/// Lin & Lucey's: convolutions 7x7 to 4 and to 8 channels, the largest of 2x2, 48, the homography's 8.
private func linLuceyPredictor(channels: Int, side: Int) -> Chain {
    let pooled = (side - 12) / 2
    return Chain([
        CenteringLayer(), ConvolutionLayer("transformer.convolution1", channels, 4, kernel: 7), ReLULayer(),
        ConvolutionLayer("transformer.convolution2", 4, 8, kernel: 7), ReLULayer(), MaxPoolingLayer(), FlattenLayer(),
        DenseLayer("transformer.dense1", 8 * pooled * pooled, 48), ReLULayer(),
        DenseLayer("transformer.dense2", 48, TransformationFamily.homography.parameterCount, initializer: .constant(0)),
    ])
}

/// Lin & Lucey's: a convolution 9x9 to 3 channels, then the classes.
private func linLuceyClassifier(channels: Int, side: Int, classes: Int) -> Chain {
    let left = side - 8
    return Chain([
        CenteringLayer(), ConvolutionLayer("classifier.convolution1", channels, 3, kernel: 9), ReLULayer(), FlattenLayer(),
        DenseLayer("classifier.dense1", 3 * left * left, classes),
    ])
}
