import Files
import LinWarp
import Plots
import TrainingRuns

/// Beyond the paper: linearized samplers that might train better transformers than bilinear sampling does, each at its best rate.
///
/// All are trained from one seed at one rate. The one with the lowest validation error then and bilinear sampling are compared at all rates, from all
/// seeds; and so they are in IC-STN.
enum BetterSampler: Experiment {
    private typealias Options = NetworkConfiguration.LinearizedOptions
    /// That all are trained at, or the nearest.
    private static let commonRate = 1e-4
    /// K of "many" samples.
    private static let many = 32

    /// Of iterations: after half of them the noise that narrows is as narrow as it will be.
    private static func candidates(iterations: Int) -> [(name: String, options: Options)] {
        let narrow = NoiseChoice.authorsSigma / 2
        let narrowing = SigmaSchedule.narrowing(from: 1, to: narrow, iterations: max(1, iterations / 2))
        return [
            (NoiseChoice.paper.title, Options()),
            (NoiseChoice.authors.title, NoiseChoice.authors.options(.linearized)!),
            ("mean", Options(bias: .mean)),
            ("mean of a lattice", Options(draws: .lattice, bias: .mean)),
            ("mean of many", Options(sampleCount: many, draws: .lattice, bias: .mean)),
            ("wide mean of many", Options(sigma: .constant(2 * NoiseChoice.authorsSigma), sampleCount: many, draws: .lattice, bias: .mean)),
            ("narrow mean of many", Options(sigma: .constant(narrow), sampleCount: many, draws: .lattice, bias: .mean)),
            ("narrowest mean of many", Options(sigma: .constant(narrow / 2), sampleCount: many, draws: .lattice, bias: .mean)),
            ("mean of many and narrowing", Options(sigma: narrowing, sampleCount: many, draws: .lattice, bias: .mean)),
            ("no bias", Options(bias: .excluded)),
            ("no bias and narrow", Options(sigma: .constant(narrow), bias: .excluded)),
            ("no bias of many", Options(sampleCount: many, draws: .lattice, bias: .excluded)),
            ("no bias and narrowing", Options(sigma: narrowing, bias: .excluded)),
        ]
    }

    static func run(_ settings: ExperimentSettings) throws {
        var first = try trainings(.stn, rates: [commonRate, 3e-4, 1e-3, 3e-3], iterations: 10_000, settings)
        func write(_ first: TransformerTrainings) throws {
            try draw(first, settings)
            try report(first, nil, settings)
        }
        let common = first.rates.nearest(to: commonRate)
        try first.train(runs: 0..<1, first.variants.indices.map { ($0, [common]) }, settings, report: write)
        let compared = [0, chosen(first)]
        try first.train(first.everything(of: compared), settings, report: write)
        guard settings.trainings.transformer == nil else { return }
        var second = try trainings(.icstn, rates: [commonRate, 3e-4, 1e-3], iterations: 5_000, settings)
        try second.train(second.everything(of: compared), settings) { try report(first, $0, settings) }
    }

    private static func trainings(
        _ transformer: NetworkConfiguration.Transformer, rates: [Double], iterations planned: Int, _ settings: ExperimentSettings
    ) throws -> TransformerTrainings {
        let iterations = settings.trainings.iterations ?? (settings.isQuick ? 4 : planned)
        return try TransformerTrainings(
            .signs(settings, transformer),
            [.init(name: "bilinear", lineType: 7, sampler: .bilinear)]
                + zip(1..., candidates(iterations: iterations)).map { place, candidate in
                    .init(name: candidate.name, lineType: (place - 1) % 6 + 1, sampler: .linearized, linearized: candidate.options)
                },
            rates: (settings.isQuick ? Array(rates[..<2]) : rates).map { .init(value: $0, iterations: iterations) },
            seeds: settings.isQuick ? 2 : 3, sharesRates: true, settings)
    }

    /// The candidate with the lowest validation error from the first seed at the rate that all are trained at.
    private static func chosen(_ trainings: TransformerTrainings) -> Int {
        let rate = trainings.rates.nearest(to: commonRate)
        func error(_ variant: Int) -> Double { trainings.outcome(variant, rate: rate, run: 0)?.validationError ?? .infinity }
        return trainings.variants.indices.dropFirst().min { error($0) < error($1) }!
    }

