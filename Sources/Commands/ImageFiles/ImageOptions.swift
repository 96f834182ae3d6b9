import ArgumentParser
import Files
import Foundation
import LinWarp

/// How images are written: the options that commands share.
struct ImageOptions: ParsableArguments {
    @Option(
        help: "How samples are written: \(SampleDepth.choices) (default: as they were read, where the format has that).",
        transform: choiceArgument)
    var depth: SampleDepth?

    @Option(help: "The format that is written: \(WritableFormat.choices) (default: by the name).", transform: choiceArgument)
    var format: WritableFormat?

    @Option(
        parsing: .unconditional, help: "Of JPEG, 1 to 100 (default: 95), and of WebP, which is lossless without it.",
        transform: { try wholeNumberArgument($0, in: 1...100) })
    var quality: Int?

    func validate() throws {
        if let depth, let format, !format.depths.contains(depth) {
            throw ValidationError("--depth: found \(depth.rawValue) with --format \(format.rawValue), expected \(format.depthChoices)")
        }
    }

    /// - Parameters:
    ///   - source: What was read: its depth, color profile and resolution go on.
    ///   - format: Where no option says it; nil for one that holds such samples.
    func writing(like source: ImageFile, as format: WritableFormat? = nil) -> ImageWriting {
        let format = self.format ?? format ?? ((depth ?? source.depth) == .float ? .tiff : .png)
        let depth = depth ?? format.depths.last { $0 <= source.depth } ?? format.depths[0]
        return ImageWriting(
            format: format, depth: depth, quality: quality, colorProfile: source.colorProfile, resolution: source.resolution,
            // Whole numbers of a file never are outside.
            clips: source.depth == .float && ImageFile(pixels: source.pixels, depth: depth).clipsValues)
    }
}

/// How an image is written.
struct ImageWriting {
    var format = WritableFormat.png
    var depth = SampleDepth.eight
    var quality: Int?
    var colorProfile: [UInt8]?
    var resolution: ImageFile.Resolution?
    /// Whether values of the image that it comes from are outside of what the depth can hold.
    var clips = false

    /// Writes to a file or, where its name is `-`, to standard output.
    func write(_ pixels: Tensor<Float>, to name: String) throws {
        if clips {
            notice("\(name): found values outside of 0...1, which \(depth.rawValue) bits do not hold: they are clipped")
        }
        let image = ImageFile(pixels: pixels, depth: depth, colorProfile: colorProfile, resolution: resolution)
        guard name == standardStream else { return try image.write(to: name, format: format, quality: quality) }
        let bytes = try image.encoded(as: format, quality: quality, name: "standard output")
        do throws(FileError) { try writeOutput(bytes) } catch {
            throw Failure(description: "standard output: cannot be written: \(error.reason)")
        }
    }
}

extension SampleDepth: Choosable {}
extension WritableFormat: Choosable {}

extension WritableFormat {
    /// For a line of text.
    fileprivate var depthChoices: String { depths.map(\.rawValue).joined(separator: " or ") }

    /// What a file of this format is called by.
    var fileExtension: String { self == .jpeg ? "jpg" : self == .tiff ? "tif" : rawValue }
}
