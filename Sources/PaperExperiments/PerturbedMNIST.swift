import Files
import LinWarp
import Plots
import TrainingRuns

/// A.2: inverse compositional transformers on perturbed digits, where the paper finds no difference between the samplers.
enum PerturbedMNIST: Experiment {
    private static let plan = TrainingPlan(
        transformerRate: 1e-4, classifierRate: 1e-3, batch: 100, iterations: (10_000, 10_000, 10_000), interval: 500)
    private static let quickPlan = TrainingPlan(
        transformerRate: 1e-4, classifierRate: 1e-3, batch: 16, iterations: (60, 60, 60), interval: 10)

    static let samplers: [NetworkConfiguration.SamplerKind] = [.bilinear, .linearized]

    static func data(_ settings: ExperimentSettings) throws -> ClassificationData {
        if settings.isQuick { return quickSigns(side: 28, seed: settings.seed, perturbs: true) }
        return try ClassificationData(.mnist, directory: try settings.dataDirectory("MNIST"), seed: settings.seed)
    }

    /// Trains, or takes what was trained before.
    static func trained(
        _ sampler: NetworkConfiguration.SamplerKind, on data: ClassificationData, reuses: Bool, _ settings: ExperimentSettings
    ) throws -> TrainedClassifier {
        let configuration = NetworkConfiguration(
            architecture: .linLucey, transformer: .icstn, sampler: sampler, channels: data.training.channels, side: data.training.height,
            classes: data.training.classCount, seed: settings.seed, linearized: (settings.noise ?? .paper).options(sampler))
        let plan = settings.isQuick ? quickPlan : plan
        return try settings.trained(
            plan.training(configuration, on: settings.isQuick ? .synthetic : .mnist), of: ExperimentName.mnist.rawValue, on: data,
            reuses: reuses,
            title: sampler.rawValue)
    }

    static func run(_ settings: ExperimentSettings) throws {
        settings.progress("reading")
        let data = try Self.data(settings)
        let trained = try samplers.map { try Self.trained($0, on: data, reuses: false, settings) }
        let tests = trained.map { $0.network.confusion($0.parameters, on: data.test) }
        try draw(trained.map(\.log), settings)
        let rows = zip(samplers, tests).map { sampler, test in
            [
                sampler.rawValue, fixed(100 * test.errorRate, 2),
                "\(fixed(100 * test.interval.lowerBound, 2)) to \(fixed(100 * test.interval.upperBound, 2))", "1.4",
            ]
        }
        let (bilinear, linearized) = (tests[0], tests[1])
        try ExperimentReport(
            title: "A.2: perturbed MNIST",
            setUp: """
                \(settings.isQuick ? "Signs drawn from formulas" : "MNIST"): \(data.training.count) images to train with, \
                \(data.validation.count) to validate, \(data.test.count) to test, each warped by a random homography (standard deviations of \
                an eighth of the side, of each corner and of all together). Lin and Lucey's IC-STN with four steps. The linearized sampler's \
                noise is added \((settings.noise ?? .paper).description). \
                \((settings.isQuick ? quickPlan : plan).description)
                """,
            pictures: [("mnist.svg", "The validation error while training goes on")],
            table: markdownTable([["sampler", "test error (%)", "95 % interval", "the paper"]] + rows),
            findings: [
                .init(
                    claim: "both samplers reach the same error (1.4 %)",
                    found: "bilinear \(percent(bilinear.errorRate)), linearized \(percent(linearized.errorRate)); it holds where the 95 % "
                        + "intervals overlap",
                    holds: bilinear.interval.overlaps(linearized.interval))
            ]
        ).write(.mnist, settings)
    }

    private static func draw(_ logs: [[TrainingLog.Entry]], _ settings: ExperimentSettings) throws {
        let rows = logs[0].indices.map { i in
            (["\(logs[0][i].iteration)"] + logs.map { fixed(100 * $0[i].validationError, 3) }).joined(separator: ",")
        }
        let lines = samplers.enumerated().map { i, sampler in
            "data using 1:\(i + 2) with linespoints linetype \(sampler.lineType) title \"\(sampler.rawValue)\""
        }
        try Plot(
            table: (["iteration," + samplers.map(\.rawValue).joined(separator: ",")] + rows).joined(separator: "\n") + "\n",
            commands: """
                set xlabel "iterations"
                set ylabel "validation error (%)"
                set xrange [0:*]
                set yrange [0:*]
                plot \(lines.joined(separator: ", \\\n    "))

                """
        ).draw(.mnist, settings)
    }
}
