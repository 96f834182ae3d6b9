import ArgumentParser
import Foundation
import LinWarp
import PaperExperiments

struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Makes a figure or table of the paper anew.",
        discussion: """
            Writes into the output directory NAME.csv, the data; NAME.png or NAME.svg, the picture; and NAME.md, what was done, what came \
            out, and what the paper says. Names: \(ExperimentName.choices).

            Example: linwarp experiment gradient-field --quick --out results
            """)

    @Argument(help: "Which figure or table.", transform: choiceArgument)
    var name: ExperimentName

    @Option(help: "The directory that holds the data sets (default: LINWARP_DATA).", transform: pathArgument)
    var data: String?

    @Flag(help: "A small version on images drawn from formulas, in less than a minute.")
    var quick = false

    @Option(help: "The directory to write to.", transform: pathArgument)
    var out = "linwarp-out"

    @Option(parsing: .unconditional, help: "Of all random choices: the same seed gives the same result.", transform: seedArgument)
    var seed: UInt64 = 0

    @Flag(help: "Go on behind what an interrupted run has left in the output directory.")
    var resume = false

    @Option(
        help: """
            The linearized sampler's noise in networks: \(NoiseChoice.choices) (default: the experiment's own). That of the authors' released code \
            is added after the transformation.
            """, transform: choiceArgument)
    var noise: NoiseChoice?

    @OptionGroup var trainings: TrainingOptions

    @OptionGroup var quiet: QuietOption

    func validate() throws {
        if noise != nil && !name.takesNoise { throw ValidationError("--noise: found one for \(name.rawValue), which has no choice of it") }
        if trainings.areGiven && !name.comparesTrainings {
            throw ValidationError(
                "--rates, --seeds, --iterations, --network, --downsample: found one for \(name.rawValue), which compares no trainings")
        }
    }

    mutating func run() throws {
        let progress = quiet.progress()
        defer { progress.clear() }
        let output = try OutputDirectory(out)
        try output.lock()
        let name = name
        try name.experiment.run(
            ExperimentSettings(
                data: data ?? Environment.data, isQuick: quick, out: output.path, seed: seed,
                resumes: resume, noise: noise,
                trainings: trainings.choices
            ) { progress.show("\(name.rawValue): \($0)") })
        progress.clear()
        try quiet.print(["\(output.path)/\(name.rawValue).md"])
    }
}

extension ExperimentName: Choosable {}
extension NoiseChoice: Choosable {}
