import ArgumentParser
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

    @Argument(help: "The image that is transformed: PNG, JPEG, PPM or PGM.")
    var source: String

    @Argument(help: "The image that it is aligned to, of any size.")
    var target: String

    @OptionGroup var search: SearchOptions

    mutating func run() throws {
        let images = try AlignmentPair(sourcePath: source, targetPath: target)
        let output = try OutputDirectory(search.out)
        let report = try search.align(images, truth: nil)
        try output.write(report, images)
        if search.json { print(try report.json()) } else { report.print(directory: search.out) }
    }
}

/// The options that `align` and `demo` share.
struct SearchOptions: ParsableArguments {
    @Option(help: "The kind of transformation: \(TransformationFamily.allCases.map(\.rawValue).joined(separator: ", ")).")
    var family: TransformationFamily?

    @Option(
        parsing: .singleValue,
        help:
            "How the source is sampled: \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")). Give it again to compare several.")
    var sampler: [SamplerName] = []

    @Option(help: "levenberg-marquardt, whose noise shrinks (the default), or adam, the paper's way.")
    var optimizer: OptimizerName = .levenbergMarquardt

    @Option(help: "Where to start: six or nine comma-separated numbers (default: the identity).", transform: matrixArgument)
    var initial: Matrix3?

    @Option(help: "The most iterations (default: 60; 200 with adam).")
    var iterations: Int?

    @Option(help: "Of the noise: the same seed gives the same result.")
    var seed: UInt64 = 0

    @Option(help: "The directory to write to.")
    var out = "linwarp-out"

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    enum OptimizerName: String, CaseIterable, ExpressibleByArgument {
        case levenbergMarquardt = "levenberg-marquardt"
        case adam
    }

    func validate() throws {
        if let iterations, !(0...1_000_000).contains(iterations) {
            throw ValidationError("--iterations: found \(iterations), expected 0 to 1000000")
        }
    }

    /// Aligns with each sampler that was asked for.
    func align(_ images: AlignmentPair, truth: Matrix3?) throws -> AlignmentReport {
        let samplers = sampler.isEmpty ? [.linearized] : sampler
        let family = family ?? .affine
        let clock = ContinuousClock()
        let progress = ProgressLine()
        var results: [AlignmentReport.Result] = []
        for (i, name) in samplers.enumerated() {
            progress.show("aligning with \(name.rawValue) (\(i + 1) of \(samplers.count))")
            let settings = AlignmentSettings(
                family: family, sampler: name.forAlignment(seed: seed),
                optimizer: optimizer == .adam ? .adam() : .levenbergMarquardt(), initial: initial ?? .identity,
                iterations: iterations ?? (optimizer == .adam ? 200 : 60))
            var alignment: Alignment?
            let time = try clock.measure {
                do { alignment = try LinWarp.align(images.source, to: images.target, settings) } catch {
                    throw ValidationError("--initial: \(error)")
                }
            }
            results.append(.init(sampler: name, alignment: alignment!, seconds: time / .seconds(1), truth: truth))
        }
        progress.clear()
        return AlignmentReport(
            source: images.sourceName, target: images.targetName, family: family, optimizer: optimizer.rawValue, seed: seed,
            truth: truth, results: results)
    }
}
