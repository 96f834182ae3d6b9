import ArgumentParser
import Figures
import LinWarp

struct AlignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "align",
        abstract: "Finds the transformation that, applied to SOURCE, gives TARGET.",
        discussion: """
            No start has to be given. Exposure, pixels that belong to neither and what is transparent do not disturb. Says whether it worked: \
            trusted, doubtful or failed.

            Writes into the output directory: aligned.png, the source brought to the target's place (aligned.tif of floating-point samples, or as \
            --format says); figure.png, a picture of both; comparison.png, by which to judge it: overlays, differences, a checkerboard; and \
            result.json. With --sampler or --optimizer it searches as the paper does, from one start, and writes aligned-SAMPLER.png for each \
            sampler.

            Example: linwarp align map.png photo.jpg --family homography --out aligned
            """)

    @Argument(help: "The image that is transformed: PNG, JPEG, TIFF, WebP, PPM or PGM; - reads standard input.", transform: pathArgument)
    var source: String

    @Argument(help: "The image that it is aligned to, of any size.", transform: pathArgument)
    var target: String

    @OptionGroup var search: SearchOptions

    @Option(
        help: """
            What is compared where a start is looked for: \(AlignmentSettings.Comparison.choices) (default: auto). structure is for images \
            of different sensors.
            """, transform: choiceArgument)
    var compare: AlignmentSettings.Comparison?

    @Option(help: "An image of the source's size: its dark pixels leave out the source's.", transform: pathArgument)
    var sourceMask: String?

    @Option(help: "An image of the target's size: its dark pixels leave out the target's.", transform: pathArgument)
    var targetMask: String?

    @OptionGroup var writing: ImageOptions

    @Flag(help: "End with the status 2 where the alignment is not trusted.")
    var strict = false

    func validate() throws {
        guard search.isPaper else { return }
        let given = [
            ("compare", compare != nil), ("source-mask", sourceMask != nil), ("target-mask", targetMask != nil), ("strict", strict),
        ]
        for (name, isGiven) in given where isGiven {
            throw ValidationError(
                "--\(name): found it together with --sampler, --optimizer, --iterations or --seed, expected either: the paper's search has none"
            )
        }
    }

    mutating func run() throws {
        var images = try AlignmentPair(sourcePath: source, targetPath: target, written: writing)
        if search.isPaper { return try search.alignAsPaper(images.withSameChannels, truth: nil) }
        try images.mask(source: sourceMask, target: targetMask)
        let alignment = try search.register(images, comparing: compare ?? .auto)
        if strict, let verdict = alignment.verdict, verdict != .trusted { throw NotTrusted(verdict: verdict) }
    }
}

/// What `--strict` does not accept.
struct NotTrusted: Error, CustomStringConvertible {
    let verdict: AlignmentConfidence.Verdict

    var description: String { "--strict: found a \(verdict.rawValue) alignment, expected a trusted one" }
}

extension AlignmentSettings.Comparison: Choosable {}

/// The options that `align` and `demo` share, and what both do with them.
struct SearchOptions: ParsableArguments {
    @Option(help: "The kind of transformation: \(TransformationFamily.choices).", transform: choiceArgument)
    var family: TransformationFamily?

    @Option(
        parsing: .singleValue,
        help: "Search as the paper does, sampling in this way: \(SamplerName.choices). Give it again to compare several.",
        transform: choiceArgument)
    var sampler: [SamplerName] = []

    @Option(
        help: "Of the paper's search: levenberg-marquardt, whose noise shrinks (the default), or adam, the paper's way.",
        transform: choiceArgument)
    var optimizer: OptimizerName?

    // Numbers may be negative: what follows such an option is its value even if it begins with a minus.
    @Option(
        parsing: .unconditional,
        help:
            "Where to start: six or nine comma-separated numbers (default: anywhere; in the paper's search the identity, in demo the central half).",
        transform: matrixArgument)
    var initial: Matrix3?

    @Option(
        parsing: .unconditional, help: "Of the paper's search: the most iterations (default: 60; 200 with adam).",
        transform: { try wholeNumberArgument($0, in: 0...1_000_000) })
    var iterations: Int?

    @Option(
        parsing: .unconditional, help: "Of the paper's search: of the noise (default: 0). The same seed gives the same result.",
        transform: seedArgument)
    var seed: UInt64?

    @OptionGroup var conventions: ConventionOptions

    @Option(help: "The directory to write to.", transform: pathArgument)
    var out = "linwarp-out"

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var quiet: QuietOption

