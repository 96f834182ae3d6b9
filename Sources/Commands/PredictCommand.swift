import ArgumentParser
import Files
import Foundation
import Images
import LinWarp
import TrainingRuns

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Prints the classes of images, and writes what the transformer makes of them.",
        discussion: """
            Images are brought to the network's size. Writes into the output directory transformed-NUMBER.png for each image.

            Example: linwarp predict signs/best.safetensors photo.png --out transformed
            """)

    @Argument(help: "The checkpoint that linwarp train wrote.")
    var checkpoint: String

    @Argument(help: "The images: PNG, JPEG, TIFF, WebP, PPM or PGM.")
    var images: [String]

    @Option(help: "The directory to write to.")
    var out = "linwarp-out"

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    mutating func run() throws {
        let trained = try TrainedNetwork(checkpoint, sampler: nil)
        let inputs = try images.map { try fitted(Tensor<Float>(imageAt: $0), trained.network.configuration) }
        let output = try OutputDirectory(out)
        let names = classNames(trained)
        struct Prediction: Encodable {
            var image, name: String
            var label: Int
            var probability: Double
        }
        var predictions: [Prediction] = []
        for (i, input) in inputs.enumerated() {
            let batch = input.reshaped([1] + input.shape)
            let probabilities = trained.network.evaluated(batch, trained.parameters).softmax(axis: 1)
            let label = probabilities.argmax(axis: 1)[0]
            predictions.append(
                .init(image: images[i], name: names?[label] ?? "\(label)", label: label, probability: Double(probabilities[0, label])))
            var context = Context(trained.parameters, isTraining: false)
            let transformed = trained.network.transformed(batch, &context)
            try transformed.reshaped(Array(transformed.shape[1...])).writeImage(to: "\(output.path)/transformed-\(i + 1).png")
        }
        try printResults(
            json
                ? [try encodedJSON(predictions)]
                : predictions.map { "\($0.image): \($0.name) (class \($0.label), probability \(fixed($0.probability, 3)))" })
    }

    private func classNames(_ trained: TrainedNetwork) -> [String]? {
        let names: [String]
        switch trained.file.settings["dataset"].flatMap(DatasetName.init(rawValue:)) {
        case .mnist, .mnistWhole: names = MNIST.classNames
        case .gtsrb: names = GTSRB.classNames
        case .synthetic: names = SyntheticSigns.classNames
        case nil: return nil
        }
        return names.count == trained.network.configuration.classes ? names : nil
    }

    /// An image with the network's channels and size. Transparency is ignored.
    private func fitted(_ image: Tensor<Float>, _ configuration: NetworkConfiguration) -> Tensor<Float> {
        var image = image.shape[0] < 3 ? image[0..<1] : image[0..<3]
        if configuration.channels == 1 && image.shape[0] == 3 { image = image.mean(axes: [0], keepingAxes: true) }
        let scaled = ScaledImage(image, height: configuration.side, width: configuration.side).opaque
        return configuration.channels == 1 ? scaled[0..<1] : scaled
    }
}
