import Files
import LinWarp
import Plots

/// The errors of `Classification`'s trainings, as far as they are known.
struct ClassificationTable {
    /// How many trainings there will be.
    let trainings: Int
    let downsamplings: [Int]
    /// How they were done.
    var setUp = ""
    private var done = 0
    private var cells: [Row: [Int: Cell]] = [:]
    private var classifierParameters: [Int: Int] = [:]

    init(trainings: Int, downsamplings: [Int]) {
        self.trainings = trainings
        self.downsamplings = downsamplings
    }

    /// A line of the table and of the picture.
    private struct Row: Hashable {
        var transformer: NetworkConfiguration.Transformer
        var sampler: NetworkConfiguration.SamplerKind

        static let all =
            [Row(transformer: .none, sampler: .bilinear)]
            + [.stn, .icstn].flatMap { transformer in
                Classification.samplers(transformer, downsampling: 8).map { Row(transformer: transformer, sampler: $0) }
            }

        var name: String { transformer == .none ? "no transformer" : "\(transformer.title), \(sampler.rawValue)" }

        /// The error in the paper's Table 1 (%), at 1x, 2x, 4x and 8x; nothing for the sampler that the paper does not have.
        var paper: [Double]? {
            switch (transformer, sampler) {
            case (.none, _): [12.37, 12.88, 20.85, 45.88]
            case (.stn, .bilinear): [6.29, 6.50, 7.95, 15.31]
            case (.stn, .multiScale): [6.83, 6.70, 8.30, 15.00]
            case (.stn, .linearized): [6.08, 6.48, 7.13, 10.89]
            case (.icstn, .bilinear): [5.68, 5.00, 6.52, 9.80]
            case (.icstn, .multiScale): [5.40, 5.95, 6.06, 10.19]
            case (.icstn, .linearized): [4.85, 4.68, 4.86, 6.10]
            case (_, .linearizedBiasFree): nil
            }
        }
    }

    /// The test errors of a network's trainings from several seeds.
    private struct Cell {
        /// By seed.
        var tests: [(errors: Int, total: Int)] = []

        /// In percent, by seed.
        var percents: [Double] { tests.map { 100 * Double($0.errors) / Double($0.total) } }

        // Counted together.
        var errors: Int { tests.reduce(0) { $0 + $1.errors } }
        var total: Int { tests.reduce(0) { $0 + $1.total } }
        var percent: Double { 100 * Double(errors) / Double(total) }

        var interval: (low: Double, high: Double) {
            let share = wilsonInterval(errors, of: total)
            return (100 * share.lowerBound, 100 * share.upperBound)
        }
    }

    var isComplete: Bool { done == trainings }

    mutating func add(_ trial: Classification.Trial, errors: Int, total: Int, classifierParameters: Int) {
        let row = Row(transformer: trial.transformer, sampler: trial.sampler)
        cells[row, default: [:]][trial.downsampling, default: Cell()].tests.append((errors, total))
        self.classifierParameters[trial.downsampling] = classifierParameters
        done += 1
    }

    /// Writes table, picture and report.
    func write(_ settings: ExperimentSettings) throws {
        try draw(settings)
        try report(settings)
    }

    private func draw(_ settings: ExperimentSettings) throws {
        let names = Row.all.flatMap { row in ["error", "low", "high"].map { "\(row.name.replacing(",", with: "")) \($0)" } }
        let lines = downsamplings.map { downsampling in
            "\(downsampling),"
                + Row.all.flatMap { row in
                    guard let cell = cells[row]?[downsampling] else { return ["", "", ""] }
                    return [cell.percent, cell.interval.low, cell.interval.high].map { fixed($0, 3) }
                }.joined(separator: ",")
        }
        let keyWidth = 390.0
        var layout = PanelGrid(rows: 1, columns: 2)
        (layout.panelWidth, layout.panelHeight) = (450, 525)
        layout.right = keyWidth
        var commands = """
            set multiplot
            set logscale x 2
            set xrange [\(fixed(Double(downsamplings[0]) / 1.2, 3)):\(fixed(Double(downsamplings.last!) * 1.2, 3))]
            set yrange [0:*]
            set xtics (\(downsamplings.map { "\"\($0)×\" \($0)" }.joined(separator: ", ")))
            set xlabel "downsampling"
            set key at screen \(layout.point(Double(layout.width) - keyWidth + 25, Double(layout.height) / 2)) left center vertical reverse Left samplen 2.5

            """
        for (panel, transformer) in [NetworkConfiguration.Transformer.stn, .icstn].enumerated() {
            commands +=
                layout.panel(panel)
                + "set title \"\(transformer.title)\" offset 0,-0.6\nset ylabel \"\(panel == 0 ? "test error (%)" : "")\" offset 1,0\n"
            let curves = Row.all.enumerated().filter { $0.element.transformer == transformer || $0.element.transformer == .none }
            let parts = curves.enumerated().flatMap { place, curve in
                // Side by side, so that intervals can be told apart.
                let x = "($1*2**(\(fixed(0.05 * (Double(place) - 2), 2))))"
                let columns = "\(2 + 3 * curve.offset):\(3 + 3 * curve.offset):\(4 + 3 * curve.offset)"
                let isNone = curve.element.transformer == .none
                let style = "linetype \(isNone ? 7 : curve.element.sampler.lineType)"
                let title = isNone ? "no transformer" : curve.element.sampler.rawValue
                return [
                    "data using \(x):\(columns) with yerrorbars \(style) title \"\"",
                    "data using \(x):\(2 + 3 * curve.offset) with lines \(style)\(isNone ? " dashtype 2" : "") title \"\(title)\"",
                ]
            }
            commands += "plot " + parts.joined(separator: ", \\\n    ") + "\nset key off\n"
        }
        let header = (["downsampling"] + names).joined(separator: ",")
        try Plot(table: ([header] + lines).joined(separator: "\n") + "\n", commands: commands, width: layout.width, height: layout.height)
            .draw(.classification, settings)
    }

