import Files
import Foundation
import LinWarp
import Plots

/// How a network is trained.
///
/// A run writes into its directory: checkpoint.safetensors, from which it goes on; best.safetensors, the one with the lowest validation error;
/// log.jsonl, a JSON object for each step of the log; and curve.png, drawn from the log.
package struct TrainingRun: Sendable {
    /// How gradients become steps.
    package enum Optimizer: String, CaseIterable, Sendable {
        case adam
        /// Stochastic gradient descent without momentum.
        case sgd

        var method: OptimizerMethod { self == .adam ? .adam() : .sgd(momentum: 0) }
    }

    package var dataset: DatasetName
    package var configuration: NetworkConfiguration
    package var transformerRate, classifierRate: Double
    package var optimizer: Optimizer
    package var schedule: LearningRateSchedule
    /// Gradients are scaled down to this norm; nil leaves them as they are.
    package var clip: Double?
    /// Images in an iteration, of each process.
    package var batch: Int
    /// How many in all.
    package var iterations: Int
    /// Iterations from one checkpoint, log line and validation to the next.
    package var interval: Int
    /// Iterations without a lower validation error after which it stops; nil for never.
    package var patience: Int?
    /// Of the initial parameters, the order of the images and dropout.
    package var seed: UInt64

    package init(
        dataset: DatasetName, configuration: NetworkConfiguration, transformerRate: Double, classifierRate: Double,
        optimizer: Optimizer = .adam, schedule: LearningRateSchedule = .constant, clip: Double? = nil, batch: Int, iterations: Int,
        interval: Int, patience: Int? = nil, seed: UInt64
    ) {
        self.dataset = dataset
        self.configuration = configuration
        self.transformerRate = transformerRate
        self.classifierRate = classifierRate
        self.optimizer = optimizer
        self.schedule = schedule
        self.clip = clip
        self.batch = batch
        self.iterations = iterations
        self.interval = interval
        self.patience = patience
        self.seed = seed
    }

    /// What a run has come to.
    package struct Result {
        package var network: ClassificationNetwork
        /// After the last iteration.
        package var checkpoint: Checkpoint<Float>
        /// From the first iteration on; empty on processes that don't write.
        package var log: [TrainingLog.Entry]
        /// Where the time of a step went, where that was asked for.
        package var profile: TrainingProfile?
        /// Why there is no picture of the log, where there is none.
        package var curveError: PlotError?
    }

    /// The file from which a run goes on.
    package static func latest(in directory: String) -> String { "\(directory)/checkpoint.safetensors" }

    /// The file of the lowest validation error.
    package static func best(in directory: String) -> String { "\(directory)/best.safetensors" }

    /// The names of all files that a run writes. The first of them makes a run that can go on: without it, it begins anew.
    private static let fileNames = ["checkpoint.safetensors", "best.safetensors", "log.jsonl", "curve.png", "curve.csv", "curve.gnuplot"]

    /// The names of the files of a run that are in a directory.
    package static func results(in directory: String) -> [String] {
        fileNames.filter { FileManager.default.fileExists(atPath: "\(directory)/\($0)") }
    }

    private func removeResults(in directory: String) throws {
        for path in Self.fileNames.map({ "\(directory)/\($0)" }) {
            do throws(FileError) { try removeFile(at: path) } catch {
                throw TrainingRunError.cannotWrite(path: path, reason: error.reason)
            }
        }
    }

    /// Trains together with the other processes, of which the first one writes.
    ///
    /// What another run has left in the directory goes when this one's first checkpoint is on the disk, and not before.
    ///
    /// - Parameters:
    ///   - data: The data set.
    ///   - directory: Where the files are; it must be there.
    ///   - resumes: Whether to go on from the checkpoint in the directory, where there is one.
    ///   - profiles: Whether to measure where the time goes. The first step, which takes its memory from the system, is left out.
    ///   - communicator: The processes.
    ///   - progress: Shows how far it is.
    package func run(
        on data: ClassificationData, in directory: String, resumes: Bool, profiles: Bool = false,
        among communicator: some Communicator = SingleProcess(), progress: (String) -> Void
    ) throws -> Result {
        let latest = Self.latest(in: directory)
        var trainer = try trainer(communicator)
        var isNew = !(resumes && FileManager.default.fileExists(atPath: latest))
        if !isNew { try goOn(&trainer.checkpoint, from: latest) }
        if communicator.count > 1 { try trainer.checkAgreement(on: facts(of: data)) }
        let log = communicator.rank == 0 ? TrainingLog("\(directory)/log.jsonl") : nil
        if !isNew { try log?.keep(upTo: trainer.checkpoint.iteration) }
        let loader = data.batches(size: batch, seed: seed, from: trainer.checkpoint.iteration, for: communicator)
        var curve = log.map { LearningCurve(of: $0, "\(directory)/curve.png") }
        var pace = Pace(from: trainer.checkpoint.iteration)
        var stopsEarly = trainer.checkpoint.earlyStopping?.shouldStop(at: trainer.checkpoint.iteration) == true
        var profiledSteps = 0
        while trainer.checkpoint.iteration < iterations && !stopsEarly {
            let batch = try loader.next()
            let loss = try trainer.step(batch.images, batch.labels, starts: batch.starts)
            let iteration = trainer.checkpoint.iteration
            if trainer.profile != nil { profiledSteps += 1 } else if profiles { trainer.profile = OperationProfile() }
            pace.add(loss: loss, images: batch.labels.count * communicator.count)
            if iteration % 10 == 0 { progress(pace.line(iteration, of: iterations, trainer.checkpoint.earlyStopping?.bestError)) }
            guard iteration % interval == 0 || iteration == iterations else { continue }
            let error = try trainer.network.confusion(
                trainer.checkpoint.parameters, on: data.validation, among: communicator, for: "the validation after iteration \(iteration)"
            ).errorRate
            let isBest = trainer.checkpoint.earlyStopping?.record(error, at: iteration) ?? false
            if let log {
                // All that may not fit on the disk is there before anything changes.
                let best = isBest ? try trainer.checkpoint.staged(at: Self.best(in: directory)) : nil
                let checkpoint = try trainer.checkpoint.staged(at: latest)
                if isNew { try removeResults(in: directory) }
                isNew = false
                // The checkpoint comes last: a run that is interrupted before it does all of this again.
                try best?.commit()
                try log.append(
                    pace.entry(
                        iteration, validationError: error, scale: scale(trainer, batch),
                        communication: communicator.count > 1 ? trainer.communication : nil))
                try checkpoint.commit()
                // The end will tell why there is no picture.
                try? curve?.update()
            }
            stopsEarly = trainer.checkpoint.earlyStopping?.shouldStop(at: iteration) == true
        }
        var result = Result(network: trainer.network, checkpoint: trainer.checkpoint, log: try log?.entries ?? [])
        result.profile = trainer.profile.map { TrainingProfile($0, steps: profiledSteps) }
        do throws(PlotError) { try curve?.draw() } catch { result.curveError = error }
        return result
    }

    /// What a run came to that stopped on an error: its last checkpoint, and the log up to it; what it began with, and no log, where it came to none.
    package func stopped(at iteration: Int, in directory: String) throws -> Result {
        var trainer = try trainer(SingleProcess())
        guard iteration >= interval else { return Result(network: trainer.network, checkpoint: trainer.checkpoint, log: []) }
        try goOn(&trainer.checkpoint, from: Self.latest(in: directory))
        return Result(network: trainer.network, checkpoint: trainer.checkpoint, log: try TrainingLog("\(directory)/log.jsonl").entries)
    }

    private func scale(_ trainer: Trainer, _ batch: LabelledBatch) -> Double? {
        guard configuration.transformer != .none else { return nil }
        var context = Context(trainer.checkpoint.parameters, isTraining: false)
        context.starts = batch.starts
        let scale = meanScale(trainer.network.matrices(batch.images, &context))
        return scale.isFinite ? scale : nil
    }

    /// More iterations than any training has.
    private static let endlessPatience = Int(Int32.max)

    func trainer(_ communicator: some Communicator) throws -> Trainer {
        let network = ClassificationNetwork(configuration)
        let parameters = network.initialParameters(seed: seed, as: Float.self)
        let updates = LinWarp.Optimizer(
            optimizer.method,
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: transformerRate),
                ParameterGroup(prefix: "classifier.", learningRate: classifierRate),
            ], for: parameters)
        return Trainer(
            network,
            Checkpoint(
                parameters: parameters, optimizer: updates, random: ["dropout": RandomSource(seed: seed)],
                earlyStopping: EarlyStopping(patience: patience ?? Self.endlessPatience), network: try encodedJSON(configuration),
                settings: [
                    "dataset": dataset.rawValue, "seed": "\(seed)", "batch": "\(batch * communicator.count)", "interval": "\(interval)",
                    "rates": "\(transformerRate), \(classifierRate)", "schedule": scheduleDescription,
                    "clip": clip.map { "\($0)" } ?? "none", "optimizer": optimizer.rawValue,
                ]),
            schedule: schedule, largestGradient: clip, communicator: communicator)
    }

    private var scheduleDescription: String {
        switch schedule {
        case .constant: "constant"
        case .step(let every, let factor): "times \(factor) every \(every) iterations"
        case .cosine(let iterations): "cosine over \(iterations) iterations"
        }
    }

    /// Restores a checkpoint of the same training: of the same network, with the same settings.
    private func goOn(_ checkpoint: inout Checkpoint<Float>, from path: String) throws {
        let settings = checkpoint.settings
        // Checkpoints from before there was a choice say nothing of the optimizer. Another one's has other tensors.
        let adam = ["optimizer": Optimizer.adam.rawValue]
        func settled(_ found: [String: String]) -> [String: String] { found.merging(adam) { found, _ in found } }
        let found = settled(try CheckpointFile(path).settings)
        if found["optimizer"] != optimizer.rawValue { throw otherTraining(path, found, settings) }
        do {
            try checkpoint.restore(from: path)
        } catch {
            guard case .otherNetwork(_, let found, let expected) = error else { throw error }
            throw otherTraining(path, jsonFields(found) ?? [:], jsonFields(expected) ?? [:])
        }
        checkpoint.settings = settled(checkpoint.settings)
        guard checkpoint.settings == settings else { throw otherTraining(path, checkpoint.settings, settings) }
        checkpoint.earlyStopping?.patience = patience ?? Self.endlessPatience
    }

    /// Names only what differs.
    private func otherTraining(_ path: String, _ found: [String: String], _ expected: [String: String]) -> TrainingRunError {
        let names = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
        func list(_ values: [String: String]) -> String { names.map { "\($0) \(values[$0] ?? "unknown")" }.joined(separator: ", ") }
        return .otherTraining(path: path, found: list(found), expected: list(expected))
    }
}
