import Files
import Images

/// Why a data set was not read. Each case names the file or directory; `description` is one line for the user.
public enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no directory at the path.
    case missingDirectory(path: String, dataset: String)
    /// The directory is there, but it does not hold the data set, neither directly nor in a directory of its name.
    case notTheDataset(path: String, dataset: String, expected: String)
    /// A file that belongs to the data set is not there.
    case missingFile(path: String, dataset: String)
    /// The system does not let the file be read, for the reason given.
    case unreadable(path: String, reason: String)
    /// A gzipped file is damaged or ends early, as the reason says.
    case damagedGzip(path: String, reason: String)
    /// An IDX file starts with another magic number than its kind of data has.
    case wrongMagic(path: String, found: UInt32, expected: UInt32)
    /// An IDX file ends early.
    case truncated(path: String, bytes: Int, expected: Int)
    /// An IDX file goes on after the last byte that its header announces.
    case surplus(path: String, expected: Int)
    /// The images that an IDX file announces have no pixels, or too many.
    case wrongImageSize(path: String, found: [Int], expected: String)
    /// Two files that belong together hold different numbers of items.
    case wrongCount(path: String, found: Int, expected: Int)
    /// An item, counted from 0, has a label that is none of the classes.
    case labelOutOfRange(path: String, item: Int, found: Int, classes: Int)
    /// An IDX file announces more bytes than any is read of.
    case tooLarge(path: String, found: Int, expected: Int)
    /// A line of a CSV file, counted from 1, has more bytes than any line there has.
    case longLine(path: String, line: Int, expected: Int)
    /// A CSV file has more lines than any there has.
    case manyLines(path: String, expected: Int)
    /// A CSV file does not start with the published header.
    case wrongHeader(path: String, found: String, expected: String)
    /// A line of a CSV file, counted from 1, has too few or too many columns.
    case wrongColumns(path: String, line: Int, found: Int, expected: Int)
    /// A field of a CSV file is not what its column holds.
    case wrongField(path: String, line: Int, column: String, found: String, expected: String)
    /// A region of interest is empty or does not lie in its image.
    case wrongRegion(path: String, line: Int, found: String, width: Int, height: Int)
    /// An image is not of the size that its annotation says.
    case otherSize(path: String, width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
    /// An image of the data set cannot be read.
    case image(ImageError)

    public var description: String {
        switch self {
        case .missingDirectory(let path, let dataset): "\(path): found no such directory, expected one with \(dataset)"
        case .notTheDataset(let path, let dataset, let expected):
            "\(path): found a directory without \(dataset), expected \(expected), there or in \(path)/\(dataset)"
        case .missingFile(let path, let dataset): "\(path): found no such file, expected this part of \(dataset)"
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .damagedGzip(let path, let reason): "\(path): found damaged gzip data (\(reason)), expected an intact file"
        case .wrongMagic(let path, let found, let expected):
            "\(path): found the magic number \(hexadecimal(found)), expected \(hexadecimal(expected))"
        case .truncated(let path, let bytes, let expected): "\(path): found \(bytes) bytes, expected \(expected)"
        case .surplus(let path, let expected): "\(path): found more bytes than its header announces, expected \(expected)"
        case .wrongImageSize(let path, let found, let expected): "\(path): found images of the shape \(found), expected \(expected)"
        case .wrongCount(let path, let found, let expected):
            "\(path): found \(found) labels, expected \(expected), as many as there are images"
        case .labelOutOfRange(let path, let item, let found, let classes):
            "\(path): found the label \(found) at item \(item), expected 0...\(classes - 1)"
        case .tooLarge(let path, let found, let expected):
            "\(path): found a header that announces \(found) bytes, expected at most \(expected)"
        case .longLine(let path, let line, let expected):
            "\(path), line \(line): found a line of more than \(expected) bytes, expected at most \(expected)"
        case .manyLines(let path, let expected): "\(path): found more than \(expected) lines, expected at most \(expected)"
        case .wrongHeader(let path, let found, let expected):
            "\(path): found the header \"\(found.escapingControls)\", expected \"\(expected)\""
        case .wrongColumns(let path, let line, let found, let expected):
            "\(path), line \(line): found \(found) columns, expected \(expected)"
        case .wrongField(let path, let line, let column, let found, let expected):
            "\(path), line \(line): found \"\(found.escapingControls)\" as \(column), expected \(expected)"
        case .wrongRegion(let path, let line, let found, let width, let height):
            "\(path), line \(line): found the region \(found), expected one inside of \(width) x \(height) pixels"
        case .otherSize(let path, let width, let height, let expectedWidth, let expectedHeight):
            "\(path): found \(width) x \(height) pixels, expected \(expectedWidth) x \(expectedHeight), as annotated"
        case .image(let error): error.description
        }
    }
}

private func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
