import Files
import LinWarp
import Plots
import TrainingRuns

/// Beyond the paper: linearized samplers that might train better transformers than bilinear sampling does, each at its best rate.
///
/// All are trained from one seed at the middle rate; those with the lowest validation error then at the others, and from the other seeds at the best. The best
/// of them is compared with bilinear sampling in IC-STN too, which takes four times as long.
enum BetterSampler: Experiment {
    private typealias Options = NetworkConfiguration.LinearizedOptions
    /// Of a sampler over bilinear, in points, with the sampler's validation error.
    private typealias Gain = (name: String, validation: Double, gain: Estimate)

    private static let finalistCount = 2
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
        var first = try trainings(.stn, iterations: 10_000, seeds: 5, settings)
        var second: TransformerTrainings?
        func write(_ first: TransformerTrainings) throws {
            try draw(first, settings)
            try report(first, second, settings)
        }
        let (variants, rates) = (first.variants.indices, first.rates.indices)
        try first.train(runs: 0..<1, variants.map { ($0, [rates.count / 2]) }, settings, report: write)
        let finalists = [0] + finalists(first)
        try first.train(runs: 0..<1, finalists.map { ($0, Array(rates)) }, settings, report: write)
        let plan = finalists.map { (variant: $0, rates: [first.bestRate($0)!]) }
        try first.train(runs: 1..<first.seeds, plan, settings, report: write)
        guard settings.trainings.transformer == nil else { return }
        let best = plan.dropFirst().min { validationError(first, $0) < validationError(first, $1) }!
        second = try trainings(.icstn, iterations: 5_000, seeds: 3, settings)
        try second!.train(runs: 0..<second!.seeds, [plan[0], best], settings) { try report(first, $0, settings) }
    }

    private static func trainings(
        _ transformer: NetworkConfiguration.Transformer, iterations planned: Int, seeds: Int, _ settings: ExperimentSettings
    ) throws -> TransformerTrainings {
        let iterations = settings.trainings.iterations ?? (settings.isQuick ? 4 : planned)
        return try TransformerTrainings(
            .signs(settings, transformer),
            [.init(name: "bilinear", lineType: 7, sampler: .bilinear)]
                + zip(1..., candidates(iterations: iterations)).map { place, candidate in
                    .init(name: candidate.name, lineType: (place - 1) % 6 + 1, sampler: .linearized, linearized: candidate.options)
                },
            rates: (settings.isQuick ? [1e-4, 3e-4] : [3e-5, 1e-4, 3e-4]).map { .init(value: $0, iterations: iterations) },
            seeds: settings.isQuick ? 2 : seeds, settings)
    }

    /// In the mean over the seeds.
    private static func validationError(_ trainings: TransformerTrainings, _ plan: (variant: Int, rates: [Int])) -> Double {
        average(trainings.outcomes(plan.variant, rate: plan.rates[0]).map(\.validationError))
    }

    /// The candidates that the other seeds are for: those with the lowest validation error of the first.
    private static func finalists(_ trainings: TransformerTrainings) -> [Int] {
        func error(_ variant: Int) -> Double {
            trainings.rates.indices.compactMap { trainings.outcome(variant, rate: $0, run: 0)?.validationError }.min() ?? .infinity
        }
        return Array(trainings.variants.indices.dropFirst().sorted { (error($0), $0) < (error($1), $1) }.prefix(finalistCount))
    }

    /// The test errors with their intervals: a line for each variant, each at its best rate.
    private static func draw(_ trainings: TransformerTrainings, _ settings: ExperimentSettings) throws {
        let lines = trainings.variants.indices.map { i -> String in
            guard let rate = trainings.bestRate(i) else { return "\(trainings.variants[i].name),,,,\n" }
            let error = Estimate.mean(trainings.testErrors(i, rate: rate))
            let ends = [error.interval.lowerBound, error.interval.upperBound].map { $0.isFinite ? fixed($0, 3) : fixed(error.value, 3) }
            return ([trainings.variants[i].name, "\(trainings.rates[rate].value)", fixed(error.value, 3)] + ends).joined(separator: ",")
                + "\n"
        }
        try Plot(
            table: "sampler,rate,test error,low,high\n" + lines.joined(),
            commands: """
                set key off
                set xlabel "test error (%), each at its best rate"
                set yrange [\(Double(lines.count) - 0.5):-0.5]
                plot data using 3:0:4:5:ytic(1) with xerrorbars linetype 1

                """
        ).draw(.betterSampler, settings)
    }

    private static func report(
        _ first: TransformerTrainings, _ second: TransformerTrainings?, _ settings: ExperimentSettings
    ) throws {
        let planned = first.variants.count + (1 + finalistCount) * (first.rates.count - 1 + first.seeds - 1)
        let gains = gains(first)
        var table =
            first.table(settings) + "\nPoints by which the error is lower than bilinear's, each at its best rate:\n\n"
            + markdownTable([["sampler", "lower by"]] + gains.map { [$0.name, $0.gain.text(2)] })
        var findings = [finding(first, gains, planned: planned)]
        if let second {
            let planned = 2 * second.seeds
            table +=
                "\n\(second.setUp(planned: planned, settings)) Bilinear and the one with the lowest validation error, at the rates that were "
                + "their best above.\n\n\(second.table(settings, all: false))"
            findings.append(finding(second, self.gains(second), planned: planned))
        }
        try ExperimentReport(
            title: "A sampler better than the paper's",
            setUp: """
                \(first.setUp(planned: planned, settings)) All are trained from the first seed at the middle rate; bilinear and the \
                \(finalistCount) linearized samplers that came to the lowest validation error then at all rates, and from the other seeds at \
                their best. The linearized samplers' noise is added before the transformation, a quarter of a pixel of the result wide, where \
                nothing else is said; wide is twice as wide, narrow half as wide, narrowest a quarter; and narrowing falls from a whole pixel to \
                narrow over the first half of the training. "Mean" takes the mean of all samples for the value, with many an average of the area; \
                "no bias" the sample at the centre, as bilinear sampling does. Many are \(many) samples of a lattice, else there are 8.
                """,
            pictures: [
                ("better-sampler.svg", "The test error with its interval over seeds, each at its best rate by the validation error")
            ],
            table: table, findings: findings
        ).write(.betterSampler, settings)
    }

    /// By how much the linearized samplers that are trained from all seeds are better than bilinear sampling, each at its best rate.
    private static func gains(_ trainings: TransformerTrainings) -> [Gain] {
        trainings.variants.indices.dropFirst().compactMap { i in
            guard let rate = trainings.bestRate(i), let other = trainings.bestRate(0),
                let gain = trainings.gain(of: i, at: rate, over: 0, at: other)
            else { return nil }
            return (trainings.variants[i].name, validationError(trainings, (i, [rate])), gain)
        }
    }

    private static func finding(
        _ trainings: TransformerTrainings, _ gains: [Gain], planned: Int
    ) -> ExperimentReport.Finding {
        let best = gains.min { $0.validation < $1.validation }
        let transformer = trainings.task.transformer.title
        return .init(
            claim:
                "\(transformer) learns better by linearized sampling than by bilinear (a goal of this library's: by some sampler, each at its best "
                + "rate)",
            found: best.map {
                "the one with the lowest validation error is \"\($0.name)\", whose error is by \($0.gain.text(2)) points lower"
            } ?? "not trained yet",
            verdict: trainings.outcomes.count == planned ? best?.gain.isPositive : nil)
    }
}
