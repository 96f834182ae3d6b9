import Drawing
import Files
import LinWarp

/// Fig. 9: what the width of the noise does to alignment, and to the sampled image.
enum NoiseAblation: Experiment {
    /// In target pixels.
    private static let sigmas = [1.0, 3, 6]
    private static let downsampling = 1.0
    private static let region = 0.5

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.noiseAblation
        let images = try ImageSource.photographs(80, quick: 3, settings)
        let ablation = AlignmentAblation(
            name: name,
            variants: zip(sigmas, 1...).map { sigma, lineType in
                .init(name: "σ = \(fixed(sigma, 0)) px", lineType: lineType, sampler: LinearizedSampler(sigma: sigma))
            },
            conditions: [.init(downsampling: downsampling)], region: region, iterations: settings.isQuick ? 20 : 200,
            views: AlignmentTask.views(settings))
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors, columns: 1).draw(name, settings)
        try sampledImages(images[0], seed: settings.seed).writeImage(to: settings.path("\(name.rawValue)-images.png"))
        func grows(_ claim: String, _ number: @escaping ([Double]) -> Double, digits: Int, note: String) -> ExperimentReport.Finding {
            .init(
                claim: claim, conditions: sigmas.map { "σ = \(fixed($0, 0))" },
                growth: { errors[0][$1].difference(from: errors[0][$0], number) }, digits: digits, note: note)
        }
        try ExperimentReport(
            title: "Fig. 9: the width of the noise",
            setUp: """
                \(ablation.setUp(images: images.count)) The target has as many pixels as the start shows; σ is in its pixels. \
                A basin's width is taken as the recall at \(loose), the final accuracy as the median error of the views within it.
                """,
            pictures: [
                ("\(name.rawValue).svg", "Recall by the width of the noise"),
                ("\(name.rawValue)-images.png", "The middle of an image, sampled bilinearly and with more and more noise"),
            ],
            table: ablation.table(errors),
            findings: [
                grows(
                    "more noise has a larger basin of convergence", recall(at: loose), digits: 3, note: "growth of the recall at \(loose)"),
                grows(
                    "more noise costs final accuracy", medianWithinLoose, digits: 4, note: "growth of the median error within \(loose)"),
            ]
        ).write(name, settings)
    }

    /// The middle of an image as the samplers see it, side by side.
    private static func sampledImages(_ image: Tensor<Float>, seed: UInt64) -> Tensor<Float> {
        let (height, width) = (image.shape[1] / 2, image.shape[2] / 2)
        let grid = SamplingGrid<Float>(.scaling(region, region), height: height, width: width)
        func sampled(_ sampler: some Sampler) -> Tensor<Float> {
            sampler.sample(image.reshaped([1] + image.shape), at: grid).reshaped([3, height, width])
        }
        let panels =
            [("bilinear", sampled(BilinearSampler()))]
            + sigmas.map { ("sigma = \(fixed($0, 0)) px", sampled(LinearizedSampler(sigma: $0, noise: .seed(seed)))) }
        let (gap, scale, top) = (12, 2, Canvas.lineHeight(size: Style.title) + 24)
        let canvas = Canvas(width: gap + panels.count * (scale * width + gap), height: top + scale * height + gap)
        for (i, panel) in panels.enumerated() {
            let x = gap + i * (scale * width + gap)
            canvas.text(panel.0, at: (x, gap), size: Style.title)
            canvas.paste(panel.1, at: (x, top), scale: scale)
        }
        return canvas.image
    }
}
