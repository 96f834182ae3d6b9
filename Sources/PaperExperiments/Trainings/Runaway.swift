import Files
import LinWarp
import Plots
import TrainingRuns

/// Why training with linearized sampling can run away, and what stops it: how large a view the transformer shows, while training goes on.
enum Runaway: Experiment {
    /// log₂ of a scale, up or down.
    private static let bound = 2.0
    private static let clip = 1.0
    /// That the picture shows.
    private static let leastScale = 0.001

    /// One at which training runs away, and one of those at which it learns.
    private static let rates: [TransformerRate] = [
        .init(value: 1e-2, iterations: 2_000, interval: 50), .init(value: 3e-5, iterations: 20_000),
    ]

    static func run(_ settings: ExperimentSettings) throws {
        let noise = settings.noise ?? .authors
        let options = noise.options(.linearized) ?? .init()
        var counted = options
        counted.outside = .counted
        // Where training does not run away, there is nothing to remedy.
        let remedied = [rates[0].value]
        var trainings = try TransformerTrainings(
            .signs(settings),
            [
                .init(name: "bilinear", lineType: 2, sampler: .bilinear),
                .init(name: noise.title, lineType: 1, sampler: .linearized, linearized: options),
                .init(name: "scale bounded", lineType: 3, sampler: .linearized, linearized: options, scaleBound: bound, rates: remedied),
                .init(name: "gradients clipped", lineType: 4, sampler: .linearized, linearized: options, clip: clip, rates: remedied),
                .init(name: "outside counted", lineType: 5, sampler: .linearized, linearized: counted, rates: remedied),
                .init(name: "bilinear and clipped", lineType: 6, sampler: .bilinear, clip: clip, rates: remedied),
            ], rates: rates, seeds: 1, settings)
        try trainings.train(trainings.everything, settings) { trainings in
            try draw(trainings, settings)
            try report(trainings, noise, settings)
        }
    }

    /// Above the scale, below the validation error; columns by rate.
    private static func draw(_ trainings: TransformerTrainings, _ settings: ExperimentSettings) throws {
        // A point would be nowhere on an axis of logarithms.
        let (names, scales) = trainings.curves("scale") { $0.scale < leastScale ? leastScale : $0.scale }
        let (otherNames, errors) = trainings.curves("validation error") { 100 * $0.validationError }
        let rows = zip(scales, errors).map { $0 + $1.dropFirst() }
        let rates = trainings.begunRates
        guard !rates.isEmpty else { return }
        let keyWidth = 440.0
        var layout = PanelGrid(rows: 2, columns: rates.count)
        (layout.panelWidth, layout.panelHeight) = (max(500, 770 / Double(rates.count)), 370)
        (layout.gapX, layout.gapY, layout.left, layout.right) = (130, 80, 150, keyWidth)
        let panels = (0..<2).flatMap { row in
            rates.enumerated().map { column, j in
                """
                \(layout.panel(row * rates.count + column))set title "\(row == 0 ? "rate \(trainings.rates[j].value)" : "")"
                set xlabel "\(row == 1 ? "iterations" : "")"
                set ylabel "\(column != 0 ? "" : row == 0 ? "scale of the view" : "validation error (%)")" offset 1.5,0
                \(row == 0 ? "set logscale y\nset yrange [\(leastScale):10]\nset format y \"%g\"" : "unset logscale y\nset yrange [0:*]")
                plot \(trainings.lines(rate: j, offset: row * (names.count - 1)))
                set key off

                """
            }
        }
        try Plot(
            table: ([names + otherNames.dropFirst()] + rows).map { $0.joined(separator: ",") + "\n" }.joined(),
            commands: """
                set multiplot
                set xrange [0:*]
                set key at screen \(layout.point(Double(layout.width) - keyWidth + 30, Double(layout.height) / 2)) left center vertical reverse Left samplen 2.5
                \(panels.joined())unset multiplot

                """,
            width: layout.width, height: layout.height
        ).draw(.runaway, settings)
    }

    private static func report(_ trainings: TransformerTrainings, _ noise: NoiseChoice, _ settings: ExperimentSettings) throws {
        let scales = trainings.begunRates.map { rate in
            let parts = trainings.variants.indices.compactMap { i in
                trainings.outcome(i, rate: rate, run: 0).map { outcome in
                    let least = outcome.curve.map(\.scale).filter(\.isFinite).min()
                    return "\(trainings.variants[i].name) \(least.map { fixed($0, 3) } ?? "none, its numbers were infinite before")"
                }
            }
            return "at a rate of \(trainings.rates[rate].value) \(parts.joined(separator: ", "))"
        }
        try ExperimentReport(
            title: "Training that runs away",
            setUp: """
                \(trainings.setUp(planned: trainings.planned(trainings.everything), settings)) The linearized sampler's noise is added \(noise.description). The scale is how large a view of the \
                image the transformer shows along a side: the geometric mean of the singular values of its matrices over a batch. Bounded, \
                log₂ of each of a step's two scales goes through b·tanh(s/b) with b = \(fixed(bound, 0)); clipped, gradients are scaled down \
                to a norm of \(fixed(clip, 0)) over all parameters; counted, samples outside of the image count as black instead of being \
                left out. The gradient by log₂ of a scale is that by the place times the scale: a view that has shrunk to a point gets almost \
                none, from any sampler, and stays one.
                """,
            pictures: [
                (
                    "runaway.svg",
                    "The scale of the view, at the lower edge where it is smaller still, and the validation error while training goes on"
                )
            ],
            table: trainings.table(settings),
            findings: [
                .init(
                    claim: "nothing of views that shrink to a point",
                    found: "the smallest mean scale on the way: " + scales.joined(separator: "; "))
            ]
        ).write(.runaway, settings)
    }
}
