import ArgumentParser
import LinWarp
import TrainingRuns

/// The options of `train` that say how a linearized sampler reads the image, and how far the transformer may go.
struct TransformerOptions: ParsableArguments {
    @Option(
        help: """
            Where the linearized sampler's noise is added: target, before the transformation, or source, after it, as its authors' released code \
            does (default: target).
            """, transform: choiceArgument)
    var noiseFrame: LinearizedSampler.NoiseFrame?

    @Option(help: "The width of that noise, in pixels of the result (default: 0.25).", transform: positiveNumberArgument)
    var sigma: Double?

    @Option(help: "Its width at the first iteration, from which it narrows to --sigma.", transform: positiveNumberArgument)
    var initialSigma: Double?

    @Option(help: "In how many iterations it narrows.", transform: { try wholeNumberArgument($0, in: 1...1_000_000_000) })
    var sigmaIterations: Int?

    @Option(
        help: """
            What the linearized sampler's samples add to a value: included, the fitted plane's height; mean, the mean of all samples; excluded, \
            nothing (default: included).
            """, transform: choiceArgument)
    var bias: LinearizedSampler.Bias?

    @Option(help: "How many samples it takes for a pixel (default: 8).", transform: { try wholeNumberArgument($0, in: 2...64) })
    var samples: Int?

    @Option(help: "How its samples are drawn: independent, or lattice, spread evenly (default: lattice).", transform: choiceArgument)
    var draws: LinearizedSampler.Draws?

    @Option(help: "What becomes of its samples outside of the image: left-out or counted (default: left-out).", transform: choiceArgument)
    var outside: LinearizedSampler.OutsideSamples?

    @Option(
        help: """
            The largest log₂ of a scale that the transformer predicts at a step, up or down (default: any): a bound for views that would shrink to \
            nothing. Not for mnist, whose transformations have no scales.
            """, transform: positiveNumberArgument)
    var scaleBound: Double?

    func validate(_ sampler: NetworkConfiguration.SamplerKind, _ dataset: DatasetName) throws {
        if (initialSigma == nil) != (sigmaIterations == nil) {
            throw ValidationError("--initial-sigma, --sigma-iterations: found one of the two, expected both or none")
        }
        if areGiven && !sampler.isLinearized {
            throw ValidationError(
                "--noise-frame, --sigma, --initial-sigma, --bias, --samples, --draws, --outside: found one with --sampler \(sampler.rawValue), "
                    + "expected a linearized sampler")
        }
        if let scaleBound, scaleBound > 16 || dataset.architecture != .paper {
            throw ValidationError(
                "--scale-bound: found \(scaleBound) for \(dataset.rawValue), expected at most 16, and gtsrb or synthetic, whose transformations "
                    + "have scales")
        }
    }

    private var areGiven: Bool {
        noiseFrame != nil || sigma != nil || initialSigma != nil || bias != nil || samples != nil || draws != nil || outside != nil
    }

    /// Nil for other samplers.
    func linearized(_ sampler: NetworkConfiguration.SamplerKind) -> NetworkConfiguration.LinearizedOptions? {
        guard sampler.isLinearized else { return nil }
        var options = NetworkConfiguration.LinearizedOptions()
        let last = sigma ?? options.sigma.last
        options.sigma = initialSigma.map { .narrowing(from: $0, to: last, iterations: sigmaIterations ?? 1) } ?? .constant(last)
        options.noiseFrame = noiseFrame ?? options.noiseFrame
        options.bias = bias ?? options.bias
        options.sampleCount = samples ?? options.sampleCount
        options.draws = draws ?? .lattice
        options.outside = outside ?? options.outside
        return options
    }
}

extension LinearizedSampler.NoiseFrame: Choosable {}
extension LinearizedSampler.Bias: Choosable {}
extension LinearizedSampler.Draws: Choosable {}
extension LinearizedSampler.OutsideSamples: Choosable {}
