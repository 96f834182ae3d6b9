import ArgumentParser
import Figures
import LinWarp

struct AlignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "align",
        abstract: "Finds the transformation that, applied to SOURCE, gives TARGET.",
        discussion: """
            Writes into the output directory, for each sampler: aligned-SAMPLER.png, the source brought to the target's place; and \
            figure.png, which shows the path of the search; and result.json.

            Example: linwarp align map.png photo.jpg --family homography --out aligned
            """)

    @Argument(help: "The image that is transformed: PNG, JPEG, PPM or PGM.", transform: pathArgument)
    var source: String

    @Argument(help: "The image that it is aligned to, of any size.", transform: pathArgument)
    var target: String

    @OptionGroup var search: SearchOptions

    mutating func run() throws {
        try search.align(AlignmentPair(sourcePath: source, targetPath: target), truth: nil)
    }
}

/// The options that `align` and `demo` share, and what both do with them.
struct SearchOptions: ParsableArguments {
    @Option(help: "The kind of transformation: \(TransformationFamily.choices).", transform: choiceArgument)
    var family: TransformationFamily?

    @Option(
        parsing: .singleValue, help: "How the source is sampled: \(SamplerName.choices). Give it again to compare several.",
        transform: choiceArgument)
    var sampler: [SamplerName] = []

    @Option(help: "levenberg-marquardt, whose noise shrinks, or adam, the paper's way.", transform: choiceArgument)
    var optimizer: OptimizerName = .levenbergMarquardt

    // Numbers may be negative: what follows such an option is its value even if it begins with a minus.
    @Option(
        parsing: .unconditional, help: "Where to start: six or nine comma-separated numbers (default: the identity).",
        transform: matrixArgument)
    var initial: Matrix3?

    @Option(
        parsing: .unconditional, help: "The most iterations (default: 60; 200 with adam).",
        transform: { try wholeNumberArgument($0, in: 0...1_000_000) })
    var iterations: Int?

    @Option(parsing: .unconditional, help: "Of the noise: the same seed gives the same result.", transform: seedArgument)
    var seed: UInt64 = 0

    @Option(help: "The directory to write to.", transform: pathArgument)
    var out = "linwarp-out"

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    /// Aligns with each sampler that was asked for, writes what was found into the directory and prints it.
    func align(_ images: AlignmentPair, truth: Matrix3?) throws {
        let family = family ?? .affine
        let initial = initial ?? .identity
        // Before the directory is made.
        guard family.parameters(nearestTo: images.frame.denormalized(initial)) != nil else {
            throw ValidationError("--initial: \(AlignmentError.initialMatrixOutsideFamily(family))")
        }
        // The search holds several times as much: warped images, slopes, scales.
        try requireMemory(
            6 * MemoryLayout<Float>.stride * (images.source.count + images.target.count),
            for: "aligning \(images.sourceName) to \(images.targetName)")
        let output = try OutputDirectory(out)
        let samplers = sampler.isEmpty ? [.linearized] : sampler
        let progress = ProgressLine()
        var results: [AlignmentReport.Result] = []
        for (i, name) in samplers.enumerated() {
            progress.show("aligning with \(name.rawValue) (\(i + 1) of \(samplers.count))")
            let settings = AlignmentSettings(
                family: family, sampler: name.forAlignment(seed: seed),
                optimizer: optimizer == .adam ? .adam() : .levenbergMarquardt(), initial: initial,
                iterations: iterations ?? (optimizer == .adam ? 200 : 60))
            let start = ContinuousClock.now
            let alignment = try LinWarp.align(images.source, to: images.target, settings)
            let seconds = start.duration(to: .now) / .seconds(1)
            results.append(.init(sampler: name, alignment: alignment, seconds: seconds, truth: truth))
        }
        progress.clear()
        let report = AlignmentReport(
            source: images.sourceName, target: images.targetName, family: family, optimizer: optimizer.rawValue, seed: seed,
            truth: truth, results: results)
        try output.write(report, images)
        try printResults(json ? [try report.json()] : report.lines(directory: out))
    }
}
