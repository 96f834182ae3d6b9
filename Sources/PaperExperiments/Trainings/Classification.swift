import LinWarp
import TrainingRuns

/// Table 1: the test error of classifiers of traffic signs behind transformers, by sampler and downsampling.
enum Classification: Experiment {
    /// The paper's schedule, for all of GTSRB.
    private static let paperPlan = TrainingPlan(
        transformerRate: 1e-5, classifierRate: 1e-3, batch: 64, iterations: (300_000, 300_000, 300_000), interval: 1000, patience: 80_000)
    /// For a part of it.
    private static let shortPlan = TrainingPlan(
        transformerRate: 1e-4, classifierRate: 1e-3, batch: 64, iterations: (3000, 3000, 1500), interval: 250)
    private static let quickPlan = TrainingPlan(
        transformerRate: 1e-4, classifierRate: 1e-3, batch: 8, iterations: (8, 8, 2), interval: 8)
    /// The images of GTSRB to train and validate with.
    private static let wholeCount = 39_209

    /// One training.
    struct Trial: Hashable {
        var transformer: NetworkConfiguration.Transformer
        /// Without a transformer it only brings the image to the classifier's size.
        var sampler: NetworkConfiguration.SamplerKind
        var downsampling: Int
        /// Added to the seed.
        var run: Int

        var title: String { "\(downsampling)x, \(transformer.title), \(sampler.rawValue), run \(run + 1)" }
    }

    /// From the hardest: an experiment that is stopped early has the rows that say most.
    static func downsamplings(_ settings: ExperimentSettings) -> [Int] { settings.isQuick ? [8] : [8, 4, 2, 1] }

    /// How many seeds: more where the paper sees differences.
    static func runs(_ downsampling: Int, _ settings: ExperimentSettings) -> Int { !settings.isQuick && downsampling >= 4 ? 2 : 1 }

    /// All trainings, in their order.
    private static func trials(_ settings: ExperimentSettings) -> [Trial] {
        downsamplings(settings).flatMap { downsampling in
            (0..<runs(downsampling, settings)).flatMap { run in
                [Trial(transformer: .none, sampler: .bilinear, downsampling: downsampling, run: run)]
                    + [.stn, .icstn].flatMap { transformer in
                        samplers(transformer, downsampling: downsampling).map {
                            Trial(transformer: transformer, sampler: $0, downsampling: downsampling, run: run)
                        }
                    }
            }
        }
    }

    /// The paper's, and without the bias row those that `InferenceSwap` needs.
    static func samplers(
        _ transformer: NetworkConfiguration.Transformer, downsampling: Int
    ) -> [NetworkConfiguration.SamplerKind] {
        NetworkConfiguration.SamplerKind.allCases.filter {
            $0 != .linearizedBiasFree || (transformer == .stn && InferenceSwap.downsamplings.contains(downsampling))
        }
    }

    /// The data of one seed.
    static func data(run: Int, _ settings: ExperimentSettings) throws -> ClassificationData {
        let seed = settings.seed &+ UInt64(run)
        if settings.isQuick { return quickSigns(side: 50, seed: seed) }
        return try ClassificationData(.gtsrb, directory: try settings.dataDirectory("GTSRB"), seed: seed)
    }

    private static func plan(_ data: ClassificationData, _ settings: ExperimentSettings) -> TrainingPlan {
        if settings.isQuick { return quickPlan }
        return data.training.count + data.validation.count >= wholeCount ? paperPlan : shortPlan
    }

    /// How a network of the experiment is trained.
    private static func training(_ trial: Trial, on data: ClassificationData, _ settings: ExperimentSettings) -> TrainingRun {
        let configuration = NetworkConfiguration(
            transformer: trial.transformer, sampler: trial.sampler, downsampling: trial.downsampling, channels: data.training.channels,
            side: data.training.height, classes: data.training.classCount, seed: settings.seed &+ UInt64(trial.run),
            linearized: (settings.noise ?? .paper).options(trial.sampler))
        return plan(data, settings).training(configuration, on: settings.isQuick ? .synthetic : .gtsrb)
    }

    /// Trains, or takes what was trained before.
    static func trained(
        _ trial: Trial, on data: ClassificationData, reuses: Bool, _ settings: ExperimentSettings
    ) throws -> TrainedClassifier {
        try settings.trained(
            training(trial, on: data, settings), of: ExperimentName.classification.rawValue, on: data, reuses: reuses, title: trial.title)
    }

    static func run(_ settings: ExperimentSettings) throws {
        var trials = try TrialTable(
            "classification-trials.csv", keys: ["images", "iterations", "network", "sampler", "downsampling", "run", "protocol"],
            values: ["errors", "total", "iterations done", "classifier parameters"], settings)
        let all = Self.trials(settings)
        var results = ClassificationTable(trainings: all.count, downsamplings: downsamplings(settings).sorted())
        settings.progress("reading")
        var (data, run) = (try Self.data(run: 0, settings), 0)
        for trial in all {
            if trial.run != run {
                settings.progress("reading")
                (data, run) = (try Self.data(run: trial.run, settings), trial.run)
            }
            let plan = plan(data, settings)
            results.setUp = "\(describe(data, settings)) \(plan.description)"
            let images = settings.isQuick ? "signs" : "gtsrb \(data.training.count)"
            let key = [
                images, "\(plan.iterations(trial.transformer))", trial.transformer.rawValue, trial.sampler.rawValue,
                "\(trial.downsampling)", "\(trial.run)", protocolName(training(trial, on: data, settings)),
            ]
            var isNew = false
            let values = try trials.values(key) {
                isNew = true
                let trained = try Self.trained(trial, on: data, reuses: false, settings)
                settings.progress("\(trial.title), testing")
                let test = trained.network.confusion(trained.parameters, on: data.test)
                return [test.errors, test.total, trained.iterations, trained.classifierParameters].map(Double.init)
            }
            // The row may come from a file.
            let counts = values.compactMap { Int(exactly: $0) }.filter { (0...1_000_000_000).contains($0) }
            guard counts.count == 4, counts[1] > 0, counts[0] <= counts[1] else {
                throw ExperimentError.wrongRow(
                    path: settings.path("classification-trials.csv"), key: trial.title, found: "\(values)",
                    expected: "whole numbers, the first no larger than the second")
            }
            results.add(trial, errors: counts[0], total: counts[1], classifierParameters: counts[3])
            // Whoever looks while it goes on, or after it was stopped, sees what there is.
            if isNew && !settings.isQuick && !results.isComplete { try results.write(settings) }
        }
        try results.write(settings)
    }

    private static func describe(_ data: ClassificationData, _ settings: ExperimentSettings) -> String {
        """
        \(settings.isQuick ? "Signs drawn from formulas" : "GTSRB"), \(data.training.height)×\(data.training.height) pixels: \
        \(data.training.count) images to train with, \(data.validation.count) to validate, \(data.test.count) to test. The paper's networks; \
        the classifier's input is the image's size divided by the downsampling.
        """
    }
}
