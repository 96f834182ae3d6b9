import LinearAlgebra
import Sampling
import Tensors

/// An image, and which of its pixels count.
package struct CountedImage: Sendable {
    /// [C, H, W], zero where a pixel does not count.
    let planes: Tensor<Float>
    /// H x W, 1 where a pixel counts; nil where all do.
    let counts: [UInt8]?

    /// - Parameters:
    ///   - image: [C, H, W].
    ///   - given: H x W, 0 where a pixel does not count; nil where all do. Pixels that are not finite never count.
    package init(_ image: Tensor<Float>, counts given: [UInt8]?) {
        let (channels, pixels) = (image.shape[0], image.shape[1] * image.shape[2])
        var counts = given ?? [UInt8](repeating: 1, count: pixels)
        image.withScalars { x in
            for c in 0..<channels {
                for i in 0..<pixels where !x[c * pixels + i].isFinite { counts[i] = 0 }
            }
        }
        guard counts.contains(0) else {
            (planes, self.counts) = (image, nil)
            return
        }
        var masked = image
        masked.withMutableScalars { x in
            for c in 0..<channels {
                for i in 0..<pixels where counts[i] == 0 { x[c * pixels + i] = 0 }
            }
        }
        (planes, self.counts) = (masked, counts)
    }

    private init(planes: Tensor<Float>, counts: [UInt8]?) { (self.planes, self.counts) = (planes, counts) }

    /// One channel: the mean of all.
    var grey: CountedImage {
        planes.shape[0] == 1 ? self : CountedImage(planes: planes.mean(axes: [0], keepingAxes: true), counts: counts)
    }

    /// One channel: a weighted sum of all.
    func combined(_ weights: [Float]) -> CountedImage {
        CountedImage(
            planes: (planes * Tensor(weights, shape: [weights.count, 1, 1])).sum(axes: [0], keepingAxes: true), counts: counts)
    }
}

/// One image of a pair as it is compared: smoothed planes, and which of its pixels count.
package struct ComparedImage: Sendable {
    /// [C, H, W].
    package let planes: Tensor<Float>
    /// H x W, 1 where a pixel counts; nil where all do.
    package let counts: [UInt8]?
    /// What is nearer to the edge, in pixels, has been smoothed with what goes on there by convention only.
    let margin: Double

    var channels: Int { planes.shape[0] }
    var height: Int { planes.shape[1] }
    var width: Int { planes.shape[2] }
    var size: (height: Int, width: Int) { (height, width) }
    var shorterSide: Int { min(height, width) }

    /// Smoothes planes of which some pixels count.
    ///
    /// - Parameter margin: Nil for two pixels, fewer where they would take much of the image.
    package init(smoothing planes: Tensor<Float>, _ counts: [UInt8]?, margin: Double? = nil) {
        let (height, width) = (planes.shape[1], planes.shape[2])
        self.planes = smoothed(planes, counts)
        self.counts = counts.map { eroded($0, height, width) }
        self.margin = margin ?? (min(height, width) >= 64 ? 2 : min(height, width) >= 16 ? 1 : 0)
    }
}

/// An image at falling sizes, each half as large as the one before.
///
/// Every level is smoothed a little: two images of one scene then differ less by how each was sampled, and cubic interpolation is exact to a
/// thousandth of a pixel.
struct ComparedPyramid: Sendable {
    /// The full size first.
    let levels: [ComparedImage]
    /// Of the pixels that count.
    let values: ValueRange
    /// Whether its pixels say anything about a place.
    let hasContrast: Bool

    init(_ image: CountedImage, mostLevels: Int) {
        var (planes, counts) = (image.planes, image.counts)
        values = ValueRange(planes, counts)
        let (width, counting) = (planes.shape[2], counts)
        hasContrast = values.range > 0 && Registration.hasContrast(planes) { y, x in counting.map { $0[y * width + x] != 0 } ?? true }
        var levels: [ComparedImage] = []
        while true {
            levels.append(ComparedImage(smoothing: planes, counts))
            let (height, width) = (planes.shape[1], planes.shape[2])
            guard min(height, width) >= 2 * smallestSide, levels.count < mostLevels else { break }
            let (newHeight, newWidth) = ((height + 1) / 2, (width + 1) / 2)
            guard let known = counts else {
                planes = areaAveraged(planes, height: newHeight, width: newWidth)
                continue
            }
            let share = areaAveraged(
                Tensor(known.map { Float($0) }, shape: [1, height, width]), height: newHeight, width: newWidth)
            planes = areaAveraged(planes, height: newHeight, width: newWidth) / maximum(share, Tensor(1e-6))
            counts = share.scalars.map { $0 > 0.7 ? 1 : 0 }
        }
        self.levels = levels
    }

    /// The smallest level whose shorter side has at least so many pixels; the full size where none has.
    func level(shorterSide side: Int) -> Int { levels.lastIndex { $0.shorterSide >= side } ?? 0 }
}

/// Between which numbers an image's pixels lie.
struct ValueRange: Sendable {
    private let low, high: Float

    /// - Parameters:
    ///   - planes: [C, H, W].
    ///   - counts: H x W, 0 where a pixel does not count; nil where all do.
    init(_ planes: Tensor<Float>, _ counts: [UInt8]?) {
        let pixels = planes.shape[1] * planes.shape[2]
        // Eight at a time where nothing is left out.
        var (lows, highs) = (SIMD8<Float>(repeating: .infinity), SIMD8<Float>(repeating: -.infinity))
        planes.withScalars { x in
            guard let counts else {
                for i in stride(from: 0, to: x.count - 7, by: 8) {
                    let eight = UnsafeRawPointer(x.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self)
                    (lows, highs) = (pointwiseMin(lows, eight), pointwiseMax(highs, eight))
                }
                for i in x.count / 8 * 8..<x.count { (lows[0], highs[0]) = (min(lows[0], x[i]), max(highs[0], x[i])) }
                return
            }
            for i in x.indices where counts[i % pixels] != 0 { (lows[0], highs[0]) = (min(lows[0], x[i]), max(highs[0], x[i])) }
        }
        (low, high) = (lows.min(), highs.max())
    }

    /// The largest difference between two of the numbers.
    var range: Double { low < high ? Double(high) - Double(low) : 0 }

    /// Whether all are as those of image files are, which end at 0 and 1; a dim measurement is far from both, or all of it near 0.
    var isWithinUnit: Bool { low >= 0 && high <= 1 && high >= 0.02 }
}

/// Shorter side of the smallest level.
private let smallestSide = 12
