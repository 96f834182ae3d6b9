import CLinWarp
import LinearAlgebra
import Sampling
import Tensors

@c @implementation public func linwarp_warp(
    _ options: OpaquePointer!, _ source: UnsafePointer<linwarp_image>!, _ matrix: UnsafePointer<Double>!,
    _ target: UnsafePointer<linwarp_image>!
) -> linwarp_status {
    status {
        let (source, target) = (try View(source, "source"), try View(target, "target"))
        try target.checkWritable()
        guard source.shape[0] == target.shape[0] else {
            throw Failure.invalid("target.channels", found: "\(target.shape[0])", expected: "\(source.shape[0]), as the source")
        }
        var options = try TakenOptions(options)
        let convention = try options.choice("convention", MatrixConvention.normalized)
        let interpolation = try options.choice("interpolation", Interpolation.auto)
        let padding = try options.choice("padding", Padding.zeros)
        let hasAlpha = try options.isOn("alpha", false)
        try options.finish()
        guard !hasAlpha || source.shape[0] > 1 else {
            throw Failure.invalid("option alpha", found: "yes for one channel", expected: "colors and opacity")
        }
        let normalized = try normalized(matrix, convention, source: source.size, target: target.size)
        func warped<Scalar: FloatingScalar>(_ type: Scalar.Type) throws {
            // With alpha, also the product with it.
            let copies = hasAlpha ? 3 : 1
            try Memory.require(copies * MemoryLayout<Scalar>.stride * (source.count + target.count))
            let image = try source.tensor(as: Scalar.self)
            target.write(
                resampled(
                    image, normalized, height: target.size.height, width: target.size.width, interpolation: interpolation, padding: padding,
                    hasAlpha: hasAlpha))
        }
        if source.isDouble || target.isDouble { try warped(Double.self) } else { try warped(Float.self) }
    }
}

/// A matrix of nine numbers, as this library has it.
func normalized(
    _ matrix: UnsafePointer<Double>?, _ convention: MatrixConvention, source: (height: Int, width: Int), target: (height: Int, width: Int)
) throws -> Matrix3 {
    guard let matrix else { throw Failure.invalid("matrix", found: "null", expected: "nine numbers") }
    let numbers = Array(UnsafeBufferPointer(start: matrix, count: 9))
    guard numbers.allSatisfy(\.isFinite) else { throw Failure.invalid("matrix", found: "\(numbers)", expected: "finite numbers") }
    do { return try convention.normalized(Matrix3(numbers), source: source, target: target) } catch {
        throw Failure(status: LINWARP_INVALID_ARGUMENT, text: "matrix, convention \(error)")
    }
}
