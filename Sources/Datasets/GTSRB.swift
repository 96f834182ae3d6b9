import Images
import LinearAlgebra
import Tensors

/// The German Traffic Sign Recognition Benchmark (Stallkamp et al., 2011): photographs of signs, 43 classes, as its authors publish it.
///
/// A training image belongs to a track, the photographs of one physical sign from a passing car. So what is set aside for validation must
/// be whole tracks: frames of one track are much alike.
public struct GTSRB: Sendable {
    /// The annotation of one image.
    public struct Sign: Sendable, Equatable {
        /// Where the image is.
        public let path: String
        /// The size of the image in pixels.
        public let width, height: Int
        /// The pixels that show the sign.
        public let columns, rows: ClosedRange<Int>
        /// The class, 0 to 42.
        public let label: Int
        /// The number of the track among those of the class; nil for test images, which belong to none.
        public let track: Int?
    }

    /// The images to train with, in the order of classes, tracks and frames.
    public let training: [Sign]
    /// The images to test with.
    public let test: [Sign]

    /// Reads the annotations, but no images, from `directory`/GTSRB or `directory` itself, where `Final_Training` and `Final_Test` are.
    ///
    /// The classes of the test images are in `GT-final_test.csv`, which is published apart from the images: it may be in
    /// `Final_Test/Images`, in `Final_Test`, or beside it. Throws a `DatasetError` where a file is missing or damaged.
    public init(directory: String) throws(DatasetError) {
        let root = try datasetRoot("GTSRB", in: directory, parts: ["Final_Training", "Final_Test"])
        var training: [Sign] = []
        for label in Self.classNames.indices {
            let name = String(String(100_000 + label).dropFirst())
            let folder = "\(root)/Final_Training/Images/\(name)"
            training += try readAnnotations("\(folder)/GT-\(name).csv", imagesIn: folder, of: .trainingClass(label))
        }
        self.training = training
        let (folder, name) = ("\(root)/Final_Test/Images", "GT-final_test.csv")
        let path = ["\(folder)/\(name)", "\(root)/Final_Test/\(name)", "\(root)/\(name)"].first(where: exists)
        test = try readAnnotations(path ?? "\(folder)/\(name)", imagesIn: folder, of: .test)
    }

    /// The training images in two parts, of which no track has a share in both: about `share` of each class's tracks to validate with, at
    /// least one, and the others, at least one, to train with. The seed decides which; the order is that of `training`.
    public func split(seed: UInt64, share: Double = 0.1) -> (training: [Sign], validation: [Sign]) {
        precondition(share > 0 && share < 1, "split: found a share of \(share), expected one between 0 and 1")
        let chosen = Self.classNames.indices.map { label in
            let tracks = Set(training.filter { $0.label == label }.map(\.track)).sorted { $0! < $1! }
            var source = RandomSource(seed: seed, purpose: .validationSplit, index: label)
            let number = min(max(1, Int((share * Double(tracks.count)).rounded())), tracks.count - 1)
            return Set(tracks.shuffled(using: &source).prefix(number))
        }
        func isChosen(_ sign: Sign) -> Bool { chosen[sign.label].contains(sign.track) }
        return (training.filter { !isChosen($0) }, training.filter(isChosen))
    }

    /// Reads images: the part that shows the sign, brought to `size` x `size` pixels by averages of areas where it shrinks, by linear
    /// interpolation where it grows.
    ///
    /// The result is [N, 3, `size`, `size`]. Throws a `DatasetError` where an image is missing, damaged, or not of the annotated size.
    public static func images(of signs: [Sign], size: Int = 50) throws(DatasetError) -> LabelledImages {
        precondition(size > 0, "GTSRB.images: found a size of \(size), expected at least 1")
        do { try Memory.require(3 * size * size * signs.count) } catch {
            throw .unreadable(path: signs.first?.path ?? "GTSRB", reason: "\(error)")
        }
        return try LabelledImages(size: size, labels: signs.map(\.label), classNames: classNames) { index throws(DatasetError) in
            try image(of: signs[index], size: size)
        }
    }

    private static func image(of sign: Sign, size: Int) throws(DatasetError) -> Tensor<Float> {
        let image: Tensor<Float>
        do throws(ImageError) {
            image = try Tensor(imageAt: sign.path)
        } catch {
            throw .image(error)
        }
        guard image.shape[1...] == [sign.height, sign.width] else {
            throw .otherSize(
                path: sign.path, width: image.shape[2], height: image.shape[1], expectedWidth: sign.width, expectedHeight: sign.height)
        }
        let region = image.sliced(axis: 1, Range(sign.rows)).sliced(axis: 2, Range(sign.columns))
        return ScaledImage(region, height: size, width: size).opaque
    }

    /// What the 43 signs mean.
    public static let classNames = [
        "Speed limit 20", "Speed limit 30", "Speed limit 50", "Speed limit 60", "Speed limit 70", "Speed limit 80",
        "End of speed limit 80", "Speed limit 100", "Speed limit 120", "No passing", "No passing for trucks",
        "Right of way at the next crossing", "Priority road", "Give way", "Stop", "No vehicles", "No trucks", "No entry",
        "General caution", "Curve to the left", "Curve to the right", "Double curve", "Bumpy road", "Slippery road",
        "Road narrows on the right", "Road work", "Traffic signals", "Pedestrians", "Children crossing", "Bicycles crossing",
        "Ice or snow", "Wild animals crossing", "End of all limits", "Turn right ahead", "Turn left ahead", "Ahead only",
        "Straight or right", "Straight or left", "Keep right", "Keep left", "Roundabout", "End of no passing",
        "End of no passing for trucks",
    ]
}
