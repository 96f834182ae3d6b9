import Figures
import Foundation
import LinWarp
import TrainingRuns

/// How long and how fast an experiment trains its networks, with Adam.
struct TrainingPlan {
    var transformerRate, classifierRate: Double
    /// Images in an iteration.
    var batch: Int
    /// Without a transformer, with a spatial transformer, with an inverse compositional one.
    var iterations: (none: Int, stn: Int, icstn: Int)
    /// Iterations from one validation to the next.
    var interval: Int
    /// Iterations without a lower validation error after which training stops, at constant rates. Nil for all iterations, at rates that fall
    /// to zero along half a cosine.
    var patience: Int?

    /// At most so many.
    func iterations(_ transformer: NetworkConfiguration.Transformer) -> Int {
        switch transformer {
        case .none: iterations.none
        case .stn: iterations.stn
        case .icstn: iterations.icstn
        }
    }

    /// The training of a network on some data.
    func training(_ configuration: NetworkConfiguration, on dataset: DatasetName) -> TrainingRun {
        let iterations = iterations(configuration.transformer)
        return TrainingRun(
            dataset: dataset, configuration: configuration, transformerRate: transformerRate, classifierRate: classifierRate,
            schedule: patience == nil ? .cosine(iterations: iterations) : .constant, batch: batch, iterations: iterations,
            interval: min(interval, iterations), patience: patience, seed: configuration.seed)
    }

    /// In words.
    var description: String {
        let end =
            patience.map { "stopped after \($0) without a lower validation error; the parameters with the lowest count" }
            ?? "at rates that fall to zero along half a cosine; the last parameters count"
        return """
            Adam, batches of \(batch), learning rates \(transformerRate) (transformer) and \(classifierRate) (classifier), at most \
            \(iterations.stn) iterations (IC-STN \(iterations.icstn)), \(end).
            """
    }
}

/// A network that an experiment has trained.
struct TrainedClassifier {
    var network: ClassificationNetwork
    var parameters: Parameters<Float>
    /// How many it took.
    var iterations: Int
    /// How the training went.
    var log: [TrainingLog.Entry]

    /// The number of parameters behind the transformer.
    var classifierParameters: Int {
        zip(parameters.specifications, parameters.tensors).reduce(0) { $0 + ($1.0.name.hasPrefix("classifier.") ? $1.1.count : 0) }
    }
}

extension ExperimentSettings {
    /// Trains a network in `runs` of the output directory.
    ///
    /// - Parameters:
    ///   - training: What is trained, and how.
    ///   - group: What the training belongs to: an experiment, of which others may use what it has trained, or what several share.
    ///   - folder: Among those of the group; nil for one named by the network.
    ///   - data: The data set.
    ///   - reuses: Whether to take over what the same training has left there, even if this run resumes nothing else.
    ///   - mayDiverge: Whether a training whose numbers become infinite is one that ended at its last checkpoint, or before it began, and no error.
    ///   - title: What the progress line calls it.
    func trained(
        _ training: TrainingRun, of group: String, in folder: String? = nil, on data: ClassificationData, reuses: Bool,
        mayDiverge: Bool = false, title: String
    ) throws -> TrainedClassifier {
        let configuration = training.configuration
        let usual =
            "\(configuration.transformer.rawValue)-\(configuration.sampler.rawValue)-\(configuration.downsampling)x-seed\(training.seed)"
            + (configuration.linearized == nil ? "" : "-authors")
        let directory = path("runs/\(group)\(isQuick ? "-quick" : "")/\(folder ?? usual)")
        do { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) } catch {
            throw ExperimentError.cannotWrite(path: directory, reason: "no directory can be made there")
        }
        func result(resumes: Bool) throws -> TrainingRun.Result {
            try training.run(on: data, in: directory, resumes: resumes) { progress("\(title), \($0)") }
        }
        let run: TrainingRun.Result
        do {
            run = try result(resumes: resumes || reuses)
        } catch TrainingRunError.otherTraining where !resumes {
            run = try result(resumes: false)
        } catch TrainingError.notFinite(let iteration) where mayDiverge {
            run = try training.stopped(at: iteration, in: directory)
        }
        guard run.checkpoint.iteration <= training.iterations else {
            throw ExperimentError.longerTraining(path: directory, found: run.checkpoint.iteration, expected: training.iterations)
        }
        var parameters = run.checkpoint.parameters
        if training.patience != nil && !run.log.isEmpty {
            parameters = try CheckpointFile(TrainingRun.best(in: directory)).parameters(run.network.specifications)
        }
        return TrainedClassifier(network: run.network, parameters: parameters, iterations: run.checkpoint.iteration, log: run.log)
    }
}

/// Signs drawn from formulas, few enough for a moment's training.
func quickSigns(side: Int, seed: UInt64, perturbs: Bool = false, keepsWhole: Bool = false) -> ClassificationData {
    func signs(_ part: UInt64, _ count: Int) -> LabelledImages { SyntheticSigns(seed: 3 &* seed &+ part, size: side).images(0..<count) }
    return ClassificationData(
        training: signs(0, 256), validation: signs(1, 20), test: signs(2, 40), perturbedBy: perturbs ? seed : nil, keepsWhole: keepsWhole)
}

/// The names that readers know.
extension NetworkConfiguration.Transformer {
    var title: String {
        switch self {
        case .none: "no transformer"
        case .stn: "STN"
        case .icstn: "IC-STN"
        }
    }
}

extension NetworkConfiguration.SamplerKind {
    /// Of gnuplot's: the same as `SamplerName.lineType`, and one more.
    var lineType: Int {
        switch self {
        case .bilinear: 2
        case .multiScale: 4
        case .linearized: 1
        case .linearizedBiasFree: 6
        }
    }
}
