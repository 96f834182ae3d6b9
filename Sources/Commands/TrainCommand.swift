import ArgumentParser
import Files
import Foundation
import LinWarp
import TrainingRuns

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a classifier, with a spatial transformer before it or none.",
        discussion: """
            Writes into the output directory: checkpoint.safetensors, from which --resume goes on; best.safetensors, the one with the \
            lowest validation error; log.jsonl, a JSON object for each step of the log; curve.png, drawn by gnuplot from the log at the \
            end and now and then before: the training loss and the validation error. A directory that holds the results of a training is \
            refused without --resume or --overwrite.

            Example: linwarp train synthetic --network stn --sampler linearized --downsample 4 --iterations 500 --out signs
            """)

    @Argument(
        help: """
            mnist: perturbed digits, of which is lost what leaves the image; mnist-whole: the same, but transformers get the whole digit and \
            begin where it is perturbed to; gtsrb; synthetic, signs drawn from formulas, without data.
            """)
    var dataset: DatasetName

    @Option(help: "What stands before the classifier: none, stn or icstn.")
    var network: NetworkConfiguration.Transformer = .stn

    @Option(help: "How the transformer samples: bilinear, multi-scale, linearized or linearized-bias-free.")
    var sampler: NetworkConfiguration.SamplerKind = .linearized

    @Option(help: "By how much smaller than the image the classifier's input is.")
    var downsample = 1

    @Option(help: "How many iterations in all.")
    var iterations = 1000

    @Option(help: "Images in an iteration, of each process.")
    var batch = 64

    @Option(help: "Of the initial parameters, the order of the images and all noise.")
    var seed: UInt64 = 0

    @Option(help: "The transformer's learning rate (default: 0.00001).", transform: numberArgument)
    var transformerRate = 1e-5

    @Option(help: "The classifier's learning rate (default: 0.001).", transform: numberArgument)
    var classifierRate = 1e-3

    @OptionGroup var updates: UpdateOptions

    @OptionGroup var transformer: TransformerOptions

    @Option(help: "Iterations from one checkpoint, log line and validation to the next.")
    var interval = 200

    @Option(help: "Stop after so many iterations without a lower validation error (default: never).")
    var patience: Int?

    @Option(help: "The directory that holds the data sets (default: LINWARP_DATA).")
    var data: String?

    @Option(help: "The directory to write to.")
    var out = "linwarp-out"

    @Flag(help: "Go on from the checkpoint in the output directory, where there is one.")
    var resume = false

    @Flag(help: "Begin anew; what another training has left in the output directory goes with the first checkpoint.")
    var overwrite = false

    @Flag(
        help: """
            Print at the end where the time of a step went, the first one left out: milliseconds forward and backward of each operation, its \
            share of the step, and the share of its time that its sums of products or its memory take at the least.
            """)
    var profile = false

    @OptionGroup var quiet: QuietOption

    func validate() throws {
        let numbers = [
            ("downsample", downsample), ("iterations", iterations), ("batch", batch), ("interval", interval), ("patience", patience ?? 1),
        ]
        for (name, value) in numbers where !(1...1_000_000_000).contains(value) {
            throw ValidationError("--\(name): found \(value), expected a whole number from 1 to 1000000000")
        }
        try transformer.validate(sampler, dataset)
        if resume && overwrite { throw ValidationError("--overwrite: found together with --resume, expected either") }
    }

    mutating func run() throws { try run(among: SingleProcess()) }

    /// Trains together with the other processes, of which the first one writes.
    func run(among communicator: some Communicator) throws {
        let writes = communicator.rank == 0
        let progress = quiet.progress(isSilent: !writes)
        defer { progress.clear() }
        // Before data are read, which takes a while.
        prepareMatrixProducts()
        // A directory that is there is looked at before anything is read; one that is missing is made when it is known what for.
        let isThere = FileManager.default.fileExists(atPath: out)
        if writes && isThere { try claimDirectory() }
        let outlook = ClassificationData.outlook(dataset, seed: seed)
        if let outlook { try trainingRun(on: outlook.training).requireMemory(data: outlook.bytes) }
        progress.show("reading \(dataset.rawValue)")
        let data = try ClassificationData(dataset, directory: try dataDirectory(data, for: dataset), seed: seed)
        let training = try trainingRun(on: data.training)
        if outlook == nil { try training.requireMemory() }
        if writes && !isThere { try claimDirectory() }
        let result = try training.run(on: data, in: out, resumes: resume, profiles: profile, among: communicator) { progress.show($0) }
        progress.clear()
        if let error = result.curveError { notice("\(out)/curve.png was not drawn: \(error)") }
        let test = try result.network.confusion(result.checkpoint.parameters, on: data.test, among: communicator, for: "the test")
        guard writes else { return }
        try quiet.print([
            "\(result.checkpoint.iteration) iterations: test error \(percent(test.errorRate)), 95 % interval "
                + "\(percent(test.interval.lowerBound)) to \(percent(test.interval.upperBound)); \(TrainingRun.latest(in: out))"
        ])
        if let profile = result.profile { try quiet.print(profile.lines(on: MachineSpeed.measured())) }
    }

    /// The training that the options describe, on images like these.
    private func trainingRun(on images: LabelledImages) throws -> TrainingRun {
        let tooSmall = ValidationError("--downsample: found \(downsample), which leaves too little of \(images.height) pixels")
        guard images.height >= downsample else { throw tooSmall }
        let configuration = NetworkConfiguration(
            architecture: dataset.architecture, transformer: network, sampler: sampler, downsampling: downsample,
            channels: images.channels, side: images.height, classes: images.classCount, seed: seed,
            linearized: transformer.linearized(sampler),
            scaleBound: transformer.scaleBound)
        guard configuration.isValid else { throw tooSmall }
        return TrainingRun(
            dataset: dataset, configuration: configuration, transformerRate: transformerRate, classifierRate: classifierRate,
            optimizer: updates.optimizer, schedule: updates.learningRates(iterations: iterations), clip: updates.clip, batch: batch,
            iterations: iterations, interval: interval, patience: patience, seed: seed)
    }

    /// Makes sure that the directory is this training's alone.
    private func claimDirectory() throws {
        try OutputDirectory(out).lock()
        let found = TrainingRun.results(in: out)
        guard found.isEmpty || resume || overwrite else {
            throw Failure(
                description:
                    "--out \(out): found the results of a training (\(found.joined(separator: ", "))), expected none; --resume goes on "
                    + "with it, --overwrite begins anew, and another --out keeps both")
        }
    }
}

extension DatasetName: ExpressibleByArgument {}
extension NetworkConfiguration.Transformer: ExpressibleByArgument {}
extension NetworkConfiguration.SamplerKind: ExpressibleByArgument {}

/// The directory that holds the data sets: that of the option, else the environment's.
func dataDirectory(_ option: String?, for dataset: DatasetName) throws -> String {
    guard let directory = option ?? Environment.data else {
        throw ValidationError("--data: found none and no LINWARP_DATA, expected the directory that holds \(dataset.rawValue)")
    }
    return directory
}
