import LinWarp

/// A figure or table of the paper, made anew on this implementation: first the data, then the picture, then a paragraph about both.
///
/// What an experiment varies and what it keeps fixed stands in its own file, so that a change of its protocol touches no other.
package protocol Experiment {
    /// Does the experiment, or what is left of it, and writes `NAME.csv`, the pictures and `NAME.md` into the output directory.
    static func run(_ settings: ExperimentSettings) throws
}

/// The experiments by the names that the command and their files have.
package enum ExperimentName: String, CaseIterable, Sendable {
    case optimizationPath = "optimization-path"
    case classification
    case averageImage = "average-image"
    case alignmentRecall = "alignment-recall"
    case gradientField = "gradient-field"
    case noiseAblation = "noise-ablation"
    case sampleCountAblation = "sample-count-ablation"
    case collapseAblation = "collapse-ablation"
    case timing
    case mnist
    case inferenceSwap = "inference-swap"
    case protocolChoices = "protocol-choices"
    case classificationRates = "classification-rates"
    case runaway
    case betterSampler = "better-sampler"

    /// Whether `ExperimentSettings.trainings` concerns it.
    package var comparesTrainings: Bool { [.mnist, .classificationRates, .runaway, .betterSampler].contains(self) }

    /// Whether `ExperimentSettings.noise` concerns it.
    package var takesNoise: Bool {
        [.classification, .averageImage, .mnist, .inferenceSwap, .classificationRates, .runaway].contains(self)
    }

    package var experiment: any Experiment.Type {
        switch self {
        case .optimizationPath: OptimizationPath.self
        case .classification: Classification.self
        case .averageImage: AverageImage.self
        case .alignmentRecall: AlignmentRecall.self
        case .gradientField: GradientField.self
        case .noiseAblation: NoiseAblation.self
        case .sampleCountAblation: SampleCountAblation.self
        case .collapseAblation: CollapseAblation.self
        case .timing: Timing.self
        case .mnist: PerturbedMNIST.self
        case .inferenceSwap: InferenceSwap.self
        case .protocolChoices: ProtocolChoices.self
        case .classificationRates: ClassificationRates.self
        case .runaway: Runaway.self
        case .betterSampler: BetterSampler.self
        }
    }
}

/// How experiments are run.
package struct ExperimentSettings: Sendable {
    /// The directory that holds the data sets; nil where there is none.
    package var data: String?
    /// Whether to do a small version, on images drawn from formulas, in well under a minute.
    package var isQuick: Bool
    /// The directory for results.
    package var out: String
    /// Of all random choices.
    package var seed: UInt64
    /// Whether to go on behind what an interrupted run has left in `out`.
    package var resumes: Bool
    /// The linearized sampler's noise in networks; nil for the experiment's own choice.
    package var noise: NoiseChoice?
    /// Of experiments that compare trainings.
    package var trainings: TrainingChoices
    /// Shows how far an experiment is.
    package var progress: @Sendable (String) -> Void

    package init(
        data: String?, isQuick: Bool, out: String, seed: UInt64, resumes: Bool, noise: NoiseChoice? = nil,
        trainings: TrainingChoices = TrainingChoices(), progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.data = data
        self.isQuick = isQuick
        self.out = out
        self.seed = seed
        self.resumes = resumes
        self.noise = noise
        self.trainings = trainings
        self.progress = progress
    }

    /// The path of a result.
    func path(_ name: String) -> String { "\(out)/\(name)" }
}

/// What experiments that compare trainings train; nil for what they choose themselves.
package struct TrainingChoices: Sendable {
    /// Of the transformer.
    package var rates: [Double]?
    /// How many seeds, from that of the experiment on.
    package var seeds: Int?
    /// Of each training.
    package var iterations: Int?
    package var transformer: NetworkConfiguration.Transformer?
    package var downsampling: Int?

    package init(
        rates: [Double]? = nil, seeds: Int? = nil, iterations: Int? = nil, transformer: NetworkConfiguration.Transformer? = nil,
        downsampling: Int? = nil
    ) {
        self.rates = rates
        self.seeds = seeds
        self.iterations = iterations
        self.transformer = transformer
        self.downsampling = downsampling
    }
}

/// Why an experiment can't be done; `description` is one line for the user.
package enum ExperimentError: Error, Equatable, CustomStringConvertible {
    /// The full experiment needs data sets.
    case noData(expected: String)
    /// A table of an interrupted run could not be read, for the reason given.
    case cannotRead(path: String, reason: String)
    /// A row of such a table holds what no trial gives.
    case wrongRow(path: String, key: String, found: String, expected: String)
    /// A training has gone further than is asked for.
    case longerTraining(path: String, found: Int, expected: Int)
    /// A file of results could not be written.
    case cannotWrite(path: String, reason: String)
    /// A table of an interrupted run is not this experiment's.
    case otherTable(path: String, found: String, expected: String)

    package var description: String {
        switch self {
        case .noData(let expected):
            "--data: found none and no LINWARP_DATA, expected the directory that holds \(expected) (or --quick, which needs none)"
        case .cannotRead(let path, let reason): "\(path): cannot be read: \(reason)"
        case .wrongRow(let path, let key, let found, let expected): "\(path): found \(found) for \(key), expected \(expected)"
        case .longerTraining(let path, let found, let expected):
            "\(path): found a training of \(found) iterations, expected at most \(expected); without --resume, or in another --out, it is made anew"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        case .otherTable(let path, let found, let expected):
            "\(path): found the columns \"\(found)\", expected \"\(expected)\"; without --resume it is made anew"
        }
    }
}
