import ArgumentParser
import Figures
import Files
import Foundation
import LinWarp

struct WarpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warp",
        abstract: "Transforms an image.",
        discussion: """
            The transformation says which part of the image is shown: a scale of 0.5 shows its central half, twice as large at the same \
            size.

            Example: linwarp warp photo.jpg --rotate 25 --scale 0.5 --size 320x240 --out cut.png
            """)

    @Argument(help: "The image: PNG, JPEG, TIFF, WebP, PPM or PGM.", transform: pathArgument)
    var image: String

    @OptionGroup var given: MatrixOptions

    // Numbers may be negative: what follows such an option is its value even if it begins with a minus.
    @Option(parsing: .unconditional, help: "Turns the part that is shown, in degrees, clockwise.", transform: numberArgument)
    var rotate: Double?

    @Option(
        parsing: .unconditional,
        help: "Scales the part that is shown: 0.5 is half the image (default: as much as keeps the size of pixels).",
        transform: positiveNumberArgument)
    var scale: Double?

    @Option(
        parsing: .unconditional, help: "Moves the part that is shown, right and down: x,y in normalized source coordinates.",
        transform: { try numbersArgument($0, counts: [2]) })
    var translate: [Double]?

    @Option(
        parsing: .unconditional, help: "The size of the result, such as 640x480 (default: the image's own).",
        transform: PixelSize.init(argument:))
    var size: PixelSize?

    @Option(
        help:
            "How pixels are made: \(Interpolation.choices) (default: auto, which averages where the image shrinks and is cubic elsewhere).",
        transform: choiceArgument)
    var interpolation: Interpolation?

    @Option(help: "Samples as the paper does instead: \(SamplerName.choices).", transform: choiceArgument)
    var sampler: SamplerName?

    @Option(help: "What lies outside of the image: \(Padding.choices).", transform: choiceArgument)
    var padding: Padding = .zeros

    @Option(parsing: .unconditional, help: "Of the linearized sampler's noise.", transform: seedArgument)
    var seed: UInt64 = 0

    @Option(help: "The file to write: .png, .jpg, .ppm or .pgm.", transform: pathArgument)
    var out: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if given.matrix != nil && (rotate != nil || scale != nil || translate != nil) {
            throw ValidationError("--matrix: found together with --rotate, --scale or --translate, expected either")
        }
        if interpolation != nil && sampler != nil {
            throw ValidationError("--interpolation: found together with --sampler, expected either")
        }
        do { _ = try WritableFormat(path: out) } catch { throw ValidationError("--out: \(error)") }
    }

    mutating func run() throws {
        let source = try Tensor<Float>(imageAt: image)
        let (channels, height, width) = (source.shape[0], source.shape[1], source.shape[2])
        let size = try self.size ?? PixelSize(argument: "\(width)x\(height)")
        // The smaller scales of the source take several times as much as it does.
        let count = channels * size.height * size.width + (sampler == .multiScale ? 6 * source.count : 0)
        try requireMemory(MemoryLayout<Float>.stride * count, for: "--size \(size.width)x\(size.height) of \(image)")
        // Without a scale pixels keep their size, so that a turn or a shift onto another size is one.
        let frame =
            scale == nil
            ? Frame(sourcePixels: (height, width), targetPixels: (size.height, size.width))
            : Frame(sourceAspect: Double(width) / Double(height), targetAspect: Double(size.width) / Double(size.height))
        let conventions = given.conventions
        let matrix =
            try given.matrix.map { try conventions.normalized($0, "--matrix", source: PixelSize(of: source), target: size) }
            ?? transformation(frame)
        guard matrix.inverse != nil else {
            throw ValidationError(
                "--rotate, --scale and --translate: found a transformation beyond the precision of numbers, expected one that can be inverted"
            )
        }
        try warped(source, matrix, size).writeImage(to: out)
        if json {
            struct Report: Encodable {
                var out: String
                var convention: MatrixConvention
                var matrix: [[Double]]
                var width, height: Int
                var sourceSize, targetSize: PixelSize
            }
            let rows = try conventions.rows(matrix, source: PixelSize(of: source), target: size)
            try printResults(
                try encodedJSON(
                    Report(
                        out: out, convention: conventions.convention, matrix: rows, width: size.width, height: size.height,
                        sourceSize: PixelSize(of: source), targetSize: size)))
        } else {
            try printResults(out)
        }
    }

    private func warped(_ source: Tensor<Float>, _ matrix: Matrix3, _ size: PixelSize) -> Tensor<Float> {
        if let sampler {
            let grid = SamplingGrid<Float>(matrix, height: size.height, width: size.width)
            return sampler.forWarping(padding: padding, seed: seed).sample(source.reshaped([1] + source.shape), at: grid)
                .reshaped([source.shape[0], size.height, size.width])
        }
        return resampled(
            source, matrix, height: size.height, width: size.width, interpolation: interpolation ?? .auto, padding: padding,
            hasAlpha: source.shape[0].isMultiple(of: 2))
    }

    /// The similarity that the options ask for; the identity where they ask for nothing.
    private func transformation(_ frame: Frame) -> Matrix3 {
        guard rotate != nil || scale != nil || translate != nil else { return .identity }
        let translation = translate ?? [0, 0]
        let turn = quarterTurns(rotate ?? 0).map { Matrix3([$0.cosine, -$0.sine, 0, $0.sine, $0.cosine, 0, 0, 0, 1]) }
        return frame.normalized(
            .translation(translation[0] * frame.sourceAspect, translation[1]) * (turn ?? .rotation((rotate ?? 0) * .pi / 180))
                * .scaling(scale ?? 1, scale ?? 1))
    }

    /// Cosine and sine of whole quarter turns, which are exact: so that every pixel comes to lie on one.
    private func quarterTurns(_ degrees: Double) -> (cosine: Double, sine: Double)? {
        switch degrees.remainder(dividingBy: 360) {
        case 0: (1, 0)
        case 90: (0, 1)
        case -90: (0, -1)
        case 180, -180: (-1, 0)
        default: nil
        }
    }
}

extension Interpolation: Choosable {}
