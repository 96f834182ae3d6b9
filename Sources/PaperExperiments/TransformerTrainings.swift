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
        /// Fewer than were asked for where a number became infinite.
        var iterations: Int

        /// Wilson's 95 % interval of the test error, as a share.
        var testInterval: ClosedRange<Double> { wilsonInterval(Int((testError * Double(total)).rounded()), of: total) }
    }

    let variants: [TransformerVariant]
    let rates: [TransformerRate]
    let seeds: Int
    let task: TransformerTask
    /// Of those that are done: by variant, rate and seed.
    private(set) var outcomes: [[Int]: Outcome] = [:]
    private var trialRows, curveRows: TrialTable
    private let trialPath: String

    /// - Parameters:
    ///   - task: What is trained.
    ///   - variants: What is compared.
    ///   - rates: The settings may say others, for all variants, which are trained with as long as the nearest of these, and how long.
    ///   - seeds: How many, unless the settings say it.
    ///   - settings: Of the experiment.
    init(
        _ task: TransformerTask, _ variants: [TransformerVariant], rates: [TransformerRate], seeds: Int, _ settings: ExperimentSettings
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
        let keys = ["images", "network", "variant", "rate", "downsampling", "run", "protocol"]
        trialRows = try TrialTable(
            "transformer-trials.csv", keys: keys, values: ["errors", "total", "lowest validation error", "iterations done"], settings)
        curveRows = try TrialTable(
            "transformer-curves.csv", keys: keys + ["iteration"], values: ["loss", "validation error", "scale"], settings)
        trialPath = settings.path("transformer-trials.csv")
    }

    /// Does trainings, seed by seed, or takes what was done before.
    ///
    /// - Parameters:
    ///   - runs: The seeds', from 0.
    ///   - plan: The variants that are trained, each with the rates.
    ///   - settings: Of the experiment.
    ///   - report: Called when there is a new outcome, and at the end.
    mutating func train(
        runs: Range<Int>, _ plan: [(variant: Int, rates: [Int])], _ settings: ExperimentSettings, report: (Self) throws -> Void
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
    var everything: [(variant: Int, rates: [Int])] {
        variants.indices.map { i in (i, rates.indices.filter { variants[i].rates?.contains(rates[$0].value) ?? true }) }
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
            patience: variant.fallsToZero ? nil : iterations, seed: seed)
    }

    /// How long a variant is trained at a rate.
    private func iterations(_ variant: TransformerVariant, _ rate: TransformerRate, _ settings: ExperimentSettings) -> Int {
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

extension TransformerTrainings {
    /// That of a variant at a rate from one seed; nil until it is trained.
    func outcome(_ variant: Int, rate: Int, run: Int) -> Outcome? { outcomes[[variant, rate, run]] }

    /// Those of a variant at a rate, over the seeds.
    func outcomes(_ variant: Int, rate: Int) -> [Outcome] { (0..<seeds).compactMap { outcomes[[variant, rate, $0]] } }

    /// In percent, over the seeds.
    func testErrors(_ variant: Int, rate: Int) -> [Double] { outcomes(variant, rate: rate).map { 100 * $0.testError } }

    /// The rate at which a variant has the lowest validation error, in the mean over the seeds that all of its rates were trained from; nil until
    /// something is trained.
    func bestRate(_ variant: Int) -> Int? {
        let begun = rates.indices.filter { !outcomes(variant, rate: $0).isEmpty }
        let shared = (0..<seeds).filter { run in begun.allSatisfy { outcome(variant, rate: $0, run: run) != nil } }
        func error(_ rate: Int) -> Double { average(shared.map { outcome(variant, rate: rate, run: $0)!.validationError }) }
        return begun.min { error($0) < error($1) }
    }

    /// By how many percent of the test images the first variant is worse than another: nil until both are trained from all seeds.
    func gain(of variant: Int, at rate: Int, over other: Int, at otherRate: Int) -> Estimate? {
        let (errors, others) = (testErrors(variant, rate: rate), testErrors(other, rate: otherRate))
        return errors.count == seeds && others.count == seeds ? .difference(others, minus: errors) : nil
    }

    /// The mean over seeds at each validation that all of them came to.
    func meanCurve(_ variant: Int, rate: Int, _ number: (Point) -> Double) -> [(iteration: Int, mean: Double)] {
        let curves = outcomes(variant, rate: rate).map(\.curve)
        guard let first = curves.first else { return [] }
        return first.indices.prefix(curves.map(\.count).min()!).map { i in (first[i].iteration, average(curves.map { number($0[i]) })) }
    }

    /// How many outcomes there are once `everything` is trained.
    var all: Int { everything.reduce(0) { $0 + $1.rates.count } * seeds }

    /// A line for each variant and rate that it was trained at; for one that was not trained at all too where they are `all` to be.
    func table(_ settings: ExperimentSettings, all: Bool = true) -> String {
        let head = ["variant", "rate", "validation error (%)", "test error (%)", "scale at the end", "iterations"]
        let rows = everything.flatMap { i, rates in
            let trained = rates.filter { !outcomes(i, rate: $0).isEmpty }
            return (trained.isEmpty && all ? rates : trained).map { j in
                let outcomes = outcomes(i, rate: j)
                let (name, rate) = (variants[i].name, "\(self.rates[j].value)")
                guard !outcomes.isEmpty else { return [name, rate, "–", "–", "–", "not trained"] }
                let planned = iterations(variants[i], self.rates[j], settings)
                return [
                    name, rate, fixed(100 * average(outcomes.map(\.validationError)), 2), testError(i, rate: j),
                    outcomes.map { $0.curve.last.map { fixed($0.scale, 3) } ?? "–" }.joined(separator: ", "),
                    outcomes.map { "\($0.iterations)\($0.iterations < planned ? " (not finite)" : "")" }.joined(separator: ", "),
                ]
            }
        }
        return markdownTable([head] + rows)
    }

    /// In percent: with Student's interval over seeds, or of one seed with Wilson's over the test images.
    func testError(_ variant: Int, rate: Int) -> String {
        guard seeds == 1, let outcome = outcome(variant, rate: rate, run: 0) else {
            return Estimate.mean(testErrors(variant, rate: rate)).text(2)
        }
        let interval = outcome.testInterval
        return Estimate(value: 100 * outcome.testError, interval: 100 * interval.lowerBound...100 * interval.upperBound).text(2)
    }

    /// A warning where there are fewer outcomes than planned, else nothing.
    func warning(planned: Int) -> String {
        outcomes.count == planned ? "" : "**Incomplete: \(outcomes.count) of \(planned) trainings.** "
    }

    /// How the signs' trainings were done, in words.
    ///
    /// - Parameter planned: How many outcomes there are once all is trained.
    func setUp(planned: Int, _ settings: ExperimentSettings) -> String {
        let lengths =
            Set(rates.map(\.iterations)).count == 1
            ? "\(rates[0].iterations) iterations"
            : rates.map { "\($0.iterations) iterations at a rate of \($0.value)" }.joined(separator: ", ")
        let intervals =
            seeds == 1
            ? "A single seed: intervals are Wilson's over the test images."
            : "\(seeds) seeds: intervals are Student's over them, on one test set."
        return """
            \(warning(planned: planned))\(task.transformer.title) at \(task.downsampling)× on \(settings.isQuick ? "signs drawn from formulas" : "GTSRB"). Adam, \
            batches of \(task.batch), constant rates: \(lengths), \(variants[0].classifierRate) for the classifier; the parameters with the \
            lowest validation error count. \(intervals)
            """
    }

    /// The means over seeds and each seed, of all variants at all rates, by iteration: as columns of a CSV table.
    func curves(_ title: String, _ number: (Point) -> Double) -> (names: [String], rows: [[String]]) {
        let iterations = Set(outcomes.values.flatMap { $0.curve.map(\.iteration) }).sorted()
        var (names, columns): ([String], [[Int: Double]]) = ([], [])
        for (j, rate) in rates.enumerated() {
            for (i, variant) in variants.enumerated() {
                names.append("\(title) \(variant.name) \(rate.value)")
                columns.append(Dictionary(uniqueKeysWithValues: meanCurve(i, rate: j, number).map { ($0.iteration, $0.mean) }))
                for run in 0..<seeds {
                    names.append("\(title) \(variant.name) \(rate.value) run \(run + 1)")
                    let points = outcomes[[i, j, run]]?.curve ?? []
                    columns.append(Dictionary(uniqueKeysWithValues: points.map { ($0.iteration, number($0)) }))
                }
            }
        }
        let rows = iterations.map { iteration in
            ["\(iteration)"] + columns.map { $0[iteration].flatMap { $0.isFinite ? fixed($0, 5) : nil } ?? "" }
        }
        return (["iteration"] + names, rows)
    }

    /// The rates at which a training has come to a validation: gnuplot draws no panel without a number.
    var begunRates: [Int] { rates.indices.filter { j in variants.indices.contains { hasCurve($0, rate: j) } } }

    private func hasCurve(_ variant: Int, rate: Int) -> Bool { outcomes(variant, rate: rate).contains { !$0.curve.isEmpty } }

    /// Where a variant's mean is in such a table, counted from 1.
    func column(_ variant: Int, rate: Int) -> Int { 2 + (rate * variants.count + variant) * (1 + seeds) }

    /// What gnuplot draws for one rate: the means, and each seed as a thin line of the same colour.
    func lines(rate: Int, offset: Int = 0) -> String {
        variants.enumerated().flatMap { i, variant in
            guard hasCurve(i, rate: rate) else {
                // The key of one panel is for all of them.
                let isElsewhere = rates.indices.contains { hasCurve(i, rate: $0) }
                return isElsewhere ? ["NaN with lines linetype \(variant.lineType) title \"\(variant.name)\""] : []
            }
            let first = offset + column(i, rate: rate)
            return (1...seeds).map { "data using 1:\(first + $0) with lines linetype \(variant.lineType) linewidth 0.7 notitle" } + [
                "data using 1:\(first) with lines linetype \(variant.lineType) title \"\(variant.name)\""
            ]
        }.joined(separator: ", \\\n    ")
    }
}
