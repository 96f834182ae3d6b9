import ArgumentParser
import LinWarp
import PaperExperiments

/// The options of `experiment` that say what experiments train that compare trainings; each has its own choices.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Learning rates of the transformer, separated by commas.", transform: ratesArgument)
    var rates: [Double]?

    @Option(help: "How many seeds, from --seed on.", transform: { try wholeNumberArgument($0, in: 1...1000) })
    var seeds: Int?

    @Option(
        help: "Iterations of each training; where fewer were done before, --resume goes on with these.",
        transform: { try wholeNumberArgument($0, in: 1...1_000_000_000) })
    var iterations: Int?

    @Option(help: "The transformer: stn or icstn.", transform: transformerArgument)
    var network: NetworkConfiguration.Transformer?

    @Option(help: "By how much smaller than the image the classifier's input is.", transform: { try wholeNumberArgument($0, in: 1...50) })
    var downsample: Int?

    var areGiven: Bool { rates != nil || seeds != nil || iterations != nil || network != nil || downsample != nil }

    var choices: TrainingChoices {
        TrainingChoices(rates: rates, seeds: seeds, iterations: iterations, transformer: network, downsampling: downsample)
    }
}

private func ratesArgument(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { try positiveNumberArgument(String($0)) }
}

private func transformerArgument(_ text: String) throws -> NetworkConfiguration.Transformer {
    guard let transformer = NetworkConfiguration.Transformer(rawValue: text), transformer != .none else {
        throw ValidationError("expected stn or icstn")
    }
    return transformer
}
