import CWarpKernels
import Glibc
import LinearAlgebra
import Tensors

/// How an image is seen at another place and size.
public enum Interpolation: String, CaseIterable, Sendable, Codable {
    /// Averages where the image shrinks: of `cubic`, so far apart that with the extent that the source's pixels have themselves the samples
    /// cover a target pixel. Elsewhere cubic convolution that sharpens a little, the more the
    /// image grows.
    case auto
    /// The nearest pixel: for labels.
    case nearest
    /// Between the four nearest pixels, whatever the transformation, as `BilinearSampler`.
    case bilinear
    /// Keys' cubic convolution (1981, a = -1/2), whatever the transformation.
    case cubic
    /// The mean over each target pixel's area of `cubic`: by at least two samples a source pixel along each axis.
    case area
}

/// An image under a transformation: for people to look at. A constant for gradients; `Sampler`s are for training.
///
/// Where pixels fall on pixels (the identity, whole shifts, quarter turns) they are the same to the bit, but with `area`.
///
/// - Parameters:
///   - image: [C, H, W], at least one pixel.
///   - matrix: From normalized target to normalized source coordinates.
///   - height: Of the result, in pixels.
///   - width: Of the result, in pixels.
///   - interpolation: How pixels are made.
///   - padding: What lies outside. Zeros begin at the outer edges of the border pixels; bilinear ones fade in over a pixel.
///   - hasAlpha: Whether the last channel is opacity. Then colors count as much as they are opaque, so that what lies under transparent pixels
///     does not come through.
/// - Returns: [C, height, width].
public func resampled<Scalar: FloatingScalar>(
    _ image: Tensor<Scalar>, _ matrix: Matrix3, height: Int, width: Int, interpolation: Interpolation = .auto, padding: Padding = .zeros,
    hasAlpha: Bool = false
) -> Tensor<Scalar> {
    precondition(
        image.rank == 3 && image.shape[1] > 0 && image.shape[2] > 0 && height > 0 && width > 0,
        "resampled: found an image of the shape \(image.shape) and a size of \(height)x\(width), expected [C, H, W] and a pixel at least")
    let (channels, size) = (image.shape[0], (height: image.shape[1], width: image.shape[2]))
    let pixels = Matrix3.pixels(size) * matrix * Matrix3.pixels((height, width)).inverse!
    let samples = samplesPerPixel(pixels, height: height, width: width, interpolation)
    var resampling = warp_resampling()
    let isExact = interpolation != .area && samples.x.count == 1 && samples.y.count == 1 && fallsOnPixels(pixels, height, width)
    if hasAlpha && !isExact && interpolation != .nearest {
        let seen = resampled(
            weighted(image), matrix, height: height, width: width, interpolation: interpolation, padding: padding)
        return unweighted(seen, like: image)
    }
    (resampling.channels, resampling.padding) = (Int32(channels), padding.raw)
    // A pixel takes no part of its neighbours then, not even of a NaN.
    resampling.interpolation = isExact ? warp_nearest : interpolation.raw
    (resampling.source_height, resampling.source_width) = (Int32(size.height), Int32(size.width))
    (resampling.target_height, resampling.target_width) = (Int32(height), Int32(width))
    (resampling.across, resampling.down) = (Int32(samples.x.count), Int32(samples.y.count))
    (resampling.apart_x, resampling.apart_y) = (samples.x.apart, samples.y.apart)
    resampling.keys = samples.keys
    // What lies in front has a positive denominator.
    let sign: Double = pixels[2, 2] + pixels[2, 0] * Double(width - 1) / 2 + pixels[2, 1] * Double(height - 1) / 2 < 0 ? -1 : 1
    withUnsafeMutableBytes(of: &resampling.matrix) { $0.copyBytes(from: pixels.elements.map { sign * $0 }.withUnsafeBytes { Array($0) }) }
    return Tensor(shape: [channels, height, width]) { out in
        image.withScalars { source in
            resampling.source = UnsafeRawPointer(source.baseAddress!)
            let (whole, out) = (resampling, out.baseAddress!)
            let (across, down) = ((width + tileWidth - 1) / tileWidth, (height + tileHeight - 1) / tileHeight)
            Threads.forEachPiece(of: across * down, size: 1) { tiles in
                var resampling = whole
                for index in tiles {
                    let (left, top) = (index % across * tileWidth, index / across * tileHeight)
                    var tile = warp_rectangle(
                        left: Int32(left), top: Int32(top), right: Int32(min(left + tileWidth, width)),
                        bottom: Int32(min(top + tileHeight, height)))
                    Scalar.kernels.resample(&resampling, &tile, out)
                }
            }
        }
    }
}

/// Colors times opacity, the last channel. What is under a transparent pixel counts for nothing, whatever it is.
private func weighted<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) -> Tensor<Scalar> {
    let plane = image.shape[1] * image.shape[2], colors = image.shape[0] - 1
    return Tensor(shape: image.shape) { out in
        image.withScalars { pixels in
            let (pixels, out) = (pixels.baseAddress!, out.baseAddress!)
            let opacity = pixels + colors * plane
            Threads.forEachPiece(of: plane, size: 16384) { piece in
                for color in 0..<colors {
                    let (values, products) = (pixels + color * plane, out + color * plane)
                    for i in piece { (products + i).initialize(to: opacity[i] == 0 ? 0 : values[i] * opacity[i]) }
                }
                for i in piece { (out + colors * plane + i).initialize(to: opacity[i]) }
            }
        }
    }
}

