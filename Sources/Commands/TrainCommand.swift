import ArgumentParser
import Foundation
import LinWarp

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a classifier, with a spatial transformer before it or none.",
        discussion: """
            Writes into the output directory: checkpoint.safetensors, from which --resume goes on; best.safetensors, the one with the \
            lowest validation error; log.jsonl, a JSON object for each step of the log; curve.png, drawn by gnuplot from the log at the \
            end and now and then before: the training loss and the validation error.

            Example: linwarp train synthetic --network stn --sampler linearized --downsample 4 --iterations 500 --out signs
            """)

    @Argument(help: "\(DatasetName.allCases.map(\.rawValue).joined(separator: ", ")).")
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

    func validate() throws {
        for (name, value) in [("downsample", downsample), ("iterations", iterations), ("batch", batch), ("interval", interval)]
        where !(1...1_000_000_000).contains(value) {
            throw ValidationError("--\(name): found \(value), expected at least 1")
        }
        if let patience, patience < 1 { throw ValidationError("--patience: found \(patience), expected at least 1") }
    }

    mutating func run() throws { try run(among: SingleProcess()) }

    /// Trains together with the other processes, of which the first one writes.
    func run(among communicator: some Communicator) throws {
        let writes = communicator.rank == 0
        let progress = ProgressLine(isSilent: !writes)
        defer { progress.clear() }
        progress.show("reading \(dataset.rawValue)")
        let data = try ClassificationData(dataset, directory: self.data, seed: seed)
        let tooSmall = ValidationError("--downsample: found \(downsample), which leaves too little of \(data.training.height) pixels")
        guard data.training.height >= downsample else { throw tooSmall }
        let configuration = NetworkConfiguration(
            architecture: dataset.architecture, transformer: network, sampler: sampler, downsampling: downsample,
            channels: data.training.channels, side: data.training.height, classes: data.training.classCount, seed: seed)
        guard configuration.isValid else { throw tooSmall }
        if writes { _ = try OutputDirectory(out) }
        let latest = "\(out)/checkpoint.safetensors"
        var trainer = try trainer(configuration, communicator)
        if resume && FileManager.default.fileExists(atPath: latest) {
            try goOn(&trainer.checkpoint, from: latest)
        }
        try trainer.checkAgreement()
        let log = writes ? try TrainingLog("\(out)/log.jsonl", keepingUpTo: trainer.checkpoint.iteration) : nil
        let loader = data.batches(size: batch, seed: seed, from: trainer.checkpoint.iteration, for: communicator)
        var curve = log.map { LearningCurve(of: $0, "\(out)/curve.png") }
        var pace = Pace(from: trainer.checkpoint.iteration)
        var stopsEarly = trainer.checkpoint.earlyStopping?.shouldStop(at: trainer.checkpoint.iteration) == true
        while trainer.checkpoint.iteration < iterations && !stopsEarly {
            let batch = try loader.next()
            let loss = try trainer.step(batch.images, batch.labels)
            let iteration = trainer.checkpoint.iteration
            pace.add(loss: loss, images: batch.labels.count * communicator.count)
            if iteration % 10 == 0 { progress.show(pace.line(iteration, of: iterations, trainer.checkpoint.earlyStopping?.bestError)) }
            guard iteration % interval == 0 || iteration == iterations else { continue }
            let error = trainer.network.confusion(trainer.checkpoint.parameters, on: data.validation, among: communicator).errorRate
            let isBest = trainer.checkpoint.earlyStopping?.record(error, at: iteration) ?? false
            if let log {
                // The checkpoint comes last: a run that is interrupted before it does all of this again.
                if isBest { try trainer.checkpoint.write(to: "\(out)/best.safetensors") }
                try log.append(
                    pace.entry(iteration, validationError: error, communication: communicator.count > 1 ? trainer.communication : nil))
                try trainer.checkpoint.write(to: latest)
                // The end will tell why there is no picture.
                try? curve?.update()
            }
            stopsEarly = trainer.checkpoint.earlyStopping?.shouldStop(at: iteration) == true
        }
        progress.clear()
        do { try curve?.draw() } catch { notice("\(out)/curve.png was not drawn: \(error)") }
        let test = trainer.network.confusion(trainer.checkpoint.parameters, on: data.test, among: communicator)
        guard writes else { return }
        print(
            "\(trainer.checkpoint.iteration) iterations: test error \(percent(test.errorRate)), 95 % interval "
                + "\(percent(test.interval.lowerBound)) to \(percent(test.interval.upperBound)); \(latest)")
    }

    /// More iterations than any training has.
    private static let endlessPatience = Int(Int32.max)

    private func trainer(_ configuration: NetworkConfiguration, _ communicator: some Communicator) throws -> Trainer {
        let network = ClassificationNetwork(configuration)
        let parameters = network.initialParameters(seed: seed, as: Float.self)
        let optimizer = Optimizer(
            .adam(),
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: transformerRate),
                ParameterGroup(prefix: "classifier.", learningRate: classifierRate),
            ], for: parameters)
        return Trainer(
            network,
            Checkpoint(
                parameters: parameters, optimizer: optimizer, random: ["dropout": RandomSource(seed: seed)],
                earlyStopping: EarlyStopping(patience: patience ?? Self.endlessPatience), network: try encodedJSON(configuration),
                settings: [
                    "dataset": dataset.rawValue, "seed": "\(seed)", "batch": "\(batch * communicator.count)", "interval": "\(interval)",
                    "rates": "\(transformerRate), \(classifierRate)",
                ].merging(updates.settings(iterations: iterations)) { $1 }),
            schedule: updates.learningRates(iterations: iterations), largestGradient: updates.clip, communicator: communicator)
    }

    /// Restores a checkpoint of the same training: of the same network, with the same settings.
    private func goOn(_ checkpoint: inout Checkpoint<Float>, from path: String) throws {
        let settings = checkpoint.settings
        do {
            try checkpoint.restore(from: path)
        } catch {
            guard case .otherNetwork(_, let found, let expected) = error else { throw error }
            throw otherTraining(path, fields(found), fields(expected))
        }
        guard checkpoint.settings == settings else { throw otherTraining(path, checkpoint.settings, settings) }
        checkpoint.earlyStopping?.patience = patience ?? Self.endlessPatience
    }

    /// Names only what differs.
    private func otherTraining(_ path: String, _ found: [String: String], _ expected: [String: String]) -> Failure {
        let names = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
        func list(_ values: [String: String]) -> String { names.map { "\($0) \(values[$0] ?? "unknown")" }.joined(separator: ", ") }
        return Failure(description: "\(path): found a training with \(list(found)), expected \(list(expected))")
    }

    /// What describes a network in a checkpoint, by name.
    private func fields(_ network: String) -> [String: String] {
        let object = try? JSONSerialization.jsonObject(with: Data(network.utf8)) as? [String: Any]
        return (object ?? [:]).mapValues { "\($0)" }
    }
}

extension NetworkConfiguration.Transformer: ExpressibleByArgument {}
extension NetworkConfiguration.SamplerKind: ExpressibleByArgument {}

func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }
