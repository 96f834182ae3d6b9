import CWarpKernels
import Foundation
import LinearAlgebra

/// The length of a cycle along both axes, and which frequencies of a real image are kept: along rows those up to half the length, as the others are
/// their conjugates.
///
/// A transform is [rows, real and imaginary, half, numbers of a pixel]: transforms of many images side by side.
struct FourierCycle: Sendable {
    let rows, columns: Int

    var half: Int { columns / 2 + 1 }
    /// Complex numbers of a transform.
    var count: Int { rows * half }

    /// The factor e^(-2 pi i frequency place / length) as the angle. Whole turns are taken out before anything is rounded.
    fileprivate static func angle(_ frequency: Int, _ place: Int, _ length: Int) -> Double {
        -2 * .pi * Double(frequency * place % length) / Double(length)
    }
}

/// The transform of images to frequencies, or that of frequencies to images, as matrices: for lengths of a few pixels, where many transforms side by
/// side fill the vectors.
struct FourierMap<Scalar: FloatingScalar>: Sendable {
    private let cycle: FourierCycle
    private let height, width: Int
    private let alongRow, alongColumn: [Scalar]

    /// To frequencies, of images of `height` x `width` pixels.
    ///
    /// - Parameters:
    ///   - originY: How far below the cycle's beginning the images' first rows are; negative for above.
    ///   - originX: The same of columns.
    ///   - isConjugate: Whether the transforms are conjugated.
    init(to cycle: FourierCycle, height: Int, width: Int, originY: Int = 0, originX: Int = 0, isConjugate: Bool = false) {
        (self.cycle, self.height, self.width) = (cycle, height, width)
        let (half, sign) = (cycle.half, isConjugate ? -1.0 : 1)
        alongRow = matrix(2 * half, width) { row, x in
            let angle = sign * FourierCycle.angle(row % half, x + originX, cycle.columns)
            return row < half ? cos(angle) : sin(angle)
        }
        alongColumn = complexMatrix(cycle.rows, height) { frequency, y in
            (sign * FourierCycle.angle(frequency, y + originY, cycle.rows), 1)
        }
    }

    /// From frequencies, to the first `height` x `width` pixels of the cycle.
    init(from cycle: FourierCycle, height: Int, width: Int) {
        (self.cycle, self.height, self.width) = (cycle, height, width)
        let half = cycle.half
        alongColumn = complexMatrix(height, cycle.rows) { y, frequency in
            (-FourierCycle.angle(frequency, y, cycle.rows), 1 / Double(cycle.rows))
        }
        alongRow = matrix(width, 2 * half) { x, column in
            let frequency = column % half
            let angle = -FourierCycle.angle(frequency, x, cycle.columns)
            // All but the first frequency, and the last of an even length, stand for their conjugates too.
            let weight = (frequency == 0 || 2 * frequency == cycle.columns ? 1 : 2) / Double(cycle.columns)
            return weight * (column < half ? cos(angle) : -sin(angle))
        }
    }

    /// Numbers that are kept between the two axes, for pixels of `each` numbers.
    func countBetween(each: Int) -> Int { height * 2 * cycle.half * each }

    /// Transforms images whose rows and pixels lie as far apart as is said, pixels of `each` numbers, at least 16.
    func toFrequencies(
        _ images: UnsafePointer<Scalar>, row: Int, pixel: Int, each: Int, between: UnsafeMutablePointer<Scalar>,
        to target: UnsafeMutablePointer<Scalar>
    ) {
        let (kernels, half) = (Scalar.kernels, cycle.half * each)
        for y in 0..<height {
            kernels.map_rows(
                Int32(2 * cycle.half), Int32(width), alongRow, Int32(each), images + y * row, pixel, between + y * 2 * half, each)
        }
        kernels.map_rows(Int32(2 * cycle.rows), Int32(2 * height), alongColumn, Int32(half), between, half, target, half)
    }

    /// The images [height, width, each] of frequencies.
    func toImages(
        _ frequencies: UnsafePointer<Scalar>, each: Int, between: UnsafeMutablePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>
    ) {
        let (kernels, half) = (Scalar.kernels, cycle.half * each)
        kernels.map_rows(Int32(2 * height), Int32(2 * cycle.rows), alongColumn, Int32(half), frequencies, half, between, half)
        for y in 0..<height {
            kernels.map_rows(
                Int32(width), Int32(2 * cycle.half), alongRow, Int32(each), between + y * 2 * half, each, target + y * width * each, each)
        }
    }
}

private func matrix<Scalar: FloatingScalar>(_ rows: Int, _ columns: Int, _ element: (_ row: Int, _ column: Int) -> Double) -> [Scalar] {
    (0..<rows * columns).map { Scalar(element($0 / columns, $0 % columns)) }
}

/// The real matrix of 2 `rows` x 2 `columns`, real and imaginary parts in turn, of factors of a size times e^(i angle).
private func complexMatrix<Scalar: FloatingScalar>(
    _ rows: Int, _ columns: Int, _ element: (_ row: Int, _ column: Int) -> (angle: Double, size: Double)
) -> [Scalar] {
    matrix(2 * rows, 2 * columns) { row, column in
        let (angle, size) = element(row / 2, column / 2)
        return size * (row % 2 == column % 2 ? cos(angle) : row % 2 == 0 ? -sin(angle) : sin(angle))
    }
}
