import Figures
import Files
import LinWarp
import Plots

/// What becomes of Fig. 7 on photographs where something that the paper leaves open is chosen otherwise: one choice at a time, on photographs
/// that Fig. 7 does not show.
enum ProtocolChoices: Experiment {
    private static let downsamplings = [1.0, 8]
    /// Views of each photograph.
    private static let views = 2
    /// Photographs, and behind how many of Fig. 7's.
    private static let (photographs, shown) = (20, 80)

    /// The whole protocol of an alignment, as Fig. 7 has it.
    private struct Choices {
        var region = 0.5
        var outside = OutsidePixels.leftOut
        var view = AlignmentTask.ViewProtocol()
        /// Photographs are averaged to fewer pixels first.
        var reduction = 1
        var learningRate = 0.02
        var iterations = 200
        /// ε, in squared source pixels.
        var regularization = 1.0
        /// The linearized sampler but for ε and seed, where it is another.
        var linearized: LinearizedSampler?

        func sampler(_ kind: SamplerName, seed: UInt64) -> any Sampler {
            var sampler = linearized ?? LinearizedSampler()
            sampler.regularization = regularization
            return kind.forAlignment(sampler, seed: seed)
        }
    }

    private struct Alternative {
        var choice, name: String
        /// Those that the choice concerns.
        var samplers = SamplerName.allCases
        var apply: @Sendable (inout Choices) -> Void
    }

    private static let (noise, samplesOutside) = ("noise", "samples outside")

    private static let alternatives: [Alternative] = [
        .init(choice: "Fig. 7", name: "as it is") { _ in },
        .init(choice: "start", name: "three quarters") { $0.region = 0.75 },
        .init(choice: "start", name: "whole image") { $0.region = 1 },
        .init(choice: "outside", name: "black") { $0.outside = .counted },
        .init(choice: "start and outside", name: "whole and black") {
            $0.region = 1
            $0.outside = .counted
        },
        .init(choice: "target", name: "interpolated") { $0.view.isAveraged = false },
        .init(choice: "image size", name: "half") { $0.reduction = 2 },
        .init(choice: "image size", name: "quarter") { $0.reduction = 4 },
        .init(choice: "scale deviation", name: "√2 in log₂") { $0.view.scaleDeviation = 2.0.squareRoot() },
        .init(choice: "Adam's rate", name: "0.005") { $0.learningRate = 0.005 },
        .init(choice: "Adam's rate", name: "0.05") { $0.learningRate = 0.05 },
        .init(choice: "steps", name: "half as many") { $0.iterations /= 2 },
        .init(choice: "steps", name: "twice as many") { $0.iterations *= 2 },
        .init(choice: "ε", name: "0.001", samplers: [.linearized]) { $0.regularization = 1e-3 },
        .init(choice: "ε", name: "3", samplers: [.linearized]) { $0.regularization = 3 },
        .init(choice: "ε", name: "10", samplers: [.linearized]) { $0.regularization = 10 },
        linearized(noise, "after", LinearizedSampler(noiseFrame: .source)),
        linearized(noise, "after and narrow", LinearizedSampler().with(.authors)),
        linearized(noise, "before and narrow", LinearizedSampler(sigma: NoiseChoice.authorsSigma)),
        linearized(samplesOutside, "counted", LinearizedSampler(outside: .counted)),
        linearized(samplesOutside, "counted and narrow after", LinearizedSampler(outside: .counted).with(.authors)),
    ]

    private static func linearized(_ choice: String, _ name: String, _ sampler: LinearizedSampler) -> Alternative {
        .init(choice: choice, name: name, samplers: [.linearized]) { $0.linearized = sampler }
    }

