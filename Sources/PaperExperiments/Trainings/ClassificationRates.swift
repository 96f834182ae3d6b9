import Files
import LinWarp
import Plots
import TrainingRuns

/// Table 1 by the transformer's learning rate: when linearized sampling is ahead of bilinear, and when it is not.
enum ClassificationRates: Experiment {
    /// That of the paper, with which networks learn slowly, and larger ones, until none learns better.
    private static let rates: [TransformerRate] =
        [.init(value: paperRate, iterations: 40_000), .init(value: 3e-5, iterations: 20_000)]
        + [1e-4, 3e-4, 1e-3, 3e-3].map { .init(value: $0, iterations: 10_000) }
    private static let paperRate = 1e-5

    static func run(_ settings: ExperimentSettings) throws {
        let noise = settings.noise ?? .authors
        var trainings = try TransformerTrainings(
            .signs(settings),
            [
                .init(name: "bilinear", lineType: 2, sampler: .bilinear),
                .init(name: noise.title, lineType: 1, sampler: .linearized, linearized: noise.options(.linearized)),
            ], rates: settings.isQuick ? Array(rates[1...2]) : rates, seeds: 2, settings)
        try trainings.train(trainings.everything, settings) { trainings in
            try draw(trainings, settings)
            try report(trainings, noise, settings)
        }
    }

    /// A panel for each rate, and behind the last one the key.
    private static func draw(_ trainings: TransformerTrainings, _ settings: ExperimentSettings) throws {
        let (names, rows) = trainings.curves("validation error") { 100 * $0.validationError }
        let rates = trainings.begunRates
        guard !rates.isEmpty else { return }
        let layout = PanelGrid(cells: rates.count + 1)
        let plots = rates.map { (title: "rate \(trainings.rates[$0].value)", commands: "plot \(trainings.lines(rate: $0))") }
        try Plot(
            table: ([names] + rows).map { $0.joined(separator: ",") + "\n" }.joined(),
            commands: """
                set multiplot
                set xrange [0:*]
                set yrange [0:*]
                set format x "%.0s%c"
                \(layout.plots(plots, x: "iterations", y: "validation error (%)"))unset multiplot

                """,
            width: layout.width, height: layout.height
        ).draw(.classificationRates, settings)
    }

    private static func report(_ trainings: TransformerTrainings, _ noise: NoiseChoice, _ settings: ExperimentSettings) throws {
        let title = trainings.task.transformer.title
        let best = [trainings.bestRate(0), trainings.bestRate(1)]
        let claim = "linearized sampling has a lower error than bilinear at \(trainings.task.downsampling)×"
        var findings: [ExperimentReport.Finding] = []
        if let rate = trainings.rates.firstIndex(where: { $0.value == paperRate }) {
            findings.append(
                finding(
                    "\(title), at the paper's rate (\(paperRate)): \(claim)", trainings, rates: [rate, rate], crossing(trainings, rate)))
        }
        if let bilinear = best[0], let linearized = best[1] {
            let rates = "\(trainings.rates[bilinear].value) and \(trainings.rates[linearized].value)"
            findings.append(
                finding(
                    "\(title), each at its best rate: \(claim)", trainings, rates: [bilinear, linearized],
                    "rates \(rates), by the validation error"))
        }
        try ExperimentReport(
            title: "Table 1 by rate: when linearized sampling is ahead",
            setUp: """
                \(trainings.setUp(planned: trainings.planned(trainings.everything), settings)) The linearized sampler's noise is added \(noise.description). Every rate in the table is the \
                transformer's.
                """,
            pictures: [
                ("classification-rates.svg", "The validation error while training goes on: means over seeds, and each seed as a thin line")
            ],
            table: trainings.table(settings), findings: findings
        ).write(.classificationRates, settings)
    }

    private static func finding(
        _ claim: String, _ trainings: TransformerTrainings, rates: [Int], _ note: String
    ) -> ExperimentReport.Finding {
        guard let gain = trainings.gain(of: 1, at: rates[1], over: 0, at: rates[0]) else {
            return .init(claim: claim, found: "not trained yet")
        }
        let isComplete = trainings.isComplete(planned: trainings.planned(trainings.everything))
        let errors = [0, 1].map { fixed(average(trainings.testErrors($0, rate: rates[$0])), 2) }
        return .init(
            claim: claim, found: "\(errors[1]) % against \(errors[0]) %, by \(gain.text(2)) points lower; \(note)",
            verdict: isComplete ? gain.isPositive : nil)
    }

    /// From when on linearized sampling is ahead in validation: by means over seeds and over five validations.
    private static func crossing(_ trainings: TransformerTrainings, _ rate: Int) -> String {
        let curves = [0, 1].map { trainings.meanCurve($0, rate: rate) { $0.validationError } }
        let smooth = curves.map { curve in curve.indices.map { i in average(curve[max(0, i - 4)...i].map(\.mean)) } }
        let count = min(smooth[0].count, smooth[1].count)
        guard count > 0 else { return "validated at no common place" }
        guard let last = (0..<count).last(where: { smooth[1][$0] >= smooth[0][$0] }) else {
            return "ahead in validation from the first on"
        }
        return last + 1 == count
            ? "not ahead in validation at the end" : "ahead in validation from \(curves[0][last + 1].iteration) iterations on"
    }
}
