import Files
import Foundation
import LinWarp
import TrainingRuns

/// Classifiers behind a transformer, trained in several variants, at several rates of the transformer, from several seeds: what
/// experiments about training share.
///
/// `transformer-trials.csv` gets a row for each training, `transformer-curves.csv` one for each of its validations: the experiments share them, and a
/// training that one of them has done is done for the others.
struct TransformerTrainings {
    /// A validation on the way.
    struct Point {
        var iteration: Int
        /// Of the batches since the last one; of the images held back, as a share.
        var loss, validationError: Double
        /// How large a view of the image the transformer shows, along a side; not a number where it is none.
        var scale: Double
    }

    /// What a training came to.
    struct Outcome {
        /// As shares.
        var testError, validationError: Double
        /// How many images were tested.
        var total: Int
        var curve: [Point]
        /// Fewer than were asked for where a number became infinite, or where the variant's patience ended.
        var iterations: Int

        /// Whether it knows more than next to nothing.
        var hasLearned: Bool { validationError < 0.5 }

        /// How many test images were taken for something else.
        var errors: Int { Int((testError * Double(total)).rounded()) }
        /// Wilson's 95 % interval of the test error, as a share.
        var testInterval: ClosedRange<Double> { wilsonInterval(errors, of: total) }
    }

    let variants: [TransformerVariant]
    let rates: [TransformerRate]
    let seeds: Int
    let task: TransformerTask
    /// Whether variants are compared rate by rate, so that what is promising for one is trained for all.
    let sharesRates: Bool
    /// Of those that are done: by variant, rate and seed.
    private(set) var outcomes: [[Int]: Outcome] = [:]
    private var trialRows, curveRows: TrialTable
    private let trialPath: String

    /// - Parameters:
    ///   - task: What is trained.
    ///   - variants: What is compared.
    ///   - rates: The settings may say others, for all variants, which are trained with as long as the nearest of these, and how long.
    ///   - seeds: How many, unless the settings say it.
    ///   - sharesRates: Whether what is promising for one variant is trained for all.
    ///   - settings: Of the experiment.
    init(
        _ task: TransformerTask, _ variants: [TransformerVariant], rates: [TransformerRate], seeds: Int, sharesRates: Bool = false,
        _ settings: ExperimentSettings
    ) throws {
        let choices = settings.trainings
        self.variants = variants.map { variant in
            var variant = variant
            if choices.rates != nil { variant.rates = nil }
            return variant
        }
        self.rates = (choices.rates ?? rates.map(\.value)).map { value in
            let nearest = rates[rates.nearest(to: value)]
            return TransformerRate(
                value: value, iterations: choices.iterations ?? (settings.isQuick ? 4 : nearest.iterations),
                interval: settings.isQuick ? nil : nearest.interval)
        }
        self.seeds = choices.seeds ?? seeds
        self.task = task
        self.sharesRates = sharesRates
        let keys = ["images", "network", "variant", "rate", "downsampling", "run", "protocol"]
        trialRows = try TrialTable(
            "transformer-trials.csv", keys: keys, values: ["errors", "total", "lowest validation error", "iterations done"],
            isShared: true, settings)
        curveRows = try TrialTable(
            "transformer-curves.csv", keys: keys + ["iteration"], values: ["loss", "validation error", "scale"], isShared: true, settings)
        trialPath = settings.path("transformer-trials.csv")
    }

    /// A variant, and the rates that it is trained at.
    typealias Plan = [(variant: Int, rates: [Int])]

    /// Does trainings, or takes what was done before: from the first seed all that is planned, from the others what is promising.
    mutating func train(_ plan: Plan, _ settings: ExperimentSettings, report: (Self) throws -> Void) throws {
        try train(runs: 0..<1, plan, settings, report: report)
        try train(runs: 1..<seeds, promising(plan), settings, report: report)
    }

    /// Does trainings, seed by seed, or takes what was done before.
    ///
    /// - Parameters:
    ///   - runs: The seeds', from 0.
    ///   - plan: The variants that are trained, each with the rates.
    ///   - settings: Of the experiment.
    ///   - report: Called when there is a new outcome, and at the end.
    mutating func train(
        runs: Range<Int>, _ plan: Plan, _ settings: ExperimentSettings, report: (Self) throws -> Void
    ) throws {
        for run in runs {
            settings.progress("reading")
            var sets: [DatasetName: ClassificationData] = [:]
            for j in rates.indices {
                for i in plan.filter({ $0.rates.contains(j) }).map(\.variant) {
                    let set = variants[i].dataset
                    let data = try sets[set] ?? task.data(set, run, settings)
                    sets[set] = data
                    let training = training(variants[i], rates[j], run: run, on: data, settings)
                    let key = [
                        settings.isQuick ? "signs" : "\(set.rawValue) \(data.training.count)", task.transformer.rawValue, variants[i].name,
                        "\(rates[j].value)", "\(task.downsampling)", "\(run)", protocolName(training),
                    ]
                    let known = trialRows[key]
                    let values = try known ?? outcome(of: training, variants[i], on: data, key, settings)
                    outcomes[[i, j, run]] = try Outcome(values, interval: training.interval, trialPath, key) { curveRows[key + ["\($0)"]] }
                    if known == nil && !settings.isQuick { try report(self) }
                }
            }
        }
        try report(self)
    }