    static func run(_ settings: ExperimentSettings) throws {
        let images = Array(try ImageSource.photographs(shown + photographs, quick: 1, settings).suffix(photographs))
        var trials = try TrialTable(
            "\(ExperimentName.protocolChoices.rawValue)-trials.csv",
            keys: ["choice", "alternative", "downsampling", "sampler", "pair", "protocol"], values: ["error"], settings)
        let rows = try alternatives.map { alternative in
            var choices = Choices()
            if settings.isQuick { choices.iterations = 10 }
            alternative.apply(&choices)
            let sources = images.map { [choices] in $0.reduced(choices.reduction) }
            let digests = sources.map(\.digest)
            let errors = try downsamplings.map { downsampling in
                try SamplerName.allCases.map { kind -> AlignmentErrors? in
                    guard alternative.samplers.contains(kind) else { return nil }
                    settings.progress("\(alternative.choice): \(alternative.name), \(fixed(downsampling, 0))x, \(kind.rawValue)")
                    let keys = (0..<views * images.count).map { i in
                        let name = protocolName(digests[i / views], choices, search(kind, choices, seed: settings.seed))
                        return [alternative.choice, alternative.name, fixed(downsampling, 0), kind.rawValue, "\(i)", name]
                    }
                    let errors = try trials.values(keys) { [choices] i in
                        [error(sources[i / views], pair: shown + i, kind, downsampling, choices, settings)]
                    }
                    return AlignmentErrors(byImage: images.indices.map { i in errors[views * i..<views * (i + 1)].map { $0[0] } })
                }
            }
            return Row(alternative: alternative, errors: errors)
        }
        try draw(rows, settings)
        try report(rows, pairs: views * images.count, settings)
    }

    private static func error(
        _ source: Tensor<Float>, pair: Int, _ kind: SamplerName, _ downsampling: Double, _ choices: Choices, _ settings: ExperimentSettings
    ) -> Double {
        let task = AlignmentTask(
            source, pair: pair, region: choices.region, downsampling: downsampling, view: choices.view, settings)
        return task.error(search(kind, choices, seed: settings.seed &+ UInt64(pair)))
    }

    private static func search(_ kind: SamplerName, _ choices: Choices, seed: UInt64) -> AlignmentSettings {
        let sampler = choices.sampler(kind, seed: seed)
        var search = AlignmentSettings.paper(sampler, iterations: choices.iterations, learningRate: choices.learningRate)
        search.sampled?.outside = choices.outside
        return search
    }

    private struct Row {
        var alternative: Alternative
        /// By downsampling and sampler; nil where the choice does not concern the sampler.
        var errors: [[AlignmentErrors?]]
        let recalls: [[Estimate?]]

        init(alternative: Alternative, errors: [[AlignmentErrors?]]) {
            self.alternative = alternative
            self.errors = errors
            recalls = errors.map { $0.map { $0?.estimate(recall(at: usual)) } }
        }

        var title: String { "\(alternative.choice): \(alternative.name)" }

        /// Whether all samplers were tried, and so can be compared.
        var isComparison: Bool { alternative.samplers == SamplerName.allCases }

        /// Whether linearized sampling is above another sampler, by downsampling.
        func linearizedIsAbove(_ sampler: Int) -> [Verdict] {
            errors.map { $0[2]!.difference(from: $0[sampler]!, recall(at: usual)).isPositive }
        }
    }

    /// A panel for each downsampling, a line for each alternative, a point for each sampler.
    private static func draw(_ rows: [Row], _ settings: ExperimentSettings) throws {
        let columns = downsamplings.flatMap { downsampling in
            SamplerName.allCases.map { "\(fixed(downsampling, 0))× \($0.rawValue)" }
        }
        let lines = rows.map { row in
            (["\"\(row.alternative.choice)\"", "\"\(row.alternative.name)\""]
                + row.recalls.joined().map { $0.map { fixed($0.value, 4) } ?? "" }).joined(separator: ",") + "\n"
        }
        var layout = PanelGrid(rows: 1, columns: downsamplings.count)
        (layout.panelWidth, layout.panelHeight) = (380, 36 * Double(rows.count))
        // Room for the labels and for the key.
        (layout.left, layout.top) = (620, 110)
        let labels = rows.enumerated().map { "\"\($1.title)\" \($0)" }.joined(separator: ", ")
        let panels = downsamplings.enumerated().map { i, downsampling in
            let points = SamplerName.allCases.enumerated().map { j, kind in
                "data using \(3 + 3 * i + j):($0+\(fixed(0.2 * Double(j - 1), 1))) with points linetype \(kind.lineType)"
            }
            return """
                set title "\(rateTitle(downsampling))"
                \(layout.panel(i))\
                set ytics (\(i == 0 ? labels : rows.indices.map { "\"\" \($0)" }.joined(separator: ", ")))
                plot \(points.joined(separator: ", \\\n    "))

                """
        }
        try Plot(
            table: "choice,alternative,\(columns.joined(separator: ","))\n" + lines.joined(),
            commands: """
                set multiplot
                set key off
                set xrange [0:1]
                set yrange [\(Double(rows.count) - 0.5):-0.5]
                set xlabel "recall at a corner error of \(usual)"
                \(panels.joined())\(layout.key(height: 50, SamplerName.allCases.map { ("points linetype \($0.lineType)", $0.rawValue) }))\
                unset multiplot

                """,
            width: layout.width, height: layout.height
        ).draw(.protocolChoices, settings)
    }

