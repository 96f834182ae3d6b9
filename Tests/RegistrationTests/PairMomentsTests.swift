import CWarpKernels
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

/// The kernel that adds up pixels, against the same sums one pixel at a time.
final class PairMomentsTests: XCTestCase {
    private let (sourceHeight, sourceWidth, targetHeight, targetWidth) = (13, 17, 11, 21)
    private let matrix = [0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0.05, -0.1, 1.0]

    /// Keys' cubic convolution of one row of taps, and its derivative.
    private func keys(_ x: Double, slope: Bool) -> Double {
        let (a, t, sign) = (-0.5, abs(x), x < 0 ? -1.0 : 1)
        if t < 1 { return slope ? sign * (3 * (a + 2) * t * t - 2 * (a + 3) * t) : (a + 2) * t * t * t - (a + 3) * t * t + 1 }
        if t < 2 { return slope ? sign * a * (3 * t * t - 10 * t + 8) : a * (t * t * t - 5 * t * t + 8 * t - 4) }
        return 0
    }

    private func interpolated(_ image: [Double], _ x: Double, _ y: Double, slopeX: Bool = false, slopeY: Bool = false) -> Double {
        var sum = 0.0
        for j in Int(y.rounded(.down)) - 1...Int(y.rounded(.down)) + 2 {
            for i in Int(x.rounded(.down)) - 1...Int(x.rounded(.down)) + 2 {
                let value = image[min(max(j, 0), sourceHeight - 1) * sourceWidth + min(max(i, 0), sourceWidth - 1)]
                sum += value * keys(x - Double(i), slope: slopeX) * keys(y - Double(j), slope: slopeY)
            }
        }
        return sum
    }

    private func weight(_ p: warp_photometry?, _ s: Double, _ t: Double) -> Double {
        guard let p else { return 1 }
        let r = t - (p.gain * s + p.bias)
        if p.clips {
            if (t >= 0.999 && r < 0) || (t <= 0.001 && r > 0) { return 0 }
            let beyond = p.gain < 0 ? -r : r
            if (s >= 0.999 && beyond > 0) || (s <= 0.001 && beyond < 0) { return 0 }
        }
        let q = r * p.inverse_reach
        return abs(q) < 1 ? (1 - q * q) * (1 - q * q) : 0
    }

    private func naive(
        _ source: [Double], _ target: [Double], _ sourceCounts: [UInt8]?, _ targetCounts: [UInt8]?, _ margin: Double,
        _ tile: warp_rectangle,
        _ photometry: warp_photometry?
    ) -> [Double] {
        var sums = [Double](repeating: 0, count: Int(warp_pair_moments))
        for row in Int(tile.top)..<Int(tile.bottom) {
            for column in Int(tile.left)..<Int(tile.right) {
                if let targetCounts, targetCounts[row * targetWidth + column] == 0 { continue }
                let (x, y) = ((Double(column) + 0.5) * 2 / Double(targetWidth) - 1, (Double(row) + 0.5) * 2 / Double(targetHeight) - 1)
                let d = matrix[6] * x + matrix[7] * y + matrix[8]
                let (u, v) = ((matrix[0] * x + matrix[1] * y + matrix[2]) / d, (matrix[3] * x + matrix[4] * y + matrix[5]) / d)
                let (px, py) = ((u + 1) * Double(sourceWidth) / 2 - 0.5, (v + 1) * Double(sourceHeight) / 2 - 0.5)
                guard px >= margin - 0.5, px <= Double(sourceWidth) - 0.5 - margin, py >= margin - 0.5,
                    py <= Double(sourceHeight) - 0.5 - margin
                else { continue }
                if let sourceCounts {
                    let (i, j) = (
                        min(max(Int((px + 0.5).rounded(.down)), 0), sourceWidth - 1),
                        min(max(Int((py + 0.5).rounded(.down)), 0), sourceHeight - 1)
                    )
                    if sourceCounts[j * sourceWidth + i] == 0 { continue }
                }
                let (s, t) = (interpolated(source, px, py), target[row * targetWidth + column])
                let a = interpolated(source, px, py, slopeX: true) * Double(sourceWidth) / 2 / d
                let b = interpolated(source, px, py, slopeY: true) * Double(sourceHeight) / 2 / d
                let abc = [a, b, -(u * a + v * b)]
                let w = weight(photometry, s, t)
                var next = 0
                func add(_ values: Double...) {
                    for value in values {
                        sums[next] += w * value
                        next += 1
                    }
                }
                add(1, s, t, s * s, s * t, t * t)
                for i in 0..<3 {
                    for factor in [1, s, t] { add(abc[i] * factor * x, abc[i] * factor * y, abc[i] * factor) }
                    for j in i..<3 {
                        let product = abc[i] * abc[j]
                        add(product * x * x, product * x * y, product * x, product * y * y, product * y, product)
                    }
                }
            }
        }
        return sums
    }

