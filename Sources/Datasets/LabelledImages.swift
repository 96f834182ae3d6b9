import LinearAlgebra
import Sampling
import Synchronization
import Tensors

/// Images of one size, each of one of several classes: what a classifier learns from.
///
/// The pixels are kept as bytes and become numbers 0...1 a batch at a time. Copies and subsets share them.
public struct LabelledImages: Sendable {
    /// The number of color channels: 1 for grey, 3 for RGB.
    public let channels: Int
    /// The size of each image in pixels.
    public let height, width: Int
    /// The class of each image, an index of `classNames`.
    public let labels: [Int]
    /// What the classes are called.
    public let classNames: [String]
    /// Where transformers of each image begin, in normalized coordinates; nil for the identity.
    public let starts: [Matrix3]?
    private let pixels: [UInt8]
    /// Where each image is among those that `pixels` holds.
    private let places: [Int]

    private init(
        channels: Int, height: Int, width: Int, labels: [Int], classNames: [String], starts: [Matrix3]?, pixels: [UInt8], places: [Int]
    ) {
        self.channels = channels
        self.height = height
        self.width = width
        self.labels = labels
        self.classNames = classNames
        self.starts = starts
        self.pixels = pixels
        self.places = places
    }

    /// Images from their bytes, [N, `channels`, `height`, `width`] in row-major order, and N labels.
    public init(pixels: [UInt8], channels: Int, height: Int, width: Int, labels: [Int], classNames: [String]) {
        precondition(
            channels > 0 && height > 0 && width > 0 && pixels.count == labels.count * channels * height * width,
            "LabelledImages: found \(pixels.count) bytes for [\(labels.count), \(channels), \(height), \(width)]")
        precondition(
            labels.allSatisfy(classNames.indices.contains), "LabelledImages: found a label outside of 0..<\(classNames.count)")
        self.init(
            channels: channels, height: height, width: width, labels: labels, classNames: classNames, starts: nil,
            pixels: pixels, places: Array(labels.indices))
    }

    /// RGB images that `image` makes, from several threads at once: [3, `size`, `size`], 0...1, for each index of `labels`.
    ///
    /// Where it throws, the error of the first image that has one is thrown, whatever the number of threads.
    init<Failure: Error>(
        size: Int, labels: [Int], classNames: [String], image: (Int) throws(Failure) -> Tensor<Float>
    ) throws(Failure) {
        let length = 3 * size * size
        let failure = Mutex<(index: Int, error: Failure)?>(nil)
        let pixels = [UInt8](unsafeUninitializedCapacity: labels.count * length) { bytes, initialized in
            Threads.forEachPiece(of: labels.count, size: 8) { piece in
                for index in piece {
                    // What comes after a failure is not needed, what comes before may fail too.
                    if let first = failure.withLock({ $0?.index }), first < index { return }
                    do throws(Failure) {
                        let image = try image(index)
                        image.withScalars { values in
                            for i in 0..<length { bytes.initializeElement(at: index * length + i, to: UInt8(values[i] * 255 + 0.5)) }
                        }
                    } catch {
                        failure.withLock { if $0 == nil || index < $0!.index { $0 = (index, error) } }
                    }
                }
            }
            initialized = failure.withLock { $0 == nil } ? labels.count * length : 0
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
        self.init(pixels: pixels, channels: 3, height: size, width: size, labels: labels, classNames: classNames)
    }

    /// The number of images.
    public var count: Int { labels.count }

    /// The number of classes.
    public var classCount: Int { classNames.count }

    /// Of the images in their order, with their sizes, labels, classes and starts.
    package var digest: Digest {
        var digest = Digest()
        digest.add([channels, height, width] + labels)
        for name in classNames { digest.add(name) }
        digest.add((starts ?? []).flatMap { $0.elements.map { Int(Int64(bitPattern: $0.bitPattern)) } })
        let length = channels * height * width
        pixels.withUnsafeBytes { bytes in
            for place in places { digest.add(UnsafeRawBufferPointer(rebasing: bytes[(place * length)...].prefix(length))) }
        }
        return digest
    }

    /// The images with the given indices, in that order. Shares the pixels.
    public func subset(_ indices: [Int]) -> LabelledImages {
        LabelledImages(
            channels: channels, height: height, width: width, labels: indices.map { labels[$0] }, classNames: classNames,
            starts: starts.map { starts in indices.map { starts[$0] } }, pixels: pixels, places: indices.map { places[$0] })
    }

    /// The same images, with a transformation for each where its transformers begin. Shares the pixels.
    public func starting(at starts: [Matrix3]) -> LabelledImages {
        precondition(
            starts.count == count, "LabelledImages.starting: found \(starts.count) starts, expected one for each of \(count) images")
        return LabelledImages(
            channels: channels, height: height, width: width, labels: labels, classNames: classNames, starts: starts, pixels: pixels,
            places: places)
    }

    /// The images with the given indices, in that order, as numbers.
    public func batch(_ indices: [Int]) -> LabelledBatch {
        let length = channels * height * width
        let images = Tensor<Float>(shape: [indices.count, channels, height, width]) { out in
            pixels.withUnsafeBufferPointer { pixels in
                Threads.forEachPiece(of: indices.count, size: max(1, 65536 / length)) { piece in
                    for n in piece {
                        let source = UnsafeBufferPointer(rebasing: pixels[(places[indices[n]] * length)...].prefix(length))
                        let target = out.baseAddress! + n * length
                        for i in 0..<length { (target + i).initialize(to: Float(source[i]) / 255) }
                    }
                }
            }
        }
        return LabelledBatch(
            images: images, labels: indices.map { labels[$0] }, starts: starts.map { starts in .matrices(indices.map { starts[$0] }) })
    }
}

/// Some images with their classes, ready to compute with.
public struct LabelledBatch: Sendable {
    /// [N, C, H, W], 0...1.
    public var images: Tensor<Float>
    /// The class of each image.
    public var labels: [Int]
    /// Where the transformers begin, [N, 3, 3]; nil for the identity.
    public var starts: Tensor<Float>?

    /// A batch of images [N, C, H, W] and N labels, and of transformations [N, 3, 3] that transformers begin at, if any.
    public init(images: Tensor<Float>, labels: [Int], starts: Tensor<Float>? = nil) {
        precondition(
            images.rank == 4 && images.shape[0] == labels.count,
            "LabelledBatch: found images of the shape \(images.shape) and \(labels.count) labels, expected [N, C, H, W] and N")
        precondition(
            starts.map { $0.shape == [labels.count, 3, 3] } ?? true,
            "LabelledBatch: found starts of the shape \(starts?.shape ?? []) for \(labels.count) labels, expected [N, 3, 3] and N")
        self.images = images
        self.labels = labels
        self.starts = starts
    }
}

extension Tensor<Float> {
    /// [N, 3, 3].
    package static func matrices(_ matrices: [Matrix3]) -> Tensor {
        Tensor(matrices.flatMap { $0.elements.map { Float($0) } }, shape: [matrices.count, 3, 3])
    }
}