    private static func report(_ rows: [Row], pairs: Int, _ settings: ExperimentSettings) throws {
        let head =
            ["choice", "alternative"]
            + downsamplings.flatMap { downsampling in SamplerName.allCases.map { "\(fixed(downsampling, 0))× \($0.rawValue)" } }
        let cells = rows.map { row in
            [row.alternative.choice, row.alternative.name] + row.recalls.joined().map { $0?.text(2) ?? "" }
        }
        let judged = rows.filter(\.isComparison)
        /// Whether linearized sampling is above another sampler with every protocol, at some of the downsamplings.
        func above(_ claim: String, _ sampler: Int, at places: [Int]) -> ExperimentReport.Finding {
            let verdicts = judged.map { $0.linearizedIsAbove(sampler) }
            let parts = places.map { place in
                let groups = [("above for", Verdict.holds), ("undecided for", .undecided), ("below for", .doesNotHold)].map {
                    words, verdict in
                    "\(words) \(verdicts.count { $0[place] == verdict })"
                }
                return "at \(fixed(downsamplings[place], 0))× \(groups.joined(separator: ", "))"
            }
            return .init(
                claim: claim, found: "of \(judged.count) protocols \(parts.joined(separator: "; "))",
                verdict: .all(of: verdicts.flatMap { verdict in places.map { verdict[$0] } }))
        }
        /// The linearized sampler's recalls, as they are in Fig. 7 and with the alternatives of some choices.
        func linearized(_ asItIs: String, _ choices: [String]) -> String {
            let others = rows.filter { choices.contains($0.alternative.choice) }
            let named = [(asItIs, rows[0])] + others.map { ("\($0.alternative.choice) = \($0.alternative.name)", $0) }
            return named.map { "\($0): " + $1.recalls.map { $0[2]!.text(2) }.joined(separator: " and ") }.joined(separator: "; ")
        }
        let rates = downsamplings.map { "\(fixed($0, 0))×" }.joined(separator: " and ")
        try ExperimentReport(
            title: "Other choices where the paper leaves one",
            setUp: """
                Fig. 7 on photographs with one thing changed at a time: \(pairs) pairs, \(views) views each of photographs that Fig. 7 does \
                not show. Recall at a corner error of \(usual), so \(fixed(1 / Double(pairs), 3)) is one pair, with 95 % percentiles of a bootstrap over the \
                photographs; a sampler is above another where the interval of their difference is. "align", whose optimizer is another, is in Fig. 7.
                """,
            pictures: [
                ("protocol-choices.svg", "Recall with each alternative; some concern the linearized sampler alone")
            ],
            table: markdownTable([head] + cells),
            findings: [
                above("linearized sampling is above bilinear at every downsampling", 0, at: Array(downsamplings.indices)),
                above(
                    "linearized sampling is above multi-scale sampling if there is any downsampling", 1,
                    at: downsamplings.indices.filter { downsamplings[$0] > 1 }),
                .init(
                    claim: "ε is a small scalar",
                    found: "recall at \(rates) with " + linearized("ε = 1", ["ε"])),
                .init(
                    claim:
                        "noise as wide as a pixel of the result is added before the transformation, and samples outside of the image are left out; "
                        + "the released code adds a quarter of that after it (narrow) and leaves out none",
                    found: "recall at \(rates) with " + linearized("the paper's", [noise, samplesOutside])),
            ]
        ).write(.protocolChoices, settings)
    }
}
