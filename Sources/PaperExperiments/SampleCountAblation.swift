import Files
import LinWarp

/// Fig. 10a: how well the linearized sampler aligns with more and fewer samples.
enum SampleCountAblation: Experiment {
    private static let counts = [4, 8, 16, 32]
    private static let downsampling = 4.0
    private static let region = 0.5

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.sampleCountAblation
        let images = try ImageSource.photographs(80, quick: 3, settings)
        let ablation = AlignmentAblation(
            name: name,
            variants: zip(counts, 1...).map { count, lineType in
                .init(name: "K = \(count)", lineType: lineType, sampler: LinearizedSampler(sampleCount: count))
            },
            downsamplings: [downsampling], region: region, iterations: settings.isQuick ? 40 : 200)
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors).draw(name, settings)
        let recalls = errors[0].map { recall($0, at: [0.1])[0] }
        let areas = errors[0].map(meanRecall)
        try ExperimentReport(
            title: "Fig. 10a: the number of samples",
            setUp: """
                \(ablation.setUp(pairs: images.count)) The target is averaged to the pixels that the start shows, divided by \
                \(fixed(downsampling, 0)). K counts the centre.
                """,
            pictures: [("\(name.rawValue).svg", "Recall by the number of samples a pixel")],
            table: ablation.table(errors),
            findings: [
                .init(
                    claim: "more samples align better",
                    found: "mean recall over the thresholds up to 0.5: " + list(counts, areas) + "; recall at 0.1: "
                        + list(counts, recalls),
                    holds: zip(areas, areas.dropFirst()).allSatisfy { $0 <= $1 }),
                .init(
                    claim: "with four samples the accuracy drops",
                    found: "\(fixed(areas[1] - areas[0], 3)) less mean recall than with eight", holds: areas[0] < areas[1]),
            ]
        ).write(name, settings)
    }

    private static func list(_ counts: [Int], _ values: [Double]) -> String {
        zip(counts, values).map { "\(fixed($1, 3)) (K = \($0))" }.joined(separator: ", ")
    }
}
