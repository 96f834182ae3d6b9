import ArgumentParser
import Files
import Foundation
import LinWarp

struct PointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points",
        abstract: "Maps points between two images by a transformation.",
        discussion: """
            Points are rows of a CSV file: two numbers, or the columns x and y of a header; other columns stay. They count pixels, right and \
            down, the centre of the first at 0.

            Examples:
              linwarp points corners.csv --alignment linwarp-out/result.json
              linwarp points corners.csv --matrix 1,0,5,0,1,-3 --convention opencv --source-size 640x480 --target-size 320x240 --from source
            """)

    /// Which image the points lie in.
    enum Side: String, CaseIterable, Choosable { case source, target }

    @Argument(help: "The points, as CSV; - reads standard input.", transform: pathArgument)
    var points: String

    @Option(help: "The result.json of an alignment, whose transformation it is.", transform: pathArgument)
    var alignment: String?

    @OptionGroup var given: MatrixOptions

    @Option(help: "Of --matrix: the source's size, such as 640x480.", transform: PixelSize.init(argument:))
    var sourceSize: PixelSize?

    @Option(help: "Of --matrix: the target's size.", transform: PixelSize.init(argument:))
    var targetSize: PixelSize?

    @Option(help: "The image that the points lie in: \(Side.choices). They are mapped to the other.", transform: choiceArgument)
    var from: Side = .target

    @Option(help: "The file to write (default: standard output).", transform: pathArgument)
    var out: String?

    func validate() throws {
        guard (alignment == nil) != (given.matrix == nil) else {
            throw ValidationError("--alignment and --matrix: found \(given.matrix == nil ? "neither" : "both"), expected one of them")
        }
        for (name, isGiven) in [("--source-size", sourceSize != nil), ("--target-size", targetSize != nil)]
        where isGiven != (given.matrix != nil) {
            throw ValidationError(
                "\(name): found \(isGiven ? "it" : "none") with \(given.matrix == nil ? "--alignment" : "--matrix"), expected "
                    + (isGiven ? "none, as the file says it" : "the image's size"))
        }
    }

    mutating func run() throws {
        let toSource = try targetToSource()
        guard let map = from == .target ? toSource : toSource.inverse else {
            throw Failure(
                description:
                    "\(alignment ?? "--matrix"): found a transformation beyond the precision of numbers, expected one with an inverse")
        }
        let isStandardInput = points == standardStream
        let table = try PointTable(
            isStandardInput ? "standard input" : points,
            text: isStandardInput
                ? String(decoding: try bytesOfStandardInput(limit: textLimit, expected: "points"), as: UTF8.self)
                : try text(ofFile: points))
        let lines = table.mapped { map.apply($0, $1) }
        guard let out else { return try printResults(lines) }
        do throws(FileError) { try replaceFile(at: out, with: Array((lines.joined(separator: "\n") + "\n").utf8)) } catch {
            throw Failure(description: "\(out): cannot be written: \(error.reason)")
        }
    }

    /// The transformation from the target's pixels to the source's.
    private func targetToSource() throws -> Matrix3 {
        guard let alignment else {
            return try given.conventions.pixels(given.matrix!, "--matrix", source: sourceSize!, target: targetSize!)
        }
        struct Written: Decodable {
            var convention: MatrixConvention
            var matrix: [[Double]]
            var sourceSize, targetSize: PixelSize
        }
        func failure(_ found: String) -> Failure {
            Failure(
                description:
                    "\(alignment): found \(found), expected the result.json of an alignment, with convention, matrix and both sizes")
        }
        let written: Written
        do { written = try JSONDecoder().decode(Written.self, from: Data(try text(ofFile: alignment).utf8)) } catch let error as Failure {
            throw error
        } catch { throw failure("another content") }
        guard written.matrix.count == 3, written.matrix.allSatisfy({ $0.count == 3 }) else { throw failure("a matrix that is not 3x3") }
        let (source, target) = (written.sourceSize, written.targetSize)
        guard source.width > 0, source.height > 0, target.width > 0, target.height > 0 else { throw failure("an empty image") }
        do throws(MatrixConventionError) {
            return try written.convention.pixels(
                Matrix3(Array(written.matrix.joined())), source: source.sides, target: target.sides)
        } catch { throw Failure(description: "\(alignment): as the convention \(error)") }
    }
}

/// In bytes.
private let textLimit = 1 << 28

/// The text of a file of an ordinary size.
private func text(ofFile path: String) throws -> String {
    do throws(InputFileError) { return try textOfFile(at: path, limit: textLimit) } catch {
        switch error {
        case .missing: throw Failure(description: "\(path): found no such file, expected one")
        case .isDirectory: throw Failure(description: "\(path): found a directory, expected a file")
        case .unreadable(let reason): throw Failure(description: "\(path): cannot be read: \(reason)")
        }
    }
}
