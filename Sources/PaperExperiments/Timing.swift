import Files
import LinWarp
import Plots

/// A.1: the linearized sampler's speed against our bilinear one.
enum Timing: Experiment {
    /// What is sampled: a batch of images as in training, and a photograph.
    private struct Case {
        var title: String
        var batch: Int
        /// Height and width.
        var source, target: [Int]
    }

    private static let cases = [
        Case(title: "64×3×50² to 50²", batch: 64, source: [50, 50], target: [50, 50]),
        Case(title: "64×3×50² to 7²", batch: 64, source: [50, 50], target: [7, 7]),
        Case(title: "3×375×500 to same", batch: 1, source: [375, 500], target: [375, 500]),
        Case(title: "3×375×500 to 47×63", batch: 1, source: [375, 500], target: [47, 63]),
    ]
    /// Of bilinear's, in percent.
    private static let paper = (forward: 67.0, backward: 40.0)

    private struct Speed {
        /// Milliseconds: medians.
        var bilinear, linearized: Double
        /// In percent of bilinear's speed, by repetition.
        var percents: [Double]

        init(_ times: [(bilinear: Double, linearized: Double)]) {
            bilinear = median(times.map(\.bilinear))
            linearized = median(times.map(\.linearized))
            percents = times.map { 100 * $0.bilinear / $0.linearized }
        }

        /// The median over repetitions.
        var percent: Estimate { .bootstrap(percents.count) { median($0.map { percents[$0] }) } }

        /// By how much the median is above another's.
        func gain(over other: Speed) -> Estimate {
            .bootstrap(percents.count) { drawn in median(drawn.map { percents[$0] }) - median(drawn.map { other.percents[$0] }) }
        }
    }

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.timing
        let speeds = cases.map { shape in
            settings.progress(shape.title)
            let scene = ProceduralScene().image(height: shape.source[0], width: shape.source[1])
            let images = stack([Tensor<Float>](repeating: scene, count: shape.batch))
            let times = (0...(settings.isQuick ? 5 : 60)).map { call in
                // One sampler after the other, so that both feel the same load of the machine.
                (
                    bilinear: time(BilinearSampler(propagatesToImage: false), shape, images, call),
                    linearized: time(LinearizedSampler(), shape, images, call)
                )
            }.dropFirst()  // warm-up
            return (
                forward: Speed(times.map { ($0.bilinear.forward, $0.linearized.forward) }),
                backward: Speed(times.map { ($0.bilinear.backward, $0.linearized.backward) }),
                both: Speed(times.map { ($0.bilinear.both, $0.linearized.both) })
            )
        }
        let directions = ["forward", "backward", "both"]
        let all = speeds.map { [$0.forward, $0.backward, $0.both] }
        let head =
            ["images"] + directions.flatMap { d in ["bilinear ms", "linearized ms", "speed", "lower", "upper"].map { "\(d) \($0)" } }
        let rows = zip(cases, all).map { shape, speeds in
            [shape.title]
                + speeds.flatMap { speed -> [Double] in
                    let percent = speed.percent
                    return [speed.bilinear, speed.linearized, percent.value, percent.interval.lowerBound, percent.interval.upperBound]
                }.map { fixed($0, 3) }
        }
        let table = ([head] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
        try Plot(table: table, commands: commands(directions), width: 1300, height: 700).draw(name, settings)
        func above(_ percent: Double, _ claim: String, _ speeds: [Speed]) -> ExperimentReport.Finding {
            .init(
                claim: "\(fixed(percent, 0)) % \(claim)",
                gains: zip(cases, speeds).map { ("for \($0.title)", $1.percent.on { $0 - percent }) },
                digits: 0,
                note: "points above that")
        }
        try ExperimentReport(
            title: "A.1: computation time",
            setUp: """
                Both samplers in turn, \(settings.isQuick ? 5 : 60) times each, on \(Threads.count) threads with the \(KernelLevel.current) kernels: \
                3 channels in Float, K = 8, from matrices near the identity. Forward keeps what the way back needs; backward is the way back \
                to the matrices. Medians; speeds in percent of our bilinear sampler's, with 95 % percentiles of a bootstrap over the repetitions. \
                Slopes are kept from the forward pass, where bilinear computes them on the way back.
                """,
            pictures: [("\(name.rawValue).svg", "Speed in percent of bilinear's, with 95 % intervals; dotted what the paper says")],
            table: markdownTable(
                [["images"] + directions.map { "\($0): bilinear, linearized (ms), speed (%)" }]
                    + zip(cases, all).map { shape, speeds in
                        [shape.title] + speeds.map { "\(fixed($0.bilinear, 2)), \(fixed($0.linearized, 2)), \($0.percent.text(0))" }
                    }),
            findings: [
                above(paper.forward, "of bilinear's speed forward", speeds.map(\.forward)),
                above(paper.backward, "backward", speeds.map(\.backward)),
                .init(
                    claim: "the overhead is mainly in the backward pass",
                    gains: zip(cases, speeds).map { ("for \($0.title)", $1.forward.gain(over: $1.backward)) }, digits: 0,
                    note: "points by which the forward pass comes closer to bilinear's speed"),
            ]
        ).write(name, settings)
    }

    private static func commands(_ directions: [String]) -> String {
        let bars = directions.enumerated().map { i, direction in
            "data using \(4 + 5 * i):\(5 + 5 * i):\(6 + 5 * i):xtic(1) linetype \(i + 1) title \"\(direction)\""
        }
        let lines = [(paper.forward, 1, "forward"), (paper.backward, 2, "backward")].map { speed, lineType, direction in
            "\(speed) with lines linetype \(lineType) dashtype 3 title \"\(direction), the paper\""
        }
        return """
            set style data histogram
            set style histogram errorbars gap 1 linewidth 2
            set style fill solid 0.8 border
            set boxwidth 0.9
            set xtics font ",16"
            set xrange [-0.6:\(Double(cases.count) - 0.4)]
            set yrange [0:*]
            set ylabel "speed (% of bilinear's)"
            plot \((bars + lines).joined(separator: ", \\\n    "))

            """
    }

    /// Milliseconds of one forward pass and the way back.
    private typealias Times = (forward: Double, backward: Double, both: Double)

    private static func time(_ sampler: any Sampler, _ shape: Case, _ images: Tensor<Float>, _ call: Int) -> Times {
        let matrix = .rotation(0.1) * .scaling(0.9, 0.9)
        let matrices = Tensor<Float>(
            (0..<shape.batch).flatMap { _ in matrix.elements.map { Float($0) } }, shape: [shape.batch, 3, 3])
        let cotangent = Tensor<Float>.ones([shape.batch, 3] + shape.target)
        let clock = ContinuousClock()
        let start = clock.now
        let (_, pullback) = valueWithPullback(at: [matrices]) { variables in
            sampler.sample(images, at: SamplingGrid(matrices: variables[0], height: shape.target[0], width: shape.target[1]), call: call)
        }
        let middle = clock.now
        _ = pullback(cotangent)
        let end = clock.now
        return ((middle - start) / .milliseconds(1), (end - middle) / .milliseconds(1), (end - start) / .milliseconds(1))
    }
}
