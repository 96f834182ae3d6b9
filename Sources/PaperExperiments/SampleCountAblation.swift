import Files
import LinWarp

/// Fig. 10a: how well the linearized sampler aligns with more and fewer samples.
enum SampleCountAblation: Experiment {
    private static let counts = [4, 8, 16, 32]
    /// The paper's, which the claims are judged by; and another, to see whether that changes anything.
    private static let downsamplings = [4.0, 8]
    private static let region = 0.5

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.sampleCountAblation
        let images = try ImageSource.photographs(80, quick: 3, settings)
        let ablation = AlignmentAblation(
            name: name,
            variants: zip(counts, 1...).map { count, lineType in
                .init(name: "K = \(count)", lineType: lineType, sampler: LinearizedSampler(sampleCount: count))
            },
            conditions: downsamplings.map { .init(downsampling: $0) }, region: region, iterations: settings.isQuick ? 40 : 200)
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors, columns: 2).draw(name, settings)
        let areas = errors.map { $0.map(meanRecall) }
        let exact = errors[0].map { errors in median(errors.filter { $0 <= loose }) }
        try ExperimentReport(
            title: "Fig. 10a: the number of samples",
            setUp: """
                \(ablation.setUp(pairs: images.count)) The target is averaged to the pixels that the start shows, divided by \
                \(fixed(downsamplings[0], 0)), as in the paper, and by \(fixed(downsamplings[1], 0)). K counts the centre.
                """,
            pictures: [("\(name.rawValue).svg", "Recall by the number of samples a pixel")],
            table: ablation.table(errors),
            findings: [
                .init(
                    claim: "more samples align better",
                    found: "mean recall over the thresholds up to 0.5: " + list(areas[0], 3)
                        + "; at \(fixed(downsamplings[1], 0))×: " + list(areas[1], 3) + "; median error within \(loose): "
                        + list(exact, 4),
                    holds: zip(areas[0], areas[0].dropFirst()).allSatisfy { $0 <= $1 }),
                .init(
                    claim: "with four samples the accuracy drops",
                    found: "\(fixed(areas[0][1] - areas[0][0], 3)) less mean recall than with eight", holds: areas[0][0] < areas[0][1]),
            ]
        ).write(name, settings)
    }

    private static func list(_ values: [Double], _ digits: Int) -> String {
        zip(counts, values).map { "\(fixed($1, digits)) (K = \($0))" }.joined(separator: ", ")
    }
}
