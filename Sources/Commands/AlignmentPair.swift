import ArgumentParser
import LinWarp

/// The two images of an alignment, each grey or RGB. What is transparent does not count, except in the paper's search.
struct AlignmentPair {
    private(set) var source, target: Tensor<Float>
    /// The source with its alpha, where it has some.
    let wholeSource: Tensor<Float>
    /// How the source is written at the target's place.
    var writing = ImageWriting()
    let sourceName, targetName: String
    /// Above one half where a pixel counts; nil where all do.
    private(set) var sourceMask, targetMask: Tensor<Float>?

    /// In the paper's search.
    var frame: Frame { Frame(sourceAspect: aspect(source), targetAspect: aspect(target)) }

    var sourceSize: PixelSize { PixelSize(of: source) }
    var targetSize: PixelSize { PixelSize(of: target) }

    var registrationFrame: Frame {
        Frame(sourcePixels: (source.shape[1], source.shape[2]), targetPixels: (target.shape[1], target.shape[2]))
    }

    init(sourcePath: String, targetPath: String, written: ImageOptions) throws {
        guard sourcePath != standardStream || targetPath != standardStream else {
            throw ValidationError("SOURCE and TARGET: found - as both, expected it as one of them")
        }
        let source = try readImage(sourcePath)
        self.init(source: source.pixels, target: try readImage(targetPath).pixels, sourceName: sourcePath, targetName: targetPath)
        writing = written.writing(like: source)
    }

    init(source: Tensor<Float>, target: Tensor<Float>, sourceName: String, targetName: String) {
        func colors(_ image: Tensor<Float>) -> Tensor<Float> { image[0..<(image.shape[0] < 3 ? 1 : 3)] }
        func opacity(_ image: Tensor<Float>) -> Tensor<Float>? {
            image.shape[0] % 2 == 1 ? nil : image[image.shape[0] - 1..<image.shape[0]].reshaped(Array(image.shape[1...]))
        }
        (self.source, wholeSource) = (colors(source), source)
        self.target = colors(target)
        self.sourceName = sourceName
        self.targetName = targetName
        (sourceMask, targetMask) = (opacity(source), opacity(target))
    }

    /// Both grey where one of them is, as the paper's search compares channel by channel.
    var withSameChannels: AlignmentPair {
        var pair = self
        func grey(_ image: Tensor<Float>) -> Tensor<Float> { image.mean(axes: [0], keepingAxes: true) }
        if source.shape[0] != target.shape[0] { (pair.source, pair.target) = (grey(source), grey(target)) }
        return pair
    }

    /// Leaves out what masks in files leave out too.
    mutating func mask(source: String?, target: String?) throws {
        sourceMask = try combined(sourceMask, source, option: "--source-mask", self.source)
        targetMask = try combined(targetMask, target, option: "--target-mask", self.target)
    }

    /// An alignment; what is wrong with a mask names the option.
    func aligned(_ settings: AlignmentSettings) throws -> Alignment {
        do throws(AlignmentError) { return try align(source, to: target, settings) } catch {
            guard case .nothingCounts(let image) = error else { throw error }
            throw Failure(
                description: "--\(image)-mask: found that it and the image's transparency leave out every pixel, expected some that count")
        }
    }
}

private func aspect(_ image: Tensor<Float>) -> Double { Double(image.shape[2]) / Double(image.shape[1]) }

/// The brightness of a mask's image where another one lets pixels count.
private func combined(_ other: Tensor<Float>?, _ path: String?, option: String, _ image: Tensor<Float>) throws -> Tensor<Float>? {
    guard let path else { return other }
    let mask = try brightness(ofMask: path)
    guard mask.shape[...] == image.shape[1...] else {
        throw Failure(
            description:
                "\(option) \(path): found \(mask.shape[1])x\(mask.shape[0]) pixels, expected \(image.shape[2])x\(image.shape[1]), as its image"
        )
    }
    return other.map { minimum($0, mask) } ?? mask
}

/// Of a mask in a file: [H, W].
func brightness(ofMask path: String) throws -> Tensor<Float> {
    let mask = try Tensor<Float>(imageAt: path)
    return mask[0..<(mask.shape[0] < 3 ? 1 : 3)].mean(axes: [0])
}
