import Files
import LinWarp

/// Fig. 10b: what the prevention of sample collapse does where a view has more pixels than it shows of the image.
enum CollapseAblation: Experiment {
    private static let upsamplings = [1.0, 2, 4]
    private static let region = 0.5
    /// Photographs are averaged to fewer pixels first, so that targets at 4× upsampling have about as many as a photograph.
    private static let reduction = 2

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.collapseAblation
        let images = try ImageSource.photographs(80, quick: 3, settings).map {
            let reduction = settings.isQuick ? 4 : reduction
            return areaAveraged($0, height: $0.shape[1] / reduction, width: $0.shape[2] / reduction)
        }
        let ablation = AlignmentAblation(
            name: name,
            variants: [
                .init(name: "with prevention", lineType: 1, sampler: LinearizedSampler()),
                .init(name: "without", lineType: 2, sampler: LinearizedSampler(preventsCollapse: false)),
            ],
            downsamplings: upsamplings.map { 1 / $0 }, region: region, iterations: settings.isQuick ? 20 : 200)
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors).draw(name, settings)
        let gains = errors.map { recall($0[0], at: [0.1])[0] - recall($0[1], at: [0.1])[0] }
        let areaGains = errors.map { meanRecall($0[0]) - meanRecall($0[1]) }
        try ExperimentReport(
            title: "Fig. 10b: prevention of sample collapse",
            setUp: """
                \(ablation.setUp(pairs: images.count)) The photographs are averaged to half their size first, so that targets at 4× \
                upsampling have about as many pixels as a photograph; the paper does not say how it upsamples.
                """,
            pictures: [("\(name.rawValue).svg", "Recall with and without noise of one source pixel after the transformation")],
            table: ablation.table(errors),
            findings: [
                .init(
                    claim: "prevention is essential when upsampling",
                    found: "recall at 0.1 rises by " + list(gains) + "; mean recall over the thresholds up to 0.5 by " + list(areaGains),
                    holds: areaGains.dropFirst().allSatisfy { $0 > 0 })
            ]
        ).write(name, settings)
    }

    private static func list(_ gains: [Double]) -> String {
        zip(upsamplings, gains).map { "\(fixed($1, 3)) (\(fixed($0, 0))×)" }.joined(separator: ", ")
    }
}
