import Files
import Foundation
import LinWarp
import TrainingRuns

/// Classifiers of traffic signs behind a transformer, trained in several variants, at several rates of the transformer, from several seeds: what
/// experiments about training share.
///
/// `transformer-trials.csv` gets a row for each training, `transformer-curves.csv` one for each of its validations: the experiments share them, and a
/// training that one of them has done is done for the others. Rates are constant, and the parameters with the lowest validation error count.
struct TransformerTrainings {
    /// A way to sample, or to train, that is compared with others.
    struct Variant {
        /// In keys, tables and pictures; without commas.
        var name: String
        /// Of gnuplot's, as `Plot` defines them.
        var lineType: Int
        var sampler: NetworkConfiguration.SamplerKind
        var linearized: NetworkConfiguration.LinearizedOptions?
        var scaleBound: Double?
        var clip: Double?
    }

    /// A learning rate of the transformer, and how long it is trained with.
    struct Rate {
        var value: Double
        var iterations: Int
    }

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
        var curve: [Point]
        /// Fewer than were asked for where a number became infinite.
        var iterations: Int
    }

    let variants: [Variant]
    let rates: [Rate]
    let seeds, interval, batch: Int
    let transformer: NetworkConfiguration.Transformer
    let downsampling: Int
    /// Of those that are done: by variant, rate and seed.
    private(set) var outcomes: [[Int]: Outcome] = [:]
    private var trialRows, curveRows: TrialTable
    private let trialPath: String

    private static let classifierRate = 1e-3
    /// - Parameters:
    ///   - variants: What is compared.
    ///   - rates: The settings may say others, which are trained with as long as the nearest of these, and how long.
    ///   - seeds: How many, unless the settings say it.
    ///   - settings: Of the experiment.
    init(_ variants: [Variant], rates: [Rate], seeds: Int, _ settings: ExperimentSettings) throws {
        let choices = settings.trainings
        self.variants = variants
        self.rates = (choices.rates ?? rates.map(\.value)).map { value in
            let nearest = rates.min { abs(log($0.value / value)) < abs(log($1.value / value)) }!
            return Rate(value: value, iterations: choices.iterations ?? (settings.isQuick ? 4 : nearest.iterations))
        }
        self.seeds = choices.seeds ?? seeds
        (interval, batch) = settings.isQuick ? (2, 8) : (500, 64)
        transformer = choices.transformer ?? .stn
        downsampling = choices.downsampling ?? 8
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
    ///   - report: Called when there is a new outcome.
    mutating func train(
        runs: Range<Int>, _ plan: [(variant: Int, rates: [Int])], _ settings: ExperimentSettings, report: (Self) throws -> Void
    ) throws {
        for run in runs {
            settings.progress("reading")
            let data = try Classification.data(run: run, settings)
            for j in rates.indices {
                for i in plan.filter({ $0.rates.contains(j) }).map(\.variant) {
                    let training = training(variants[i], rates[j], run: run, on: data, settings)
                    let key = [
                        settings.isQuick ? "signs" : "gtsrb \(data.training.count)", transformer.rawValue, variants[i].name,
                        "\(rates[j].value)", "\(downsampling)", "\(run)", protocolName(training),
                    ]
                    let known = trialRows[key]
                    let values = try known ?? outcome(of: training, variants[i], on: data, key, settings)
                    outcomes[[i, j, run]] = try Outcome(values, interval: interval, trialPath, key) { curveRows[key + ["\($0)"]] }
                    if known == nil && !settings.isQuick { try report(self) }
                }
            }
        }
    }

    /// All variants at all rates, for `train`.
    var everything: [(variant: Int, rates: [Int])] { variants.indices.map { ($0, Array(rates.indices)) } }

    private func training(
        _ variant: Variant, _ rate: Rate, run: Int, on data: ClassificationData, _ settings: ExperimentSettings
    ) -> TrainingRun {
        let seed = settings.seed &+ UInt64(run)
        let configuration = NetworkConfiguration(
            transformer: transformer, sampler: variant.sampler, downsampling: downsampling, channels: data.training.channels,
            side: data.training.height, classes: data.training.classCount, seed: seed, linearized: variant.linearized,
            scaleBound: variant.scaleBound)
        return TrainingRun(
            dataset: settings.isQuick ? .synthetic : .gtsrb, configuration: configuration, transformerRate: rate.value,
            classifierRate: Self.classifierRate, clip: variant.clip, batch: batch, iterations: rate.iterations,
            interval: min(interval, rate.iterations), patience: rate.iterations, seed: seed)
    }

    /// Trains, notes the curve and the row, and gives the row.
    private mutating func outcome(
        of training: TrainingRun, _ variant: Variant, on data: ClassificationData, _ key: [String],
        _ settings: ExperimentSettings
    ) throws -> [Double] {
        let title = "\(variant.name), rate \(training.transformerRate), seed \(training.seed)"
        // Not by the number of iterations: a longer training goes on where a shorter one ended.
        let way = protocolName(training.configuration, training.clip ?? .infinity, batch, interval)
        let folder = "\(transformer.rawValue)-\(variant.name)-\(downsampling)x-rate\(training.transformerRate)-seed\(training.seed)-\(way)"
        let trained = try settings.trained(
            training, of: "transformers", in: folder.replacing(/[^a-z0-9.-]/, with: "-"), on: data, reuses: false, mayDiverge: true,
            title: title)
        for entry in trained.log {
            _ = try curveRows.values(key + ["\(entry.iteration)"]) { [entry.loss, entry.validationError, entry.scale ?? .nan] }
        }
        settings.progress("\(title), testing")
        let test = trained.network.confusion(trained.parameters, on: data.test)
        return try trialRows.values(key) {
            [Double(test.errors), Double(test.total), trained.log.map(\.validationError).min() ?? 1, Double(trained.iterations)]
        }
    }
}

