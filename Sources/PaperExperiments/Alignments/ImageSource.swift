import LinWarp

/// Where an experiment takes its images from.
enum ImageSource: String, CaseIterable {
    /// Digits, 28x28 pixels, grey.
    case mnist
    /// Traffic signs, 50x50 pixels.
    case gtsrb
    /// Natural photographs of up to 500 pixels a side.
    case voc
    /// Scenes drawn from formulas, 320x240 pixels, for which no data is needed.
    case scenes

    /// The name for readers.
    var title: String {
        switch self {
        case .mnist: "MNIST"
        case .gtsrb: "GTSRB"
        case .voc: "VOC"
        case .scenes: "scenes"
        }
    }

    /// Natural photographs, or a few scenes for the quick version.
    static func photographs(_ count: Int, quick: Int, _ settings: ExperimentSettings) throws -> [Tensor<Float>] {
        try settings.isQuick ? scenes.images(quick, settings) : voc.images(count, settings)
    }

    /// Different images, chosen by the seed: each [C, H, W], 0...1. Fewer where the set holds fewer.
    func images(_ count: Int, _ settings: ExperimentSettings) throws -> [Tensor<Float>] {
        var random = RandomSource(seed: settings.seed, stream: 1)
        func chosen(of all: Int) -> [Int] { Array((0..<all).shuffled(using: &random).prefix(count)) }
        func images(of set: LabelledImages) -> [Tensor<Float>] {
            chosen(of: set.count).map { set.batch([$0]).images.reshaped([set.channels, set.height, set.width]) }
        }
        switch self {
        case .mnist: return images(of: try MNIST.images(.test, in: try settings.dataDirectory("MNIST")))
        case .gtsrb:
            let test = try GTSRB(directory: try settings.dataDirectory("GTSRB")).test
            let signs = chosen(of: test.count).map { test[$0] }
            let set = try GTSRB.images(of: signs)
            return signs.indices.map { set.batch([$0]).images.reshaped([3, set.height, set.width]) }
        case .voc:
            let photographs = try VOC(directory: try settings.dataDirectory("VOC2012"))
            return try chosen(of: photographs.paths.count).map { try photographs.image($0) }
        case .scenes:
            return (0..<count).map { _ in
                ProceduralScene(seed: UInt32(truncatingIfNeeded: random.next())).image(height: 240, width: 320)
            }
        }
    }
}

extension ExperimentSettings {
    /// The directory of the data sets.
    func dataDirectory(_ needed: String) throws(ExperimentError) -> String {
        guard let data else { throw .noData(expected: needed) }
        return data
    }
}