    private func check<Scalar: FloatingScalar>(_ type: Scalar.Type, tolerance: Double) {
        let channels = 4
        let source: Tensor<Scalar> = randomTensor([channels, sourceHeight, sourceWidth], in: -0.05..<1.05, seed: 3)
        let target: Tensor<Scalar> = randomTensor([channels, targetHeight, targetWidth], in: -0.05..<1.05, seed: 4)
        let sourceCounts = (0..<sourceHeight * sourceWidth).map { UInt8($0 % 7 == 0 ? 0 : 1) }
        let targetCounts = (0..<targetHeight * targetWidth).map { UInt8($0 % 5 == 0 ? 0 : 1) }
        let tiles = [
            warp_rectangle(left: 0, top: 0, right: 21, bottom: 11), warp_rectangle(left: 3, top: 2, right: 9, bottom: 7),
            warp_rectangle(left: 13, top: 5, right: 21, bottom: 11),
        ]
        let photometry = [
            warp_photometry(gain: 0.8, bias: 0.1, inverse_reach: 1.2, clips: true),
            warp_photometry(gain: -0.7, bias: 0.9, inverse_reach: 2, clips: true),
            warp_photometry(gain: 1, bias: 0, inverse_reach: 1, clips: false),
            warp_photometry(gain: 0.9, bias: 0.05, inverse_reach: 3, clips: true),
        ]
        let count = Int(warp_pair_moments)
        for isMasked in [false, true] {
            for margin in [0.0, 2] {
                for (tile, isWeighed) in tiles.flatMap({ [($0, false), ($0, true)] }) {
                    var pair = warp_pair()
                    (pair.channels, pair.margin) = (Int32(channels), margin)
                    (pair.source_height, pair.source_width) = (Int32(sourceHeight), Int32(sourceWidth))
                    (pair.target_height, pair.target_width) = (Int32(targetHeight), Int32(targetWidth))
                    withUnsafeMutableBytes(of: &pair.matrix) { $0.copyBytes(from: matrix.withUnsafeBytes { Array($0) }) }
                    var found = [Double](repeating: .nan, count: channels * count)
                    source.withScalars { s in
                        target.withScalars { t in
                            sourceCounts.withUnsafeBufferPointer { sourceCounts in
                                targetCounts.withUnsafeBufferPointer { targetCounts in
                                    (pair.source, pair.target) = (UnsafeRawPointer(s.baseAddress!), UnsafeRawPointer(t.baseAddress!))
                                    if isMasked {
                                        (pair.source_counts, pair.target_counts) = (sourceCounts.baseAddress, targetCounts.baseAddress)
                                    }
                                    var tile = tile
                                    photometry.withUnsafeBufferPointer {
                                        Scalar.kernels.pair_moments(&pair, &tile, isWeighed ? $0.baseAddress : nil, &found)
                                    }
                                }
                            }
                        }
                    }
                    let (s, t) = (sourceHeight * sourceWidth, targetHeight * targetWidth)
                    for channel in 0..<channels {
                        let expected = naive(
                            source.scalars[channel * s..<(channel + 1) * s].map { Double($0) },
                            target.scalars[channel * t..<(channel + 1) * t].map { Double($0) }, isMasked ? sourceCounts : nil,
                            isMasked ? targetCounts : nil, margin, tile, isWeighed ? photometry[channel] : nil)
                        for i in 0..<count {
                            XCTAssertEqual(
                                found[channel * count + i], expected[i], accuracy: tolerance * max(1, abs(expected[i])),
                                "sum \(i) of channel \(channel), masked \(isMasked)")
                        }
                    }
                }
            }
        }
    }

    func testSumsAsOnePixelAtATime() {
        check(Double.self, tolerance: 1e-10)
        check(Float.self, tolerance: 2e-4)
    }
}
