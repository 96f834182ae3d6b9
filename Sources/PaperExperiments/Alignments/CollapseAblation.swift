import Files
import LinWarp

/// Fig. 10b: what the prevention of sample collapse does where a view has more pixels than it shows of the image.
enum CollapseAblation: Experiment {
    private static let upsamplings = [1.0, 2, 4]
    private static let region = 0.5
    /// Photographs are averaged to fewer pixels first. Halved, targets at 4× upsampling have about as many as a photograph. At an eighth
    /// they are nearly as small as the images of the paper's networks.
    private static let reductions = [2, 8]

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.collapseAblation
        let images = try ImageSource.photographs(80, quick: 3, settings)
        let reductions = settings.isQuick ? [4, 8] : reductions
        let ablation = AlignmentAblation(
            name: name,
            variants: [
                .init(name: "with prevention", lineType: 1, sampler: LinearizedSampler()),
                .init(name: "without", lineType: 2, sampler: LinearizedSampler(preventsCollapse: false)),
            ],
            conditions: reductions.flatMap { reduction in upsamplings.map { .init(downsampling: 1 / $0, reduction: reduction) } },
            region: region, iterations: settings.isQuick ? 20 : 200, views: 1)
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors, columns: upsamplings.count).draw(name, settings)
        let findings = reductions.indices.map { i in
            let errors = errors[(i * upsamplings.count)..<((i + 1) * upsamplings.count)]
            return ExperimentReport.Finding(
                claim: "prevention is essential when upsampling" + (i == 0 ? "" : " (photographs at 1/\(reductions[i]) of their size)"),
                gains: zip(upsamplings, errors).dropFirst().map { upsampling, errors in
                    ("at \(fixed(upsampling, 0))×", errors[0].difference(from: errors[1], meanRecall))
                }, digits: 3, note: "rise of the mean recall over the thresholds up to 0.5")
        }
        try ExperimentReport(
            title: "Fig. 10b: prevention of sample collapse",
            setUp: """
                \(ablation.setUp(images: images.count)) The photographs are averaged to 1/\(reductions[0]) of their size first, so that \
                targets at 4× upsampling have about as many pixels as a photograph; the paper does not say how it upsamples. \
                1/\(reductions[1]), nearly as small as the traffic signs, was tried after that.
                """,
            pictures: [("\(name.rawValue).svg", "Recall with and without noise of one source pixel after the transformation")],
            table: ablation.table(errors),
            findings: findings
        ).write(name, settings)
    }
}
