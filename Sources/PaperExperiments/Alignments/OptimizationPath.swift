import Figures
import Files
import LinWarp

/// Fig. 1: the path of an alignment with each sampler, and what it has found at its end.
enum OptimizationPath: Experiment {
    /// Source pixels a target pixel at the start.
    private static let downsampling = 8.0
    /// The start shows this share of each side.
    private static let region = 0.5
    /// Of the linearized sampler's noise.
    private static let draws = 20

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.optimizationPath
        var random = RandomSource(seed: settings.seed, stream: 2)
        let task = AlignmentTask(
            try ImageSource.photographs(1, quick: 1, settings)[0], region: region, downsampling: downsampling, random: &random)
        var rows: [ShownAlignment] = []
        var table = "sampler,iteration,loss," + (0..<4).map { "u\($0),v\($0)" }.joined(separator: ",") + "\n"
        func search(_ kind: SamplerName, seed: UInt64) -> AlignmentSettings {
            .paper(kind.forAlignment(seed: seed), iterations: settings.isQuick ? 40 : 200)
        }
        for kind in SamplerName.allCases {
            settings.progress("\(kind.rawValue)")
            let alignment = task.alignment(search(kind, seed: settings.seed))
            let error = fixed(alignment.matrix.cornerDistance(to: task.truth), 4)
            rows.append(
                ShownAlignment(
                    caption: "\(kind.rawValue): corner error \(error)", color: kind.color, alignment: alignment, truth: task.truth,
                    aligned: resampled(task.source, alignment.matrix, height: task.target.shape[1], width: task.target.shape[2])))
            for (iteration, corners) in alignment.cornerPath.enumerated() {
                let loss = iteration < alignment.losses.count ? "\(alignment.losses[iteration])" : ""
                table +=
                    ([kind.rawValue, "\(iteration)", loss] + corners.flatMap { ["\($0.x)", "\($0.y)"] }).joined(separator: ",") + "\n"
            }
        }
        try writeFile(table, to: settings.path("\(name.rawValue).csv"))
        try alignmentFigure(rows, source: task.source, target: task.target).writeImage(to: settings.path("\(name.rawValue).png"))
        let errors = rows.map { $0.alignment.matrix.cornerDistance(to: task.truth) }
        let drawn = [errors[2]] + (1..<draws).map { task.error(search(.linearized, seed: settings.seed &+ UInt64($0))) }
        let gain = Estimate.mean(drawn.map { errors[0] - $0 })
        try ExperimentReport(
            title: "Fig. 1: the path of an alignment",
            setUp: """
                A photograph is turned, scaled and moved, and averaged to \(task.target.shape[2])×\(task.target.shape[1]) pixels, \
                \(fixed(downsampling, 0)) times fewer along each axis than the start shows. The search starts from the photograph's middle \
                (a scale of \(fixed(region, 1))) and takes 200 steps of Adam at a rate of 0.02, with each sampler from the same start. This is one pair; how often it goes so is in Fig. 7.
                """,
            pictures: [
                (
                    "\(name.rawValue).png",
                    "The path from light to dark, the truth as a thin white line; the source at the place that was found; the target"
                )
            ],
            findings: [
                .init(
                    claim: "linearized sampling converges to the truth, bilinear sampling does not",
                    found:
                        "a corner error of \(fixed(errors[0], 3)) with bilinear, \(fixed(errors[1], 3)) with multi-scale sampling; with linearized "
                        + "sampling within \(strict) in \(drawn.count { $0 <= strict }) of \(draws) draws of its noise, on average by "
                        + "\(gain.text(3)) closer than bilinear",
                    verdict: gain.isPositive)
            ]
        ).write(name, settings)
    }
}
