import LinearAlgebra
import Sampling
import Tensors

/// Whether pixels of an image [..., H, W] differ within a plane by more than rounding: without that, an image says nothing about a place.
///
/// What is not finite counts as a difference, as other statuses tell of it; so does it where no pixel counts.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func hasContrast<Scalar: FloatingScalar>(
    _ image: Tensor<Scalar>, where counts: (_ y: Int, _ x: Int) -> Bool = { _, _ in true }
) -> Bool {
    let (height, width) = (image.shape[image.rank - 2], image.shape[image.rank - 1])
    // By so much, relative to it, blurring may change a number that is the same everywhere.
    let rounding = 64 * Scalar.ulpOfOne
    return image.withScalars { pixels in
        var isEmpty = true
        for plane in stride(from: 0, to: pixels.count, by: height * width) {
            var (low, high) = (Scalar.infinity, -Scalar.infinity)
            for y in 0..<height {
                for x in 0..<width where counts(y, x) {
                    let pixel = pixels[plane + y * width + x]
                    guard pixel.isFinite else { return true }
                    (low, high, isEmpty) = (min(low, pixel), max(high, pixel), false)
                    // Ordinary images end here, after some pixels.
                    if high - low > rounding * max(abs(low), abs(high)) { return true }
                }
            }
        }
        return isEmpty
    }
}

extension AlignmentObjective {
    /// Whether both images have contrast where they meet under a matrix from normalized target to normalized source coordinates.
    ///
    /// - Parameter seesAll: Whether the sampler sees all of the source from there, as one that draws noise does.
    func hasContrast(at matrix: Matrix3, seesAll: Bool) -> Bool {
        let (height, width) = (target.shape[2], target.shape[3])
        func met(_ y: Int, _ x: Int) -> (x: Double, y: Double)? {
            let place = matrix.apply(Double(2 * x + 1) / Double(width) - 1, Double(2 * y + 1) / Double(height) - 1)
            return outside == .counted || abs(place.x) <= 1 && abs(place.y) <= 1 ? place : nil
        }
        guard Registration.hasContrast(target, where: { met($0, $1) != nil }) else { return false }
        guard !seesAll && outside == .leftOut else { return Registration.hasContrast(source) }
        // The part of the source in which the places lie, with the neighbours between which samples are taken.
        var (low, high) = ((x: 1.0, y: 1.0), (x: -1.0, y: -1.0))
        for y in 0..<height {
            for x in 0..<width {
                guard let place = met(y, x) else { continue }
                (low.x, low.y) = (min(low.x, place.x), min(low.y, place.y))
                (high.x, high.y) = (max(high.x, place.x), max(high.y, place.y))
            }
        }
        guard low.x <= high.x else { return true }
        func pixels(_ low: Double, _ high: Double, _ length: Int) -> ClosedRange<Double> {
            let scale = Double(length) / 2
            return (low + 1) * scale - 1.5...max((low + 1) * scale - 1.5, (high + 1) * scale + 0.5)
        }
        let (rows, columns) = (pixels(low.y, high.y, source.shape[2]), pixels(low.x, high.x, source.shape[3]))
        return Registration.hasContrast(source) { rows.contains(Double($0)) && columns.contains(Double($1)) }
    }
}