    /// The test errors with their intervals: a line for each variant at each rate, rate by rate.
    private static func draw(_ trainings: TransformerTrainings, _ settings: ExperimentSettings) throws {
        let rates = trainings.rates.indices.filter { !trainings.trained(at: $0).isEmpty }
        let places = rates.flatMap { rate in trainings.trained(at: rate).map { (variant: $0, rate: rate) } }
        let lines = places.map { variant, rate in
            let error = trainings.testError(variant, rate: rate)
            return
                ([trainings.variants[variant].name, "\(trainings.rates[rate].value)"]
                + [error.value, error.interval.lowerBound, error.interval.upperBound].map { fixed($0, 3) }).joined(separator: ",") + "\n"
        }
        let labels = places.enumerated().map { "\"\(trainings.variants[$1.variant].name)\" \($0)" }.joined(separator: ", ")
        let parts = rates.enumerated().map { i, rate in
            let value = trainings.rates[rate].value
            return "data using ($2==\(value)?$3:NaN):0:4:5 with xerrorbars linetype \(i + 1) title \"rate \(value)\""
        }
        try Plot(
            table: "sampler,rate,test error,low,high\n" + lines.joined(),
            commands: """
                set key inside top right vertical opaque
                set xlabel "test error (%)"
                set ytics (\(labels))
                set yrange [\(Double(lines.count) - 0.5):-0.5]
                plot \(parts.joined(separator: ", \\\n    "))

                """,
            height: 250 + 40 * lines.count
        ).draw(.betterSampler, settings)
    }

    private static func report(
        _ first: TransformerTrainings, _ second: TransformerTrainings?, _ settings: ExperimentSettings
    ) throws {
        let candidate = chosen(first)
        // The other candidates have one training each.
        let planned = first.variants.count - 2 + first.planned(first.everything(of: [0, candidate]))
        var table =
            first.table(settings) + "\nPoints by which the error of \"\(first.variants[candidate].name)\" is lower than bilinear's:\n\n"
            + gains(of: candidate, first)
        var findings = [finding(candidate, first, planned: planned)]
        if let second {
            let planned = second.planned(second.everything(of: [0, candidate]))
            table +=
                "\n\(second.setUp(planned: planned, settings)) Bilinear and \"\(second.variants[candidate].name)\".\n\n"
                + "\(second.table(settings, all: false))\nPoints by which its error is lower than bilinear's:\n\n"
                + gains(of: candidate, second)
            findings.append(finding(candidate, second, planned: planned))
        }
        try ExperimentReport(
            title: "A sampler better than the paper's",
            setUp: """
                \(first.setUp(planned: planned, settings)) All are trained from the first seed at a rate of \
                \(first.rates[first.rates.nearest(to: commonRate)].value); bilinear and the linearized sampler that came to the lowest validation error then at \
                all rates from all seeds. The linearized samplers' noise is added before the transformation, a quarter of a pixel of the result wide, where \
                nothing else is said; wide is twice as wide, narrow half as wide, narrowest a quarter as wide; and narrowing falls from a whole pixel to \
                narrow over the first half of the training. "Mean" takes the mean of all samples for the value, with many an average of the area; \
                "no bias" the sample at the centre, as bilinear sampling does. Many are \(many) samples of a lattice, else there are 8.
                """,
            pictures: [
                ("better-sampler.svg", "The test errors with their intervals, rate by rate")
            ],
            table: table, findings: findings
        ).write(.betterSampler, settings)
    }

    /// By how much the candidate is better than bilinear sampling at each rate, and each at its best.
    private static func gains(of candidate: Int, _ trainings: TransformerTrainings) -> String {
        let rates = trainings.rates.indices.map { rate in
            ("\(trainings.rates[rate].value)", trainings.gain(of: candidate, at: rate, over: 0, at: rate))
        }
        return markdownTable(
            [["rate", "lower by"]]
                + (rates + [("each at its best", bestGain(of: candidate, trainings))]).map { [$0.0, $0.1?.text(2) ?? "–"] })
    }

    /// Each at its best rate.
    private static func bestGain(of candidate: Int, _ trainings: TransformerTrainings) -> Estimate? {
        guard let own = trainings.bestRate(candidate), let other = trainings.bestRate(0) else { return nil }
        return trainings.gain(of: candidate, at: own, over: 0, at: other)
    }

    private static func finding(
        _ candidate: Int, _ trainings: TransformerTrainings, planned: Int
    ) -> ExperimentReport.Finding {
        let gain = bestGain(of: candidate, trainings)
        let failures = [candidate, 0].map { variant in
            let count = trainings.bestRate(variant).map { trainings.failures(variant, rate: $0) } ?? 0
            return count > 0 ? ", \(count) of \"\(trainings.variants[variant].name)\" learned nothing" : ""
        }.joined()
        return .init(
            source: .goal,
            claim:
                "\(trainings.task.transformer.title) learns better by some linearized sampler than by bilinear sampling, each at its best rate",
            found: gain.map { "the error of \"\(trainings.variants[candidate].name)\" is by \($0.text(2)) points lower" + failures }
                ?? "not trained yet",
            verdict: trainings.isComplete(planned: planned) ? gain?.isPositive : nil)
    }
}
