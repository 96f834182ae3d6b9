import LinWarp

func uniform(_ shape: [Int], _ range: Range<Float> = 0..<1, seed: UInt64 = 1) -> Tensor<Float> {
    var random = RandomSource(seed: seed)
    return Tensor.uniform(shape, in: range, from: &random)
}

/// `sample SAMPLER N C H W h w forward|backward points|matrices|points+image`: affine maps near the identity, zeros around the image.
struct SamplingCase: TimedCase {
    private let sampler: any Sampler
    private let image, variable: Tensor<Float>
    private let height, width: Int
    private let isBackward, isOfMatrices, isOfImage: Bool
    private let cotangent: Tensor<Float>
    private var call = 0

    init?(_ words: ArraySlice<String>) {
        let words = Array(words)
        let lengths = words.dropFirst().prefix(6).compactMap { Int($0) }
        guard words.count == 9, lengths.count == 6, ["bilinear", "linearized"].contains(words[0]) else { return nil }
        isBackward = words[7] == "backward"
        isOfMatrices = words[8] == "matrices"
        isOfImage = words[8] == "points+image"
        sampler =
            words[0] == "bilinear"
            ? BilinearSampler(propagatesToImage: isOfImage) : LinearizedSampler(imageGradient: isOfImage ? .centre : .none)
        image = uniform(Array(lengths[..<4]))
        (height, width) = (lengths[4], lengths[5])
        let mask = Tensor<Float>([1, 1, 1, 1, 1, 1, 0, 0, 0], shape: [3, 3])
        let identity = Tensor(Matrix3.identity.elements.map { Float($0) }, shape: [3, 3])
        let matrices = identity + uniform([lengths[0], 3, 3], -0.1..<0.1, seed: 2) * mask
        variable = isOfMatrices ? matrices : SamplingGrid(matrices: matrices, height: height, width: width).points
        cotangent = uniform([lengths[0], lengths[1], height, width], -1..<1, seed: 3)
    }

    private func grid(_ variable: Tensor<Float>) -> SamplingGrid<Float> {
        isOfMatrices ? SamplingGrid(matrices: variable, height: height, width: width) : SamplingGrid(points: variable)
    }

    mutating func repetition() -> Double {
        call += 1
        guard isBackward else { return milliseconds { _ = sampler.sample(image, at: grid(variable), call: call) } }
        let variables = isOfImage ? [variable, image] : [variable]
        let (_, pullback) = valueWithPullback(at: variables) {
            sampler.sample(isOfImage ? $0[1] : image, at: grid($0[0]), call: call)
        }
        return milliseconds { precondition(pullback(cotangent).count == variables.count) }
    }
}

/// `localization [training]`: the paper's localization network on 64 images of 3x50x50, forward, or the gradients of its parameters too.
struct LocalizationCase: TimedCase {
    private let network = LocalizationNetwork("transformer", channels: 3, outputs: 5)
    private let parameters: Parameters<Float>
    private let images = uniform([64, 3, 50, 50])
    private let isTraining: Bool

    init(isTraining: Bool) {
        self.isTraining = isTraining
        parameters = network.initialParameters(seed: 1)
    }

    func repetition() -> Double {
        milliseconds {
            guard isTraining else { return _ = network.evaluated(images, parameters) }
            _ = valueWithGradient(at: parameters.tensors) { variables in
                var context = Context(Parameters(parameters.specifications, variables), isTraining: true)
                return network(images, &context).sum()
            }
        }
    }
}

/// `step SAMPLER`: a training step of the paper's STN at full size, 64 images of 3x50x50 and 43 classes, Adam included.
struct StepCase: TimedCase {
    private var trainer: Trainer
    private let images = uniform([64, 3, 50, 50])
    private let labels = (0..<64).map { $0 % 43 }

    init(sampler: NetworkConfiguration.SamplerKind) {
        let network = ClassificationNetwork(
            NetworkConfiguration(transformer: .stn, sampler: sampler, channels: 3, side: 50, classes: 43))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        let optimizer = Optimizer(
            .adam(),
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: 1e-5), ParameterGroup(prefix: "classifier.", learningRate: 1e-3),
            ], for: parameters)
        trainer = Trainer(network, Checkpoint(parameters: parameters, optimizer: optimizer, network: ""))
    }

    mutating func repetition() -> Double {
        milliseconds {
            do { _ = try trainer.step(images, labels) } catch { preconditionFailure("\(error)") }
        }
    }
}

/// `convolution N C H O k padding stride`: of square images with square kernels, forward.
struct ConvolutionCase: TimedCase {
    private let images, weight, bias: Tensor<Float>
    private let geometry: ConvolutionGeometry

    init?(_ lengths: [Int]) {
        guard lengths.count == 7 else { return nil }
        images = uniform([lengths[0], lengths[1], lengths[2], lengths[2]])
        weight = uniform([lengths[3], lengths[1], lengths[4], lengths[4]], -1..<1, seed: 2)
        bias = uniform([lengths[3]], seed: 3)
        geometry = ConvolutionGeometry(stride: lengths[6], padding: lengths[5])
    }

    func repetition() -> Double { milliseconds { _ = convolution(images, weight, bias: bias, geometry) } }
}