    /// All variants at all of their rates, for `train`.
    var everything: Plan { everything(of: Array(variants.indices)) }

    /// Some variants at all of their rates, for `train`.
    func everything(of some: [Int]) -> Plan {
        some.map { i in (i, rates.indices.filter { variants[i].rates?.contains(rates[$0].value) ?? true }) }
    }

    /// What a training came to in `train`, of which what is left on the disk is taken.
    func network(
        _ variant: Int, rate: Int, run: Int, on data: ClassificationData, _ settings: ExperimentSettings
    ) throws -> TrainedClassifier {
        try trained(
            training(variants[variant], rates[rate], run: run, on: data, settings), variants[variant], on: data, reuses: true, settings)
    }

    private func training(
        _ variant: TransformerVariant, _ rate: TransformerRate, run: Int, on data: ClassificationData, _ settings: ExperimentSettings
    ) -> TrainingRun {
        let seed = settings.seed &+ UInt64(run)
        let configuration = NetworkConfiguration(
            architecture: variant.dataset.architecture, transformer: task.transformer, sampler: variant.sampler,
            downsampling: task.downsampling, channels: data.training.channels, side: data.training.height,
            classes: data.training.classCount,
            seed: seed, linearized: variant.linearized, scaleBound: variant.scaleBound)
        let iterations = iterations(variant, rate, settings)
        return TrainingRun(
            dataset: settings.isQuick ? .synthetic : variant.dataset, configuration: configuration, transformerRate: rate.value,
            classifierRate: variant.classifierRate, optimizer: variant.optimizer,
            schedule: variant.fallsToZero ? .cosine(iterations: iterations) : .constant, clip: variant.clip, batch: task.batch,
            iterations: iterations, interval: min(rate.interval ?? task.interval, iterations),
            patience: variant.fallsToZero ? nil : variant.patience ?? iterations, seed: seed)
    }

    /// How long a variant is trained at a rate.
    func iterations(_ variant: TransformerVariant, _ rate: TransformerRate, _ settings: ExperimentSettings) -> Int {
        settings.isQuick || settings.trainings.iterations != nil ? rate.iterations : variant.iterations ?? rate.iterations
    }

    private func title(_ variant: TransformerVariant, _ training: TrainingRun) -> String {
        "\(variant.name), rate \(training.transformerRate), seed \(training.seed)"
    }

    private func trained(
        _ training: TrainingRun, _ variant: TransformerVariant, on data: ClassificationData, reuses: Bool, _ settings: ExperimentSettings
    ) throws -> TrainedClassifier {
        // Not by the number of iterations: a longer training goes on where a shorter one ended, unless the rates are other ones on the way.
        var way = protocolName(training.configuration, training.clip ?? .infinity, task.batch, training.interval)
        if variant.fallsToZero { way += "-\(training.iterations)" }
        if variant.optimizer != .adam { way += "-\(variant.optimizer.rawValue)" }
        let folder =
            "\(task.transformer.rawValue)-\(variant.name)-\(task.downsampling)x-rate\(training.transformerRate)-seed\(training.seed)-\(way)"
        return try settings.trained(
            training, of: "transformers", in: folder.replacing(/[^a-z0-9.-]/, with: "-"), on: data, reuses: reuses, mayDiverge: true,
            title: title(variant, training))
    }

    /// Trains, notes the curve and the row, and gives the row.
    private mutating func outcome(
        of training: TrainingRun, _ variant: TransformerVariant, on data: ClassificationData, _ key: [String],
        _ settings: ExperimentSettings
    ) throws -> [Double] {
        let trained = try trained(training, variant, on: data, reuses: false, settings)
        for entry in trained.log {
            _ = try curveRows.values(key + ["\(entry.iteration)"]) { [entry.loss, entry.validationError, entry.scale ?? .nan] }
        }
        settings.progress("\(title(variant, training)), testing")
        let test = trained.network.confusion(trained.parameters, on: data.test)
        return try trialRows.values(key) {
            // At falling rates the last parameters count.
            let errors = trained.log.map(\.validationError)
            let error = variant.fallsToZero ? errors.last : errors.min()
            return [Double(test.errors), Double(test.total), error ?? 1, Double(trained.iterations)]
        }
    }
}

extension TransformerTrainings.Outcome {
    /// From rows of the tables, which may come from files.
    fileprivate init(
        _ values: [Double], interval: Int, _ path: String, _ key: [String], point: (_ iteration: Int) -> [Double]?
    ) throws {
        guard values[1] >= 1, (0...values[1]).contains(values[0]), (0...1).contains(values[2]), (0...1e9).contains(values[3]),
            values[1] < 1e9
        else {
            throw ExperimentError.wrongRow(
                path: path, key: key.joined(separator: ","), found: "\(values)", expected: "errors of a total, a share and iterations")
        }
        testError = values[0] / values[1]
        total = Int(values[1])
        validationError = values[2]
        iterations = Int(values[3])
        // The last validation comes at the end, whatever the interval.
        curve = (Array(stride(from: interval, to: iterations, by: interval)) + [iterations]).compactMap { iteration in
            point(iteration).map { .init(iteration: iteration, loss: $0[0], validationError: $0[1], scale: $0[2]) }
        }
    }
}