/// The colors of what was `weighted`. Cubic convolution has negative weights, and beside an edge of opacity their quotient can be anything: where a
/// pixel is not wholly opaque, its colors stay between those that the image has.
private func unweighted<Scalar: FloatingScalar>(_ seen: Tensor<Scalar>, like image: Tensor<Scalar>) -> Tensor<Scalar> {
    let plane = seen.shape[1] * seen.shape[2], colors = seen.shape[0] - 1
    let bounds = (0..<colors).map { image[$0].colorRange(under: image[colors]) }
    var result = seen
    result.withMutableScalars { pixels in
        let pixels = pixels.baseAddress!
        let shares = pixels + colors * plane
        Threads.forEachPiece(of: plane, size: 16384) { piece in
            for (color, bound) in bounds.enumerated() {
                let values = pixels + color * plane
                for i in piece {
                    let value = values[i] / max(shares[i], 1e-6)
                    values[i] = shares[i] < Scalar(opaque) ? min(max(value, bound.low), bound.high) : value
                }
            }
            for i in piece { shares[i] = max(shares[i], 0) }
        }
    }
    return result
}

/// From this opacity on a pixel takes next to nothing from transparent neighbours.
private let opaque = 0.999

extension Tensor {
    /// The lowest and the highest of a plane's numbers where opacity is not zero; zeros where it is everywhere.
    fileprivate func colorRange(under opacity: Tensor) -> (low: Scalar, high: Scalar) {
        withScalars { values in
            opacity.withScalars { opacity in
                var (low, high) = (Scalar.infinity, -Scalar.infinity)
                for i in values.indices where opacity[i] != 0 { (low, high) = (Swift.min(low, values[i]), Swift.max(high, values[i])) }
                return low <= high ? (low, high) : (0, 0)
            }
        }
    }
}

/// In target pixels. What a tile sees of the source stays in a core's cache, also where it is turned: a row of a large image crosses so many
/// rows of the source that little of these is left for the next one.
private let (tileWidth, tileHeight) = (128, 32)

extension Interpolation {
    /// What the kernels call one sample of it.
    fileprivate var raw: warp_interpolation {
        switch self {
        case .nearest: warp_nearest
        case .bilinear: warp_between_four
        case .cubic, .auto, .area: warp_cubic
        }
    }
}

/// Whether every pixel of a target falls on one of the source, or where one would be if it went on.
///
/// - Parameter pixels: From the target's pixels to the source's.
private func fallsOnPixels(_ pixels: Matrix3, _ height: Int, _ width: Int) -> Bool {
    let whole = Matrix3(pixels.elements.map { ($0 / pixels[2, 2]).rounded() })
    guard whole.elements.allSatisfy(\.isFinite), whole[2, 0] == 0, whole[2, 1] == 0 else { return false }
    // As far as rounding: what is right at three corners is right in between.
    return [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)].allSatisfy { x, y in
        let (place, nearest) = (pixels.apply(Double(x), Double(y)), whole.apply(Double(x), Double(y)))
        return abs(place.x - nearest.x) < 1e-9 && abs(place.y - nearest.y) < 1e-9
    }
}

/// The samples of a target pixel along one of its axes.
private struct PixelSamples {
    let count: Int
    /// In target pixels.
    let apart: Double

    /// - Parameters:
    ///   - length: Of the target pixel, in source pixels.
    ///   - interpolation: Which must be one that averages.
    init(_ length: Double, _ interpolation: Interpolation) {
        let doubled = length.isFinite ? max(2, Int(min(2 * length - 1e-9, mostSamples).rounded(.up))) : 2
        guard interpolation == .auto else {
            self.init(count: doubled, apart: 1 / Double(doubled))
            return
        }
        // What is more by less than that is rounding.
        guard length > 1 + 1e-9, length.isFinite else {
            self.init(count: 1, apart: 1)
            return
        }
        // A sample is itself the mean over a source pixel, whose variance is 1/12; n samples d apart have (n² - 1) d²/12. Both together are
        // to have that of the target pixel, length²/12.
        let n = Double(doubled)
        self.init(count: doubled, apart: ((length * length - 1) / (n * n - 1)).squareRoot() / length)
    }

    init(count: Int, apart: Double) { (self.count, self.apart) = (count, apart) }
}

/// Those along a target pixel's two axes, and the parameter of Keys' cubic convolution.
private func samplesPerPixel(
    _ pixels: Matrix3, height: Int, width: Int, _ interpolation: Interpolation
) -> (x: PixelSamples, y: PixelSamples, keys: Double) {
    guard interpolation == .auto || interpolation == .area else {
        return (PixelSamples(count: 1, apart: 1), PixelSamples(count: 1, apart: 1), -0.5)
    }
    // Source pixels a target pixel, where that is most: at a corner, or in the middle.
    var (longestX, longestY) = (0.0, 0.0)
    let (right, bottom) = (Double(width - 1), Double(height - 1))
    for (x, y) in [(0, 0), (right, 0), (0, bottom), (right, bottom), (right / 2, bottom / 2)] {
        let (left, next) = (pixels.apply(x - 0.5, y), pixels.apply(x + 0.5, y))
        let (above, below) = (pixels.apply(x, y - 0.5), pixels.apply(x, y + 0.5))
        longestX = max(longestX, hypot(next.x - left.x, next.y - left.y))
        longestY = max(longestY, hypot(below.x - above.x, below.y - above.y))
    }
    let (alongX, alongY) = (PixelSamples(longestX, interpolation), PixelSamples(longestY, interpolation))
    // Where nothing is averaged: what comes nearest to the means of photographs over smaller pixels, s a side (Benchmarks/Warping), as the
    // source's own pixels have weakened what is fine.
    let side = min(1, max(longestX, longestY))
    let isAveraged = interpolation == .area || alongX.count > 1 || alongY.count > 1
    return (alongX, alongY, isAveraged ? -0.5 : -0.675 - 0.15 * (1 - side * side))
}

/// Along an axis of a target pixel.
private let mostSamples = 64.0
