/// What a file of annotations is about.
package enum GTSRBAnnotations {
    /// The training images of one class.
    case trainingClass(Int)
    /// The test images, of all classes.
    case test
}

private let header = ["Filename", "Width", "Height", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId"]

/// The most bytes of a line, which has seven numbers beside a file's name, and the most lines: eight times as many as are published.
private let (lengthLimit, countLimit) = (1024, 100_000)

/// The annotations in a CSV file with semicolons, one image a line.
package func readAnnotations(_ path: String, imagesIn folder: String, of kind: GTSRBAnnotations) throws(DatasetError) -> [GTSRB.Sign] {
    var lines = try UnpackedLines(path, of: "GTSRB", lengthLimit: lengthLimit, countLimit: countLimit)
    let first = try lines.next() ?? ""
    let columns = first.split(separator: ";", omittingEmptySubsequences: false)
    guard columns.elementsEqual(header, by: { $0 == $1 }) else {
        throw .wrongHeader(path: path, found: String(first.prefix(100)), expected: header.joined(separator: ";"))
    }
    var signs: [GTSRB.Sign] = []
    while let text = try lines.next() {
        if text.isEmpty { continue }
        let fields = text.split(separator: ";", omittingEmptySubsequences: false)
        guard fields.count == header.count else {
            throw .wrongColumns(path: path, line: lines.number, found: fields.count, expected: header.count)
        }
        signs.append(try AnnotationLine(path: path, line: lines.number, fields: fields).sign(in: folder, of: kind))
    }
    guard !signs.isEmpty else { throw .wrongColumns(path: path, line: 2, found: 0, expected: header.count) }
    return signs
}

private struct AnnotationLine {
    let path: String
    let line: Int
    let fields: [Substring]

    func sign(in folder: String, of kind: GTSRBAnnotations) throws(DatasetError) -> GTSRB.Sign {
        let (width, height) = (try number(1, "a width in pixels"), try number(2, "a height in pixels"))
        let region = "a pixel's coordinate"
        let (left, top) = (try number(3, region), try number(4, region))
        let (right, bottom) = (try number(5, region), try number(6, region))
        guard left <= right && right < width && top <= bottom && bottom < height else {
            throw .wrongRegion(path: path, line: line, found: "(\(left), \(top))...(\(right), \(bottom))", width: width, height: height)
        }
        let (classes, expected) =
            switch kind {
            case .trainingClass(let label): (label..<label + 1, "\(label), the folder's class")
            case .test: (GTSRB.classNames.indices, "0...\(GTSRB.classNames.count - 1)")
            }
        let label = try number(7, expected)
        guard classes.contains(label) else { throw wrong(7, expected) }
        return GTSRB.Sign(
            path: "\(folder)/\(fields[0])", width: width, height: height, columns: left...right, rows: top...bottom, label: label,
            track: try track(of: kind))
    }

    /// A training image is called TRACK_FRAME.ppm.
    private func track(of kind: GTSRBAnnotations) throws(DatasetError) -> Int? {
        guard case .trainingClass = kind else { return nil }
        let parts = fields[0].split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasSuffix(".ppm"), let track = Int(parts[0]), track >= 0 else {
            throw wrong(0, "TRACK_FRAME.ppm")
        }
        return track
    }

    private func number(_ column: Int, _ expected: String) throws(DatasetError) -> Int {
        guard let number = Int(fields[column]), number >= 0 else { throw wrong(column, expected) }
        return number
    }

    private func wrong(_ column: Int, _ expected: String) -> DatasetError {
        .wrongField(path: path, line: line, column: header[column], found: String(fields[column].prefix(40)), expected: expected)
    }
}
