import ArgumentParser
import Foundation
import LinWarp

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a classifier, with a spatial transformer before it or none.",
        discussion: """
            Writes into the output directory: checkpoint.safetensors, from which --resume goes on; best.safetensors, the one with the \
            lowest validation error; log.jsonl, a JSON object for each step of the log.

            Example: linwarp train synthetic --network stn --sampler linearized --downsample 4 --iterations 500 --out signs
            """)

    @Argument(help: "\(DatasetName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var dataset: DatasetName

    @Option(help: "What stands before the classifier: none, stn or icstn.")
    var network: NetworkConfiguration.Transformer = .stn

    @Option(help: "How the transformer samples: bilinear, multi-scale or linearized.")
    var sampler: NetworkConfiguration.SamplerKind = .linearized

    @Option(help: "By how much smaller than the image the classifier's input is.")
    var downsample = 1

    @Option(help: "How many iterations in all.")
    var iterations = 1000

    @Option(help: "Images in an iteration, of each process.")
    var batch = 64

    @Option(help: "Of the initial parameters, the order of the images and all noise.")
    var seed: UInt64 = 0

    @Option(help: "The transformer's learning rate.", transform: numberArgument)
    var transformerRate = 1e-5

    @Option(help: "The classifier's learning rate.", transform: numberArgument)
    var classifierRate = 1e-3

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
        progress.show("reading \(dataset.rawValue)")
        let data = try ClassificationData(dataset, directory: self.data, seed: seed)
        guard data.training.height / downsample >= (dataset == .mnist ? 9 : 1) else {
            throw ValidationError("--downsample: found \(downsample), which leaves too little of \(data.training.height) pixels")
        }
        let configuration = NetworkConfiguration(
            architecture: dataset.architecture, transformer: network, sampler: sampler, downsampling: downsample,
            channels: data.training.channels, side: data.training.height, classes: data.training.classCount, seed: seed)
        if writes { _ = try OutputDirectory(out) }
        let latest = "\(out)/checkpoint.safetensors"
        var trainer = try trainer(configuration, communicator)
        if resume && FileManager.default.fileExists(atPath: latest) {
            let settings = trainer.checkpoint.settings
            try trainer.checkpoint.restore(from: latest)
            guard trainer.checkpoint.settings == settings else {
                throw Failure(
                    description: "\(latest): found a training with \(listed(trainer.checkpoint.settings)), expected \(listed(settings))")
            }
        }
        try trainer.checkAgreement()
        let log = writes ? try TrainingLog("\(out)/log.jsonl", keepingUpTo: trainer.checkpoint.iteration) : nil
        let loader = data.batches(size: batch, seed: seed, from: trainer.checkpoint.iteration, for: communicator)
        var pace = Pace(from: trainer.checkpoint.iteration)
        var stopsEarly = false
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
                try trainer.checkpoint.write(to: latest)
                if isBest { try trainer.checkpoint.write(to: "\(out)/best.safetensors") }
                try log.append(
                    pace.entry(iteration, validationError: error, communication: communicator.count > 1 ? trainer.communication : nil))
            }
            stopsEarly = patience != nil && trainer.checkpoint.earlyStopping?.shouldStop(at: iteration) == true
        }
        progress.clear()
        let test = trainer.network.confusion(trainer.checkpoint.parameters, on: data.test, among: communicator)
        guard writes else { return }
        print(
            "\(trainer.checkpoint.iteration) iterations: test error \(percent(test.errorRate)), 95 % interval "
                + "\(percent(test.interval.lowerBound)) to \(percent(test.interval.upperBound)); \(latest)")
    }

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
                earlyStopping: EarlyStopping(patience: patience ?? Int(Int32.max)), network: try encodedJSON(configuration),
                settings: [
                    "dataset": dataset.rawValue, "seed": "\(seed)", "batch": "\(batch * communicator.count)", "interval": "\(interval)",
                    "rates": "\(transformerRate), \(classifierRate)",
                ]), communicator: communicator)
    }

    private func listed(_ settings: [String: String]) -> String {
        settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

extension NetworkConfiguration.Transformer: ExpressibleByArgument {}
extension NetworkConfiguration.SamplerKind: ExpressibleByArgument {}

func percent(_ share: Double) -> String { "\(fixed(100 * share, 2)) %" }
