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
            conditions: downsamplings.map { .init(downsampling: $0) }, region: region, iterations: settings.isQuick ? 40 : 200,
            views: AlignmentTask.views(settings))
        let errors = try ablation.errors(images, settings)
        try ablation.figure(errors, columns: 2).draw(name, settings)
        /// Over numbers of samples, at one downsampling.
        func grows(_ claim: String, _ condition: Int, over places: Range<Int>) -> ExperimentReport.Finding {
            .init(
                claim: claim, conditions: counts[places].map { "\($0)" },
                growth: { errors[condition][$1].difference(from: errors[condition][$0], meanRecall) }, digits: 3,
                note: "growth of the mean recall over the thresholds up to 0.5")
        }
        try ExperimentReport(
            title: "Fig. 10a: the number of samples",
            setUp: """
                \(ablation.setUp(images: images.count)) The target is averaged to the pixels that the start shows, divided by \
                \(fixed(downsamplings[0], 0)), as in the paper, and by \(fixed(downsamplings[1], 0)). K counts the centre.
                """,
            pictures: [("\(name.rawValue).svg", "Recall by the number of samples a pixel")],
            table: ablation.table(errors),
            findings: [
                grows("more samples align better", 0, over: counts.indices),
                grows("more samples align better (at \(fixed(downsamplings[1], 0))×)", 1, over: counts.indices),
                grows("with four samples the accuracy drops", 0, over: 0..<2),
            ]
        ).write(name, settings)
    }
}
