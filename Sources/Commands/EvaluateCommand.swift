import ArgumentParser
import Files
import Foundation
import LinWarp
import TrainingRuns

/// A trained network, rebuilt from its checkpoint.
package struct TrainedNetwork {
    package let network: ClassificationNetwork
    package let parameters: Parameters<Float>
    package let file: CheckpointFile

    /// - Parameter sampler: Instead of the one that it was trained with.
    package init(_ path: String, sampler: NetworkConfiguration.SamplerKind?) throws {
        file = try CheckpointFile(path)
        var configuration = try file.configuration()
        guard [1, 3].contains(configuration.channels) else {
            throw CheckpointError.invalidMetadata(
                path: path, key: "network.channels", found: "\(configuration.channels)", expected: "1 or 3, as images have")
        }
        if let sampler { configuration.sampler = sampler }
        network = ClassificationNetwork(configuration)
        parameters = try file.parameters(network.specifications)
    }
}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Prints the test error of a trained network and which classes it confuses.",
        discussion: "Example: linwarp evaluate signs/best.safetensors --sampler bilinear")

    @Argument(help: "The checkpoint that linwarp train wrote.")
    var checkpoint: String

    @Option(help: "Sample in another way than in training: bilinear, multi-scale, linearized or linearized-bias-free.")
    var sampler: NetworkConfiguration.SamplerKind?

    @Option(help: "The directory that holds the data sets (default: LINWARP_DATA).")
    var data: String?

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    mutating func run() throws {
        let trained = try TrainedNetwork(checkpoint, sampler: sampler)
        guard let dataset = trained.file.settings["dataset"].flatMap(DatasetName.init(rawValue:)),
            let seed = trained.file.settings["seed"].flatMap(UInt64.init)
        else { throw Failure(description: "\(checkpoint): found no data set and seed in it, expected those that it was trained with") }
        let test = try ClassificationData(dataset, directory: try dataDirectory(data, for: dataset), seed: seed).test
        let (channels, side, classes) = (test.channels, test.height, test.classCount)
        let configuration = trained.network.configuration
        guard (configuration.channels, configuration.side, configuration.classes) == (channels, side, classes) else {
            throw Failure(
                description: """
                    \(checkpoint): found a network for \(configuration.channels) x \(configuration.side) x \(configuration.side) numbers and \
                    \(configuration.classes) classes, expected \(channels) x \(side) x \(side) and \(classes), as \(dataset.rawValue) has them
                    """)
        }
        try trained.network.requireMemoryToEvaluate(trained.parameters)
        let confusion = trained.network.confusion(trained.parameters, on: test)
        if json {
            struct Report: Encodable {
                var images, errors: Int
                var errorRate: Double
                var interval: [Double]
                var confusion: [[Int]]
            }
            try printResults(
                try encodedJSON(
                    Report(
                        images: confusion.total, errors: confusion.errors, errorRate: confusion.errorRate,
                        interval: [confusion.interval.lowerBound, confusion.interval.upperBound], confusion: confusion.counts)))
            return
        }
        try printResults(
            "test error \(percent(confusion.errorRate)) (\(confusion.errors) of \(confusion.total)), 95 % interval "
                + "\(percent(confusion.interval.lowerBound)) to \(percent(confusion.interval.upperBound))")
        for (label, row) in confusion.counts.enumerated() {
            let others = row.indices.filter { $0 != label && row[$0] > 0 }.sorted { row[$0] > row[$1] }.prefix(3)
            let taken = others.map { "\(row[$0]) as \(test.classNames[$0])" }.joined(separator: ", ")
            try printResults("\(test.classNames[label]): \(row[label]) of \(row.reduce(0, +)) right\(taken.isEmpty ? "" : "; \(taken)")")
        }
    }
}
