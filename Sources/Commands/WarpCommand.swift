import ArgumentParser
import Figures
import Files
import Foundation
import LinWarp

struct WarpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warp",
        abstract: "Transforms images.",
        discussion: """
            The transformation says which part of the image is shown: a scale of 0.5 shows its central half, twice as large at the same \
            size.

            Examples:
              linwarp warp photo.jpg --rotate 25 --scale 0.5 --size 320x240 --out cut.png
              linwarp warp scans/*.tif --rotate 90 --format png --out turned
            """)

    @Argument(help: "The images: PNG, JPEG, TIFF, WebP, PPM or PGM; - reads standard input.", transform: pathArgument)
    var images: [String]

    @Option(
        parsing: .unconditional, help: "Of a TIFF file, from 1 on (default: 1).", transform: { try wholeNumberArgument($0, in: 1...65536) })
    var page: Int?

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
        parsing: .unconditional, help: "Makes only this part of the result: its size and upper left pixel, such as 320x240+10+20.",
        transform: PixelWindow.init(argument:))
    var crop: PixelWindow?

    @Option(
        help:
            "How pixels are made: \(Interpolation.choices) (default: auto, which averages where the image shrinks and is cubic elsewhere).",
        transform: choiceArgument)
    var interpolation: Interpolation?

    @Option(help: "Samples as the paper does instead: \(SamplerName.choices).", transform: choiceArgument)
    var sampler: SamplerName?

    @Option(help: "What lies outside of the image: \(Padding.choices).", transform: choiceArgument)
    var padding: Padding = .zeros

    @Option(
        parsing: .unconditional,
        help: "The color of what lies outside, instead of black or transparent: a grey or red,green,blue, 0 to 1 each.",
        transform: { try numbersArgument($0, counts: [1, 3]) })
    var fill: [Double]?

    @Option(parsing: .unconditional, help: "Of the linearized sampler's noise.", transform: seedArgument)
    var seed: UInt64 = 0

    @OptionGroup var writing: ImageOptions

    @Option(help: "The file to write, - for standard output; of several images a directory.", transform: pathArgument)
    var out: String

    @Flag(help: "Print one JSON object for each image.")
    var json = false

    @OptionGroup var quiet: QuietOption

    func validate() throws {
        if given.matrix != nil && (rotate != nil || scale != nil || translate != nil) {
            throw ValidationError("--matrix: found together with --rotate, --scale or --translate, expected either")
        }
        if interpolation != nil && sampler != nil {
            throw ValidationError("--interpolation: found together with --sampler, expected either")
        }
        if fill != nil && (padding != .zeros || sampler != nil) {
            throw ValidationError("--fill: found together with --padding or --sampler, expected either")
        }
        if images.count > 1 {
            guard out != standardStream, (try? WritableFormat(path: out)) == nil else {
                throw ValidationError("--out: found \(out) for \(images.count) images, expected a directory")
            }
            guard !images.contains(standardStream) else { throw ValidationError("images: found - among others, expected it alone") }
            return
        }
        guard out != standardStream else {
            if json { throw ValidationError("--json: found together with --out -, expected either") }
            guard writing.format != nil else {
                throw ValidationError("--out: found - without --format, expected the format that is written")
            }
            guard isatty(STDOUT_FILENO) == 0 else {
                throw ValidationError("--out: found a terminal as standard output, expected a file or pipe")
            }
            return
        }
        guard writing.format == nil else { return }
        do {
            let format = try WritableFormat(path: out)
            if let depth = writing.depth, !format.depths.contains(depth) {
                throw ImageError.unsupportedDepth(path: out, found: depth, format: format)
            }
        } catch { throw ValidationError("--out: \(error)") }
    }

    mutating func run() throws {
        guard images.count > 1 else { return try warp(images[0], to: out, as: try? WritableFormat(path: out)) }
        let results = try results(in: out)
        _ = try OutputDirectory(out)
        let progress = quiet.progress()
        defer { progress.clear() }
        var pace = Pace("warping", of: images.count)
        for (image, (name, format)) in zip(images, results) {
            try warp(image, to: name, as: format)
            progress.show(pace.next())
        }
    }

    /// The file that each image is written to; none of them is one that is read, or another's.
    private func results(in directory: String) throws -> [(name: String, format: WritableFormat)] {
        func place(_ path: String) -> URL { URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL }
        let read = Set(images.map(place))
        var written: Set<URL> = []
        return try images.map { image in
            let format = writing.format ?? (try? WritableFormat(path: image)) ?? .png
            let name = "\(directory)/\(URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent).\(format.fileExtension)"
            guard !read.contains(place(name)) else {
                throw Failure(
                    description:
                        "--out: found \(directory), where \(image) would go to \(name), which is read; expected another directory"
                )
            }
            guard written.insert(place(name)).inserted else {
                throw Failure(
                    description: "\(image): found that it would be written to \(name), as another image is; expected names of their own")
            }
            if let depth = writing.depth, !format.depths.contains(depth) {
                throw ValidationError("--depth: \(ImageError.unsupportedDepth(path: name, found: depth, format: format))")
            }
            return (name, format)
        }
    }

    /// Warps one image.
    private func warp(_ image: String, to out: String, as format: WritableFormat?) throws {
        let file = try readImage(image, page: page)
        let source = file.pixels
        let whole = PixelSize(of: source)
        let size = self.size ?? whole
        if let crop, !crop.isPart(of: size) {
            throw Failure(
                description:
                    "--crop: found a part of \(crop.size.width)x\(crop.size.height) pixels at \(crop.x),\(crop.y), expected it within "
                    + "\(size.width)x\(size.height)")
        }
        let shown = crop?.size ?? size
        // The smaller scales of the source take several times as much as it does.
        let count = source.shape[0] * shown.height * shown.width + (sampler == .multiScale ? 6 * source.count : 0)
        try requireMemory(MemoryLayout<Float>.stride * count, for: "--size \(shown.width)x\(shown.height) of \(image)")
        let matrix = try matrix(from: whole, to: size)
        let writing = self.writing.writing(like: file, as: format)
        try writing.write(warped(source, matrix, size), to: out)
        if json {
            struct Report: Encodable {
                var out: String
                var convention: MatrixConvention
                var matrix: [[Double]]
                var width, height: Int
                var sourceSize, targetSize: PixelSize
            }
            // Of the whole result, whatever part of it is made.
            let rows = try given.conventions.rows(matrix, source: whole, target: size)
            try printResults(
                try encodedJSON(
                    Report(
                        out: out, convention: given.conventions.convention, matrix: rows, width: shown.width, height: shown.height,
                        sourceSize: whole, targetSize: size)))
        } else if out != standardStream {
            try quiet.print([out])
        }
    }

    /// From the result's normalized coordinates to the image's.
    private func matrix(from source: PixelSize, to size: PixelSize) throws -> Matrix3 {
        // Without a scale pixels keep their size, so that a turn or a shift onto another size is one.
        let frame =
            scale == nil
            ? Frame(sourcePixels: source.sides, targetPixels: size.sides)
            : Frame(
                sourceAspect: Double(source.width) / Double(source.height), targetAspect: Double(size.width) / Double(size.height))
        let matrix =
            try given.matrix.map { try given.conventions.normalized($0, "--matrix", source: source, target: size) } ?? transformation(frame)
        guard matrix.inverse != nil, given.matrix != nil || keepsPlaces(matrix) else {
            throw ValidationError(
                "--rotate, --scale and --translate: found a transformation beyond the precision of numbers, expected one that can be inverted"
            )
        }
        return matrix
    }

    /// Whether the corners come back from where a similarity moves them: so far away that they all are one place they do not.
    private func keepsPlaces(_ matrix: Matrix3) -> Bool {
        zip(matrix.corners, Matrix3.identity.corners).allSatisfy { there, corner in
            let back = matrix.inverse?.apply(there.x, there.y)
            return back.map { hypot($0.x - corner.x, $0.y - corner.y) < 1e-6 } ?? false
        }
    }

    private func warped(_ source: Tensor<Float>, _ whole: Matrix3, _ size: PixelSize) -> Tensor<Float> {
        let matrix = crop.map { whole * .part(x: $0.x, y: $0.y, $0.size.sides, of: size.sides) } ?? whole
        let (height, width) = (crop?.size ?? size).sides
        if let sampler {
            let grid = SamplingGrid<Float>(matrix, height: height, width: width)
            return sampler.forWarping(padding: padding, seed: seed).sample(source.reshaped([1] + source.shape), at: grid)
                .reshaped([source.shape[0], height, width])
        }
        func seen(_ image: Tensor<Float>, hasAlpha: Bool) -> Tensor<Float> {
            resampled(
                image, matrix, height: height, width: width, interpolation: interpolation ?? .auto, padding: padding, hasAlpha: hasAlpha)
        }
        let hasAlpha = source.shape[0].isMultiple(of: 2)
        let result = seen(source, hasAlpha: hasAlpha)
        guard let fill else { return result }
        // How much of each pixel is not the image's.
        let rest = 1 - seen(Tensor(repeating: 1, shape: [1, source.shape[1], source.shape[2]]), hasAlpha: false)
        let colors = source.shape[0] < 3 ? 1 : 3
        let grey = fill.reduce(0, +) / Double(fill.count)
        let color = Tensor((0..<colors).map { Float(colors == 1 ? grey : fill[fill.count == 1 ? 0 : $0]) }, shape: [colors, 1, 1])
        guard hasAlpha else { return result + color * rest }
        let opacity = result[colors..<colors + 1]
        let covered = opacity + rest
        return concatenate([(result[0..<colors] * opacity + color * rest) / maximum(covered, Tensor(1e-6)), covered], axis: 0)
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
