import LinWarp

/// The paper's localization network on 64 images of 3x50x50, forward, or the gradients of its parameters too.
public struct LocalizationCase: BenchmarkCase {
    private let network = LocalizationNetwork("transformer", channels: 3, outputs: 5)
    private let parameters: Parameters<Float>
    private let images = uniform([64, 3, 50, 50])
    private let isTraining: Bool

    public init(isTraining: Bool) {
        self.isTraining = isTraining
        parameters = network.initialParameters(seed: 1)
    }

    public func prepared() -> () -> Void {
        {
            guard isTraining else { return _ = network.evaluated(images, parameters) }
            _ = valueWithGradient(at: parameters.tensors) { variables in
                var context = Context(Parameters(parameters.specifications, variables), isTraining: true)
                return network(images, &context).sum()
            }
        }
    }
}

/// A training step of the paper's STN or IC-STN at full size, 64 images of 3x50x50 and 43 classes, Adam included.
public final class StepCase: BenchmarkCase {
    private var trainer: Trainer
    private let images = uniform([64, 3, 50, 50])
    private let labels = (0..<64).map { $0 % 43 }

    public init(_ transformer: NetworkConfiguration.Transformer, sampler: NetworkConfiguration.SamplerKind) {
        let network = ClassificationNetwork(
            NetworkConfiguration(transformer: transformer, sampler: sampler, channels: 3, side: 50, classes: 43))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        let optimizer = Optimizer(
            .adam(),
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: 1e-5), ParameterGroup(prefix: "classifier.", learningRate: 1e-3),
            ], for: parameters)
        trainer = Trainer(network, Checkpoint(parameters: parameters, optimizer: optimizer, network: ""))
    }

    public func prepared() -> () -> Void {
        { [self] in
            do { _ = try trainer.step(images, labels) } catch { preconditionFailure("\(error)") }
        }
    }
}

/// A convolution of square images with square kernels, forward, or the gradients by images, kernels and bias too.
public struct ConvolutionCase: BenchmarkCase {
    private let images, weight, bias: Tensor<Float>
    private let geometry: ConvolutionGeometry
    private let isTraining: Bool

    public init(
        images batch: Int, channels: Int, side: Int, outputs: Int, kernel: Int, geometry: ConvolutionGeometry, isTraining: Bool
    ) {
        images = uniform([batch, channels, side, side])
        weight = uniform([outputs, channels, kernel, kernel], -1..<1, seed: 2)
        bias = uniform([outputs], seed: 3)
        self.geometry = geometry
        self.isTraining = isTraining
    }

    public func prepared() -> () -> Void {
        {
            guard isTraining else { return _ = convolution(images, weight, bias: bias, geometry) }
            _ = valueWithGradient(at: [images, weight, bias]) { convolution($0[0], $0[1], bias: $0[2], geometry).sum() }
        }
    }
}
