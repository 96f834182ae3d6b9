/// The handwritten digits of LeCun, Cortes and Burges: grey, 28x28 pixels, 60,000 to train with and 10,000 to test.
///
/// The files are those published, in the IDX format: `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz`, and the same with
/// `t10k` for the test. They may be unpacked, without `.gz`. Other sets that are published in this form are read as well.
public enum MNIST {
    /// The two parts of the set.
    public enum Part: String, CaseIterable, Sendable {
        /// To train with.
        case training = "train"
        /// To test with.
        case test = "t10k"
    }

    /// The digits' names, "0" to "9".
    public static let classNames = (0...9).map { "\($0)" }

    /// One part of the set, images [N, 1, 28, 28], from `directory`/MNIST or `directory` itself.
    ///
    /// Throws a `DatasetError` where a file is missing, damaged, or does not fit the other.
    public static func images(_ part: Part, in directory: String) throws(DatasetError) -> LabelledImages {
        let (imageName, labelName) = ("\(part.rawValue)-images-idx3-ubyte", "\(part.rawValue)-labels-idx1-ubyte")
        let root = try datasetRoot("MNIST", in: directory, parts: ["\(imageName).gz", imageName, "\(labelName).gz", labelName])
        let images = try IDXFile(path(root, imageName), axes: 3)
        let labels = try IDXFile(path(root, labelName), axes: 1)
        let size = images.shape.dropFirst()
        guard size.allSatisfy({ $0 > 0 }) else {
            throw .wrongImageSize(path: images.path, found: images.shape, expected: "at least 1 x 1 pixels")
        }
        guard labels.shape[0] == images.shape[0] else {
            throw .wrongCount(path: labels.path, found: labels.shape[0], expected: images.shape[0])
        }
        if let item = labels.bytes.firstIndex(where: { $0 >= classNames.count }) {
            throw .labelOutOfRange(path: labels.path, item: item, found: Int(labels.bytes[item]), classes: classNames.count)
        }
        return LabelledImages(
            pixels: images.bytes, channels: 1, height: images.shape[1], width: images.shape[2], labels: labels.bytes.map { Int($0) },
            classNames: classNames)
    }

    /// The packed file, which is what is published, unless only the unpacked one is there.
    private static func path(_ root: String, _ name: String) -> String {
        let unpacked = "\(root)/\(name)"
        return !exists("\(unpacked).gz") && exists(unpacked) ? unpacked : "\(unpacked).gz"
    }
}

/// An array of bytes in the IDX format: a magic number that says so, the length of each axis, the bytes.
package struct IDXFile {
    let path: String
    package let shape: [Int]
    package let bytes: [UInt8]

    /// Several times as much as the largest sets that are published in this form hold.
    private static let lengthLimit = 1 << 31

    package init(_ path: String, axes: Int) throws(DatasetError) {
        self.path = path
        var file = try UnpackedFile(path, of: "MNIST")
        let headerLength = 4 * (axes + 1)
        let header = try file.read(headerLength)
        let words = (0..<header.count / 4).map { i in header[(4 * i)..<(4 * i + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        // 8 stands for unsigned bytes, the number of axes follows.
        let magic = 8 << 8 | UInt32(axes)
        if let found = words.first, found != magic { throw .wrongMagic(path: path, found: found, expected: magic) }
        guard header.count == headerLength else { throw .truncated(path: path, bytes: header.count, expected: headerLength) }

        shape = words.dropFirst().map { Int($0) }
        // 32 + 15 + 15 bits: the product stays within an Int.
        guard shape.dropFirst().allSatisfy({ $0 <= 1 << 15 }) else {
            throw .wrongImageSize(path: path, found: shape, expected: "at most 32768 x 32768 pixels")
        }
        let length = shape.reduce(1, *)
        guard length <= Self.lengthLimit else { throw .tooLarge(path: path, found: length, expected: Self.lengthLimit) }
        bytes = try file.read(length)
        guard bytes.count == length else {
            throw .truncated(path: path, bytes: headerLength + bytes.count, expected: headerLength + length)
        }
        guard try file.isAtEnd() else { throw .surplus(path: path, expected: headerLength + length) }
    }
}
