import Foundation
import LinWarp
import TrainingRuns

/// What is learnt in trainings that are compared.
struct TransformerTask {
    var transformer: NetworkConfiguration.Transformer
    /// By how much smaller than the image the classifier's input is.
    var downsampling: Int
    /// Images in an iteration, and iterations from one validation to the next.
    var batch, interval: Int
    /// The data of a run, whose number is added to the seed.
    var data: (_ set: DatasetName, _ run: Int, _ settings: ExperimentSettings) throws -> ClassificationData

    /// Traffic signs.
    static func signs(
        _ settings: ExperimentSettings, _ transformer: NetworkConfiguration.Transformer = .stn
    ) -> TransformerTask {
        TransformerTask(
            transformer: settings.trainings.transformer ?? transformer, downsampling: settings.trainings.downsampling ?? 8,
            batch: settings.isQuick ? 8 : 64, interval: settings.isQuick ? 2 : 500
        ) { _, run, settings in try Classification.data(run: run, settings) }
    }
}

/// A way to sample, or to train, that is compared with others.
struct TransformerVariant {
    /// In keys, tables and pictures; without commas.
    var name: String
    /// Of gnuplot's, as `Plot` defines them.
    var lineType: Int
    var sampler: NetworkConfiguration.SamplerKind
    var linearized: NetworkConfiguration.LinearizedOptions?
    var scaleBound: Double?
    var clip: Double?
    var dataset = DatasetName.gtsrb
    var optimizer = TrainingRun.Optimizer.adam
    var classifierRate = 1e-3
    /// Whether rates fall to zero along half a cosine, and the last parameters count. Else rates are constant, and the parameters with the lowest
    /// validation error count.
    var fallsToZero = false
    /// Of the transformer's rates those that it is trained at; nil for all.
    var rates: [Double]?
    /// Nil for what its rate says.
    var iterations: Int?
    /// At constant rates: iterations without a lower validation error after which training ends; nil for all iterations.
    var patience: Int?
}

/// A learning rate of the transformer, and how long it is trained with.
struct TransformerRate {
    var value: Double
    var iterations: Int
    /// From one validation to the next; nil for the task's.
    var interval: Int?
}

extension [TransformerRate] {
    /// The place of the one nearest to a value, by their ratio.
    func nearest(to value: Double) -> Int {
        func distance(_ place: Int) -> Double { abs(log(self[place].value / value)) }
        return indices.min { distance($0) < distance($1) }!
    }
}
