import Files
import Foundation
import LinWarp
import TrainingRuns

/// Classifiers of traffic signs behind a transformer, trained in several variants, at several rates of the transformer, from several seeds: what
/// experiments about training share.
///
/// `NAME-trials.csv` gets a row for each training, `NAME-curves.csv` one for each of its validations. Rates are constant, and the parameters with the
/// lowest validation error count.
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

    let name: ExperimentName
    let variants: [Variant]
    let rates: [Double]
    let seeds, iterations, interval, batch: Int
    let transformer: NetworkConfiguration.Transformer
    let downsampling: Int
    /// Of those that are done: by variant, rate and seed.
    private(set) var outcomes: [[Int]: Outcome] = [:]

    private static let classifierRate = 1e-3

    /// - Parameters:
    ///   - name: Of the experiment.
    ///   - variants: What is compared.
    ///   - rates: The transformer's; the settings may say others, and so for the next two.
    ///   - seeds: How many.
    ///   - iterations: Of each training.
    ///   - settings: Of the experiment.
    init(
        _ name: ExperimentName, _ variants: [Variant], rates: [Double], seeds: Int, iterations: Int, _ settings: ExperimentSettings
    ) {
        let choices = settings.trainings
        self.name = name
        self.variants = variants
        self.rates = choices.rates ?? rates
        self.seeds = choices.seeds ?? seeds
        self.iterations = choices.iterations ?? (settings.isQuick ? 4 : iterations)
        (interval, batch) = settings.isQuick ? (2, 8) : (500, 64)
        transformer = choices.transformer ?? .stn
        downsampling = choices.downsampling ?? 8
    }

    var isComplete: Bool { outcomes.count == variants.count * rates.count * seeds }

    /// Does all trainings, seed by seed, or takes what was done before.
    ///
    /// - Parameter report: Called when there is a new outcome, and at the end.
    mutating func run(_ settings: ExperimentSettings, report: (Self) throws -> Void) throws {
        let keys = ["images", "network", "variant", "rate", "downsampling", "run", "protocol"]
        var trials = try TrialTable(
            "\(name.rawValue)-trials.csv", keys: keys, values: ["errors", "total", "lowest validation error", "iterations done"], settings)
        var curves = try TrialTable(
            "\(name.rawValue)-curves.csv", keys: keys + ["iteration"], values: ["loss", "validation error", "scale"], settings)
        for run in 0..<seeds {
            settings.progress("reading")
            let data = try Classification.data(run: run, settings)
            for (j, rate) in rates.enumerated() {
                for (i, variant) in variants.enumerated() {
                    let training = training(variant, rate: rate, run: run, on: data, settings)
                    let key = [
                        settings.isQuick ? "signs" : "gtsrb \(data.training.count)", transformer.rawValue, variant.name, "\(rate)",
                        "\(downsampling)", "\(run)", protocolName(training),
                    ]
                    var isNew = false
                    let values = try trials.values(key) {
                        isNew = true
                        return try outcome(of: training, variant, on: data, key, &curves, settings)
                    }
                    outcomes[[i, j, run]] = try Outcome(values, interval: interval, settings.path("\(name.rawValue)-trials.csv"), key) {
                        curves[key + ["\($0)"]]
                    }
                    if isNew && !settings.isQuick && !isComplete { try report(self) }
                }
            }
        }
        try report(self)
    }

    private func training(
        _ variant: Variant, rate: Double, run: Int, on data: ClassificationData, _ settings: ExperimentSettings
    ) -> TrainingRun {
        let seed = settings.seed &+ UInt64(run)
        let configuration = NetworkConfiguration(
            transformer: transformer, sampler: variant.sampler, downsampling: downsampling, channels: data.training.channels,
            side: data.training.height, classes: data.training.classCount, seed: seed, linearized: variant.linearized,
            scaleBound: variant.scaleBound)
        return TrainingRun(
            dataset: settings.isQuick ? .synthetic : .gtsrb, configuration: configuration, transformerRate: rate,
            classifierRate: Self.classifierRate, clip: variant.clip, batch: batch, iterations: iterations,
            interval: min(interval, iterations),
            patience: iterations, seed: seed)
    }

    /// Trains, notes the curve, and gives the row.
    private func outcome(
        of training: TrainingRun, _ variant: Variant, on data: ClassificationData, _ key: [String], _ curves: inout TrialTable,
        _ settings: ExperimentSettings
    ) throws -> [Double] {
        let title = "\(variant.name), rate \(training.transformerRate), seed \(training.seed)"
        // Not by the number of iterations: a longer training goes on where a shorter one ended.
        let way = protocolName(training.configuration, training.clip ?? .infinity, batch, interval)
        let folder = "\(transformer.rawValue)-\(variant.name)-\(downsampling)x-rate\(training.transformerRate)-seed\(training.seed)-\(way)"
        let trained = try settings.trained(
            training, of: name, in: folder.replacing(/[^a-z0-9.-]/, with: "-"), on: data, reuses: false, mayDiverge: true, title: title)
        for entry in trained.log {
            _ = try curves.values(key + ["\(entry.iteration)"]) { [entry.loss, entry.validationError, entry.scale ?? .nan] }
        }
        settings.progress("\(title), testing")
        let test = trained.network.confusion(trained.parameters, on: data.test)
        return [
            Double(test.errors), Double(test.total), trained.log.map(\.validationError).min() ?? 1, Double(trained.iterations),
        ]
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
    /// Those of a variant at a rate, over the seeds.
    func outcomes(_ variant: Int, rate: Int) -> [Outcome] { (0..<seeds).compactMap { outcomes[[variant, rate, $0]] } }

    /// In percent, over the seeds.
    func testErrors(_ variant: Int, rate: Int) -> [Double] { outcomes(variant, rate: rate).map { 100 * $0.testError } }

    /// The rate at which a variant has the lowest validation error in the mean over the seeds; nil until something is trained.
    func bestRate(_ variant: Int) -> Int? {
        rates.indices.filter { !outcomes(variant, rate: $0).isEmpty }.min {
            average(outcomes(variant, rate: $0).map(\.validationError)) < average(outcomes(variant, rate: $1).map(\.validationError))
        }
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
                guard !outcomes.isEmpty else { return [variants[i].name, "\(rates[j])", "–", "–", "–", "not trained yet"] }
                return [
                    variants[i].name, "\(rates[j])", fixed(100 * average(outcomes.map(\.validationError)), 2),
                    Estimate.mean(testErrors(i, rate: j)).text(2),
                    outcomes.map { fixed($0.curve.last?.scale ?? .nan, 3) }.joined(separator: ", "),
                    outcomes.map { "\($0.iterations)\($0.iterations < iterations ? " (not finite)" : "")" }.joined(separator: ", "),
                ]
            }
        }
        return markdownTable([head] + rows)
    }

    /// How the trainings were done, in words.
    func setUp(_ settings: ExperimentSettings) -> String {
        let missing = isComplete ? "" : "**Incomplete: \(outcomes.count) of \(variants.count * rates.count * seeds) trainings.** "
        return """
            \(missing)\(transformer.title) at \(downsampling)× on \(settings.isQuick ? "signs drawn from formulas" : "GTSRB"). Adam, batches of \
            \(batch), \(iterations) iterations at constant rates, \(Self.classifierRate) for the classifier; the parameters with the lowest \
            validation error count. \(seeds == 1 ? "A single seed" : "\(seeds) seeds; intervals are Student's over them, on one test set").
            """
    }

    /// The means over seeds and each seed, of all variants at all rates, by iteration: as columns of a CSV table.
    func curves(_ title: String, _ number: (Point) -> Double) -> (names: [String], rows: [[String]]) {
        let iterations = Set(outcomes.values.flatMap { $0.curve.map(\.iteration) }).sorted()
        var (names, columns): ([String], [[Int: Double]]) = ([], [])
        for (j, rate) in rates.enumerated() {
            for (i, variant) in variants.enumerated() {
                names.append("\(title) \(variant.name) \(rate)")
                columns.append(Dictionary(uniqueKeysWithValues: meanCurve(i, rate: j, number).map { ($0.iteration, $0.mean) }))
                for run in 0..<seeds {
                    names.append("\(title) \(variant.name) \(rate) run \(run + 1)")
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
