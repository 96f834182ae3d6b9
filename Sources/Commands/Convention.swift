import ArgumentParser
import LinWarp

/// How matrices are written and read: the option that commands share.
struct ConventionOptions: ParsableArguments {
    @Option(
        help: "How matrices are read and written: \(MatrixConvention.choices) (default: normalized). See Docs/Conventions.md.",
        transform: choiceArgument)
    var convention: MatrixConvention = .normalized

    /// What an option's matrix means between two images.
    func normalized(_ matrix: Matrix3, _ option: String, source: PixelSize, target: PixelSize) throws -> Matrix3 {
        do throws(MatrixConventionError) {
            return try convention.normalized(matrix, source: source.sides, target: target.sides)
        } catch { throw ValidationError("\(option): as the convention \(error)") }
    }

    /// The same, from the target's pixels to the source's.
    func pixels(_ matrix: Matrix3, _ option: String, source: PixelSize, target: PixelSize) throws -> Matrix3 {
        do throws(MatrixConventionError) {
            return try convention.pixels(matrix, source: source.sides, target: target.sides)
        } catch { throw ValidationError("\(option): as the convention \(error)") }
    }

    /// A matrix that was found or asked for, as the convention writes it.
    func rows(_ normalized: Matrix3, source: PixelSize, target: PixelSize) throws -> [[Double]] {
        do throws(MatrixConventionError) {
            return try convention.matrix(of: normalized, source: source.sides, target: target.sides).rows
        } catch { throw Failure(description: "--convention \(error)") }
    }

    /// Before any work is done.
    func check(_ family: TransformationFamily) throws {
        if convention.isAffine && family == .homography {
            throw ValidationError("--convention: \(MatrixConventionError.homography(convention))")
        }
    }
}

/// A transformation that is given, and how it is written.
struct MatrixOptions: ParsableArguments {
    // Numbers may be negative: what follows the option is its value even if it begins with a minus.
    @Option(
        parsing: .unconditional, help: "The transformation: six or nine comma-separated numbers, as --convention says.",
        transform: matrixArgument)
    var matrix: Matrix3?

    @OptionGroup var conventions: ConventionOptions
}

extension MatrixConvention: Choosable {}

extension Matrix3 {
    /// Row by row.
    var rows: [[Double]] { (0..<3).map { row in (0..<3).map { self[row, $0] } } }
}