extension TransformerTrainings.Outcome {
    /// From rows of the tables, which may come from files.
    fileprivate init(
        _ values: [Double], interval: Int, _ path: String, _ key: [String], point: (_ iteration: Int) -> [Double]?
    ) throws {
        guard values[1] >= 1, (0...values[1]).contains(values[0]), (0...1).contains(values[2]), (0...1e9).contains(values[3]) else {
            throw ExperimentError.wrongRow(
                path: path, key: key.joined(separator: ","), found: "\(values)", expected: "errors of a total, a share and iterations")
        }
        testError = values[0] / values[1]
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

    /// A line for each variant and rate.
    var table: String {
        let head = ["variant", "rate", "validation error (%)", "test error (%)", "scale at the end", "iterations"]
        let rows = variants.indices.flatMap { i in
            rates.indices.map { j in
                let outcomes = outcomes(i, rate: j)
                guard !outcomes.isEmpty else { return [variants[i].name, "\(rates[j].value)", "–", "–", "–", "not trained"] }
                return [
                    variants[i].name, "\(rates[j].value)", fixed(100 * average(outcomes.map(\.validationError)), 2),
                    Estimate.mean(testErrors(i, rate: j)).text(2),
                    outcomes.map { fixed($0.curve.last?.scale ?? .nan, 3) }.joined(separator: ", "),
                    outcomes.map { "\($0.iterations)\($0.iterations < rates[j].iterations ? " (not finite)" : "")" }.joined(
                        separator: ", "),
                ]
            }
        }
        return markdownTable([head] + rows)
    }

    /// How the trainings were done, in words.
    ///
    /// - Parameter planned: How many outcomes there are once all is trained.
    func setUp(planned: Int, _ settings: ExperimentSettings) -> String {
        let missing = outcomes.count == planned ? "" : "**Incomplete: \(outcomes.count) of \(planned) trainings.** "
        let lengths =
            Set(rates.map(\.iterations)).count == 1
            ? "\(rates[0].iterations) iterations"
            : rates.map { "\($0.iterations) iterations at a rate of \($0.value)" }.joined(separator: ", ")
        return """
            \(missing)\(transformer.title) at \(downsampling)× on \(settings.isQuick ? "signs drawn from formulas" : "GTSRB"). Adam, batches of \
            \(batch), constant rates: \(lengths), \(Self.classifierRate) for the classifier; the parameters with the lowest validation error \
            count. \(seeds == 1 ? "A single seed" : "\(seeds) seeds; intervals are Student's over them, on one test set").
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

    /// The rates of which a training has ended: gnuplot draws no panel without a number.
    var begunRates: [Int] { rates.indices.filter { j in outcomes.keys.contains { $0[1] == j } } }

    /// Where a variant's mean is in such a table, counted from 1.
    func column(_ variant: Int, rate: Int) -> Int { 2 + (rate * variants.count + variant) * (1 + seeds) }

    /// What gnuplot draws for one rate: the means, and each seed as a thin line of the same colour.
    func lines(rate: Int, offset: Int = 0) -> String {
        variants.enumerated().flatMap { i, variant in
            let first = offset + column(i, rate: rate)
            return (1...seeds).map { "data using 1:\(first + $0) with lines linetype \(variant.lineType) linewidth 0.7 notitle" } + [
                "data using 1:\(first) with lines linetype \(variant.lineType) title \"\(variant.name)\""
            ]
        }.joined(separator: ", \\\n    ")
    }
}