    private func report(_ settings: ExperimentSettings) throws {
        let paperColumns = [1, 2, 4, 8]
        let head = ["test error (%)"] + downsamplings.map { "\($0)×" }
        let sizes = ["parameters of the classifier"] + downsamplings.map { classifierParameters[$0].map { "\($0)" } ?? "" }
        let rows = Row.all.map { row in
            [row.name]
                + downsamplings.map { downsampling in
                    let ours = cells[row]?[downsampling].map {
                        "\(fixed($0.percent, 2)) (\(fixed($0.interval.low, 2)) to \(fixed($0.interval.high, 2)))"
                    }
                    let theirs = row.paper.map { "paper \(fixed($0[paperColumns.firstIndex(of: downsampling)!], 2))" }
                    return [ours ?? "–", theirs].compactMap { $0 }.joined(separator: "; ")
                }
        }
        let incomplete = isComplete ? "" : "**Incomplete: \(done) of \(trainings) trainings.** "
        try ExperimentReport(
            title: "Table 1: classification of traffic signs",
            setUp: """
                \(incomplete)\(setUp) Where a network was trained from several seeds, they count together, over the same test images: such \
                intervals are somewhat too narrow, and claims are judged by Student's intervals over the seeds, by the scatter of all \
                networks at a downsampling around the means of their kind and their seed. The linearized sampler's noise is added \((settings.noise ?? .paper).description). \
                "linearized-bias-free" is this library's addition, trained where `inference-swap` needs it.
                """,
            pictures: [
                (
                    "classification.svg",
                    "Test error by downsampling and sampler, with 95 % intervals (Wilson); the classifier alone for comparison"
                )
            ],
            table: "With 95 % intervals, beside the paper's figures:\n\n" + markdownTable([head, sizes] + rows),
            findings: [.stn, .icstn].flatMap { transformer in
                [
                    finding("linearized sampling has a lower error than bilinear at 4× and 8×", transformer, at: [4, 8]),
                    finding("at 8× the difference is clear", transformer, at: [8]),
                ]
            }
        ).write(.classification, settings)
    }

    /// By how many points linearized sampling is better than bilinear; open until all of the cells are known.
    private func finding(
        _ claim: String, _ transformer: NetworkConfiguration.Transformer, at downsamplings: [Int]
    ) -> ExperimentReport.Finding {
        let gains = downsamplings.compactMap { downsampling -> (condition: String, gain: Estimate)? in
            let rows = Row.all.filter { cells[$0]?[downsampling] != nil }
            let places = [NetworkConfiguration.SamplerKind.bilinear, .linearized].compactMap {
                rows.firstIndex(of: Row(transformer: transformer, sampler: $0))
            }
            guard isComplete, places.count == 2 else { return nil }
            let blocks = rows.map { cells[$0]![downsampling]!.percents }
            return ("at \(downsampling)×", .difference(places[0], minus: places[1], in: blocks))
        }
        let claim = "\(transformer.title): \(claim)"
        return gains.count == downsamplings.count
            ? .init(claim: claim, gains: gains, digits: 2, note: "points by which the error is lower, over the seeds")
            : .init(claim: claim, found: "not trained yet")
    }
}