    func validate() throws {
        // A figure has a row for each.
        for name in sampler where sampler.count(where: { $0 == name }) > 1 {
            throw ValidationError("--sampler: found \(name.rawValue) more than once, expected each once")
        }
    }

    /// Whether the paper's search is asked for.
    var isPaper: Bool { !sampler.isEmpty || optimizer != nil || iterations != nil || seed != nil }

    /// Aligns, writes what was found into the directory and prints it.
    func register(_ images: AlignmentPair, comparing: AlignmentSettings.Comparison) throws -> Alignment {
        let family = family ?? .affine
        let settings = AlignmentSettings(
            family: family, start: try start(images).map { .matrix($0) } ?? .search, comparing: comparing, sourceMask: images.sourceMask,
            targetMask: images.targetMask)
        try checkInitial(images, images.registrationFrame)
        let output = try prepare(images, copies: 5)
        let progress = quiet.progress()
        progress.show("aligning")
        let start = ContinuousClock.now
        let alignment = try images.aligned(settings)
        let result = AlignmentReport.Result(method: .registration, alignment: alignment, seconds: start.duration(to: .now) / .seconds(1))
        progress.clear()
        try finish(report(images, [result]), images, output)
        return alignment
    }

    /// The same as the paper does, with each sampler that was asked for.
    func alignAsPaper(_ images: AlignmentPair, truth: Matrix3?) throws {
        let family = family ?? .affine
        let (optimizer, seed) = (optimizer ?? .levenbergMarquardt, seed ?? 0)
        try checkInitial(images, images.frame)
        // Warped images, slopes, scales.
        let output = try prepare(images, copies: 6)
        let samplers = sampler.isEmpty ? [.linearized] : sampler
        let progress = quiet.progress()
        var results: [AlignmentReport.Result] = []
        for (i, name) in samplers.enumerated() {
            progress.show("aligning with \(name.rawValue) (\(i + 1) of \(samplers.count))")
            let settings = AlignmentSettings.paper(
                family: family, sampler: name.forAlignment(LinearizedSampler(regularization: 1, draws: .lattice), seed: seed),
                optimizer: optimizer == .adam ? .adam() : .levenbergMarquardt(), initial: try start(images) ?? .identity,
                iterations: iterations ?? (optimizer == .adam ? 200 : 60))
            let start = ContinuousClock.now
            let alignment = try images.aligned(settings)
            let seconds = start.duration(to: .now) / .seconds(1)
            results.append(.init(method: .sampler(name), alignment: alignment, seconds: seconds, truth: truth))
        }
        progress.clear()
        var report = try report(images, results)
        (report.optimizer, report.seed, report.truth) = (optimizer.rawValue, seed, truth)
        try finish(report, images, output)
    }

    private func report(_ images: AlignmentPair, _ results: [AlignmentReport.Result]) throws -> AlignmentReport {
        let unmoved = isPaper ? .identity : images.registrationFrame.normalized(.identity)
        return AlignmentReport(
            source: images.sourceName, target: images.targetName, sourceSize: images.sourceSize, targetSize: images.targetSize,
            convention: conventions, family: family ?? .affine, before: try start(images) ?? unmoved, results: results)
    }

    /// Where to start, as a normalized matrix.
    private func start(_ images: AlignmentPair) throws -> Matrix3? {
        try initial.map { try conventions.normalized($0, "--initial", source: images.sourceSize, target: images.targetSize) }
    }

    /// Before the directory is made.
    private func checkInitial(_ images: AlignmentPair, _ frame: Frame) throws {
        let family = family ?? .affine
        try conventions.check(family)
        guard family.parameters(nearestTo: frame.denormalized(try start(images) ?? .identity)) != nil else {
            throw ValidationError("--initial: \(AlignmentError.initialMatrixOutsideFamily(family))")
        }
    }

    private func prepare(_ images: AlignmentPair, copies: Int) throws -> OutputDirectory {
        try requireMemory(
            copies * MemoryLayout<Float>.stride * (images.source.count + images.target.count),
            for: "aligning \(images.sourceName) to \(images.targetName)")
        return try OutputDirectory(out)
    }

    private func finish(_ report: AlignmentReport, _ images: AlignmentPair, _ output: OutputDirectory) throws {
        try output.write(report, images)
        if json { try printResults(try report.json()) } else { try quiet.print(report.lines(directory: out)) }
    }
}
