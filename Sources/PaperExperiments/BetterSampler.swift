import Files
import LinWarp
import Plots
import TrainingRuns

/// Beyond the paper: linearized samplers that might train better transformers than bilinear sampling does, each at its best rate.
///
/// All are trained from one seed at the middle rate; those with the lowest validation error then at the others, and from the other seeds at the best.
enum BetterSampler: Experiment {
    private typealias Options = NetworkConfiguration.LinearizedOptions

    private static let finalistCount = 3
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
            ("mean of many and narrowing", Options(sigma: narrowing, sampleCount: many, draws: .lattice, bias: .mean)),
            ("no bias", Options(bias: .excluded)),
            ("no bias and narrow", Options(sigma: .constant(narrow), bias: .excluded)),
            ("no bias of many", Options(sampleCount: many, draws: .lattice, bias: .excluded)),
            ("no bias and narrowing", Options(sigma: narrowing, bias: .excluded)),
        ]
    }

    static func run(_ settings: ExperimentSettings) throws {
        let iterations = settings.trainings.iterations ?? (settings.isQuick ? 4 : 10_000)
        let candidates = candidates(iterations: iterations)
        var trainings = try TransformerTrainings(
            .signs(settings),
            [.init(name: "bilinear", lineType: 7, sampler: .bilinear)]
                + zip(1..., candidates).map { place, candidate in
                    .init(name: candidate.name, lineType: (place - 1) % 6 + 1, sampler: .linearized, linearized: candidate.options)
                },
            rates: (settings.isQuick ? [1e-4, 3e-4] : [3e-5, 1e-4, 3e-4]).map { .init(value: $0, iterations: iterations) },
            seeds: settings.isQuick ? 2 : 3, settings)
        func write(_ trainings: TransformerTrainings) throws {
            try draw(trainings, settings)
            try report(trainings, settings)
        }
        let middle = trainings.rates.count / 2
        try trainings.train(runs: 0..<1, trainings.variants.indices.map { ($0, [middle]) }, settings, report: write)
        let finalists = [0] + finalists(trainings)
        try trainings.train(runs: 0..<1, finalists.map { ($0, Array(trainings.rates.indices)) }, settings, report: write)
        try trainings.train(
            runs: 1..<trainings.seeds, finalists.map { ($0, [trainings.bestRate($0)!]) }, settings, report: write)
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

    private static func report(_ trainings: TransformerTrainings, _ settings: ExperimentSettings) throws {
        let gains = trainings.variants.indices.dropFirst().compactMap { i -> (name: String, validation: Double, gain: Estimate)? in
            guard let rate = trainings.bestRate(i), let other = trainings.bestRate(0),
                let gain = trainings.gain(of: i, at: rate, over: 0, at: other)
            else { return nil }
            return (trainings.variants[i].name, average(trainings.outcomes(i, rate: rate).map(\.validationError)), gain)
        }
        let best = gains.min { $0.validation < $1.validation }
        let planned = trainings.variants.count + (1 + finalistCount) * (trainings.rates.count - 1 + trainings.seeds - 1)
        try ExperimentReport(
            title: "A sampler better than the paper's",
            setUp: """
                \(trainings.setUp(planned: planned, settings)) All are trained from the first seed at the middle rate; bilinear and the \(finalistCount) linearized samplers that came to the lowest \
                validation error then at all rates, and from the other seeds at their best. The linearized samplers' noise is added before the transformation, a quarter of a pixel of the \
                result wide, where nothing else is said; narrow is half of that, and narrowing falls from a whole pixel to it over the first \
                half of the training; wide is twice as wide as said first. "Mean" takes the mean of all samples for the value, with many an \
                average of the area; "no bias" the sample at the centre, as bilinear sampling does. Many are \(many) samples of a lattice, else \
                there are 8.
                """,
            pictures: [
                ("better-sampler.svg", "The test error with its interval over seeds, each at its best rate by the validation error")
            ],
            table: trainings.table(settings) + "\nPoints by which the error is lower than bilinear's, each at its best rate:\n\n"
                + markdownTable([["sampler", "lower by"]] + gains.map { [$0.name, $0.gain.text(2)] }),
            findings: [
                .init(
                    claim:
                        "a transformer learns better by linearized sampling than by bilinear (a goal of this library's: by some sampler, each at its "
                        + "best rate)",
                    found: best.map {
                        "the one with the lowest validation error is \"\($0.name)\", whose error is by \($0.gain.text(2)) points lower"
                    }
                        ?? "not trained yet",
                    verdict: trainings.outcomes.count == planned ? best?.gain.isPositive : nil)
            ]
        ).write(.betterSampler, settings)
    }
}
