import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

/// Images at another place and size.
final class ResampledTests: XCTestCase {
    private let (height, width) = (13, 17)

    private func keys(_ x: Double, _ a: Double) -> Double {
        let t = abs(x)
        if t < 1 { return (a + 2) * t * t * t - (a + 3) * t * t + 1 }
        return t < 2 ? a * (t * t * t - 5 * t * t + 8 * t - 4) : 0
    }

    /// One sample, in Double.
    private func sample(
        _ image: [Double], _ channel: Int, _ place: (x: Double, y: Double), _ interpolation: Interpolation, _ padding: Padding,
        a: Double = -0.5
    ) -> Double {
        func padded(_ x: Double, _ size: Int) -> Double? {
            let last = Double(size) - 0.5
            switch padding {
            case .zeros: return interpolation == .bilinear || x >= -0.5 && x <= last ? x : nil
            case .border: return min(max(x, -0.5), last)
            case .reflection:
                var t = (x + 0.5).truncatingRemainder(dividingBy: 2 * Double(size))
                if t < 0 { t += 2 * Double(size) }
                return min(t, 2 * Double(size) - t) - 0.5
            }
        }
        guard let x = padded(place.x, width), let y = padded(place.y, height) else { return 0 }
        func pixel(_ i: Int, _ j: Int) -> Double {
            image[(channel * height + min(max(j, 0), height - 1)) * width + min(max(i, 0), width - 1)]
        }
        if interpolation == .nearest { return pixel(Int((x + 0.5).rounded(.down)), Int((y + 0.5).rounded(.down))) }
        var sum = 0.0
        if interpolation == .bilinear {
            for j in Int(y.rounded(.down))...Int(y.rounded(.down)) + 1 {
                for i in Int(x.rounded(.down))...Int(x.rounded(.down)) + 1 {
                    let isBeyond = padding == .zeros && !((0..<width).contains(i) && (0..<height).contains(j))
                    sum += isBeyond ? 0 : pixel(i, j) * (1 - abs(x - Double(i))) * (1 - abs(y - Double(j)))
                }
            }
            return sum
        }
        for j in Int(y.rounded(.down)) - 1...Int(y.rounded(.down)) + 2 {
            for i in Int(x.rounded(.down)) - 1...Int(x.rounded(.down)) + 2 {
                sum += pixel(i, j) * keys(x - Double(i), a) * keys(y - Double(j), a)
            }
        }
        return sum
    }

    /// Where sample `n` of `count` lies along a target pixel of an affine map, from its middle: as far apart as gives the variance of the pixel
    /// without that of a source pixel.
    private func place(_ n: Int, of count: Int, _ matrix: Matrix3, _ h: Int, _ w: Int, isColumn: Bool) -> Double {
        guard count > 1 else { return 0 }
        let (du, dv) = isColumn ? (matrix[0, 0], matrix[1, 0]) : (matrix[0, 1], matrix[1, 1])
        let length = hypot(du * Double(width), dv * Double(height)) / Double(isColumn ? w : h)
        let offsets = (0..<count).map { Double($0) - Double(count - 1) / 2 }
        let variance = offsets.map { $0 * $0 }.reduce(0, +) / Double(count)
        let step = ((length * length - 1) / 12 / variance).squareRoot()
        return offsets[n] * step / length
    }

    private func check<Scalar: FloatingScalar>(_ type: Scalar.Type, tolerance: Double) {
        let image: Tensor<Scalar> = randomTensor([2, height, width], in: 0..<1, seed: 5)
        let pixels = image.scalars.map { Double($0) }
        let matrices = [
            Matrix3([0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0.05, -0.1, 1]), Matrix3([2.3, 0.4, 0.3, -0.2, 3.1, 0.2, 0, 0, 1]),
            Matrix3([-0.9, 0.2, -0.1, -0.15, -0.8, 0.05, -0.05, 0.1, -1]),
        ]
        for (matrix, samples) in zip(matrices, [(across: 1, down: 1), (across: 4, down: 10), (across: 1, down: 1)]) {
            let (h, w) = (9, 21)
            for interpolation in [Interpolation.nearest, .bilinear, .cubic, .auto] {
                // How many samples `auto` takes is written down for the one that shrinks.
                guard interpolation != .auto || samples.across > 1 else { continue }
                let (across, down) = interpolation == .auto ? samples : (1, 1)
                for padding in Padding.allCases {
                    let found = resampled(image, matrix, height: h, width: w, interpolation: interpolation, padding: padding)
                    for i in 0..<2 * h * w {
                        let (channel, row, column) = (i / (h * w), i / w % h, i % w)
                        var sum = 0.0
                        for b in 0..<down {
                            for a in 0..<across {
                                let x = Double(column) + 0.5 + place(a, of: across, matrix, h, w, isColumn: true)
                                let y = Double(row) + 0.5 + place(b, of: down, matrix, h, w, isColumn: false)
                                let (u, v) = matrix.apply(2 * x / Double(w) - 1, 2 * y / Double(h) - 1)
                                let place = ((u + 1) * Double(width) / 2 - 0.5, (v + 1) * Double(height) / 2 - 0.5)
                                sum += sample(pixels, channel, place, interpolation, padding)
                            }
                        }
                        XCTAssertEqual(
                            Double(found.scalars[i]), sum / Double(across * down), accuracy: tolerance,
                            "\(interpolation), \(padding), pixel \(i)")
                    }
                }
            }
        }
    }

    func testAsOneSampleAtATime() {
        check(Double.self, tolerance: 1e-10)
        check(Float.self, tolerance: 2e-5)
    }

    /// Where an image is hardly turned eight pixels see neighbours on one row, or on two. None sees a NaN that is only its neighbour's.
    func testHardlyTurned() {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type, tolerance: Double) {
            var pixels = (randomTensor([2, height, width], in: 0..<1, seed: 6) as Tensor<Scalar>).scalars
            pixels[(height + 6) * width + 7] = .nan
            let image = Tensor(pixels, shape: [2, height, width])
            let (h, w) = (8, 8)
            for slope in [0.05, -0.05, 1e-300] {
                for (x, y) in [(2.3, 2.6), (4.9, 2.05)] {
                    // Target pixel (i, j) is at i + x, slope i + j + y, in pixels of the source.
                    let matrix = pixelMatrix(from: Matrix3([1, 0, x, slope, 1, y, 0, 0, 1]), h, w)
                    let found = resampled(image, matrix, height: h, width: w, interpolation: .cubic).scalars
                    for i in 0..<2 * h * w {
                        let (channel, row, column) = (i / (h * w), Double(i / w % h), Double(i % w))
                        let expected = sample(pixels.map { Double($0) }, channel, (column + x, slope * column + row + y), .cubic, .zeros)
                        XCTAssertEqual(found[i].isNaN, expected.isNaN, "pixel \(i), slope \(slope)")
                        if !expected.isNaN {
                            XCTAssertEqual(Double(found[i]), expected, accuracy: tolerance, "pixel \(i), slope \(slope)")
                        }
                    }
                }
            }
        }
        check(Double.self, tolerance: 1e-10)
        check(Float.self, tolerance: 2e-5)
    }

    /// Between normalized coordinates, of one between the pixels of a target and those of the image.
    private func pixelMatrix(from pixels: Matrix3, _ h: Int, _ w: Int) -> Matrix3 {
        Matrix3([2 / Double(width), 0, 1 / Double(width) - 1, 0, 2 / Double(height), 1 / Double(height) - 1, 0, 0, 1]) * pixels
            * Matrix3([Double(w) / 2, 0, Double(w) / 2 - 0.5, 0, Double(h) / 2, Double(h) / 2 - 0.5, 0, 0, 1])
    }

    /// Of an image that is neither turned nor sheared columns are brought together after rows. A shear that no coordinate notices prevents it.
    func testUprightIsTheSameToTheBit() {
        func check<Scalar: FloatingScalar>(_ type: Scalar.Type) {
            // The last one is so wide that eight pixels see too much of it.
            for (size, target) in [((height, width), (9, 21)), ((height, width), (31, 30)), ((40, 50), (5, 6)), ((3, 1200), (2, 8))] {
                let image: Tensor<Scalar> = randomTensor([3, size.0, size.1], in: 0..<1, seed: 9)
                for (x, y) in [(1.0, 1.0), (0.8, 1.3), (-1.1, 0.9), (3, -2)] {
                    for (interpolation, padding) in Padding.allCases.flatMap({ [(Interpolation.auto, $0), (.area, $0), (.cubic, $0)] }) {
                        func seen(shear: Double) -> [Scalar] {
                            let matrix = Matrix3([x, shear, 0.13, 0, y, -0.07, 0, 0, 1])
                            return resampled(
                                image, matrix, height: target.0, width: target.1, interpolation: interpolation, padding: padding
                            ).scalars
                        }
                        XCTAssertEqual(
                            seen(shear: 0), seen(shear: 1e-300), "\(size) to \(target) by \(x), \(y), \(interpolation), \(padding)")
                    }
                }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    /// More than a tile, of no whole number of them.
    func testLargeTargets() {
        let image: Tensor<Double> = randomTensor([2, height, width], in: 0..<1, seed: 10)
        let (h, w) = (70, 300)
        let matrix = Matrix3([0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0.05, -0.1, 1])
        let found = resampled(image, matrix, height: h, width: w, interpolation: .cubic, padding: .reflection).scalars
        for i in 0..<2 * h * w {
            let (u, v) = matrix.apply((2 * Double(i % w) + 1) / Double(w) - 1, (2 * Double(i / w % h) + 1) / Double(h) - 1)
            let place = ((u + 1) * Double(width) / 2 - 0.5, (v + 1) * Double(height) / 2 - 0.5)
            XCTAssertEqual(found[i], sample(image.scalars, i / (h * w), place, .cubic, .reflection), accuracy: 1e-10)
        }
    }

    func testMagnifyingSharpens() {
        let image: Tensor<Double> = randomTensor([1, height, width], in: 0..<1, seed: 7)
        let (side, turn) = (0.4, 0.3)
        let (h, w) = (20, 30)
        let frame = Frame(sourcePixels: (height, width), targetPixels: (h, w))
        let matrix = frame.normalized(.rotation(turn) * .scaling(side, side))
        let found = resampled(image, matrix, height: h, width: w, padding: .border).scalars
        let a = -0.675 - 0.15 * (1 - side * side)
        for i in 0..<h * w {
            let (u, v) = matrix.apply((2 * Double(i % w) + 1) / Double(w) - 1, (2 * Double(i / w) + 1) / Double(h) - 1)
            let place = ((u + 1) * Double(width) / 2 - 0.5, (v + 1) * Double(height) / 2 - 0.5)
            XCTAssertEqual(found[i], sample(image.scalars, 0, place, .cubic, .border, a: a), accuracy: 1e-10)
        }
    }

    /// The identity, whole shifts and quarter turns onto the turned size.
    func testPixelsThatFallOnPixelsStayTheSame() {
        func check<Scalar: FloatingScalar>(_ image: Tensor<Scalar>) {
            let frame = Frame(sourcePixels: (height, width), targetPixels: (width, height))
            let turned = frame.normalized(Matrix3([0, -1, 0, 1, 0, 0, 0, 0, 1]))
            let shifted = Matrix3.translation(2 * 3 / Double(width), -2 * 2 / Double(height))
            let pixels = image.scalars
            for interpolation in [Interpolation.auto, .cubic, .bilinear, .nearest] {
                XCTAssertEqual(resampled(image, .identity, height: height, width: width, interpolation: interpolation).scalars, pixels)
                let turn = resampled(image, turned, height: width, width: height, interpolation: interpolation).scalars
                let shift = resampled(image, shifted, height: height, width: width, interpolation: interpolation).scalars
                for i in 0..<image.count {
                    let (c, y, x) = (i / (height * width), i / width % height, i % width)
                    // The target's x goes down the source, its y goes to the left.
                    XCTAssertEqual(turn[(c * width + width - 1 - x) * height + y], pixels[i])
                    let (column, row) = (x + 3, y - 2)
                    let expected = column < width && row >= 0 ? pixels[(c * height + row) * width + column] : 0
                    XCTAssertEqual(shift[i], expected)
                }
            }
        }
        check(randomTensor([3, height, width], in: 0..<1, seed: 6) as Tensor<Float>)
        check(randomTensor([3, height, width], in: 0..<1, seed: 6) as Tensor<Double>)
    }

    /// A number that is none stays where it is, and takes no neighbour with it.
    /// What lies under transparent pixels does not come through, nor does anything brighter than the image beside an edge of opacity.
    func testColorsBesideTransparency() {
        let (height, width) = (40, 40)
        let image = Tensor<Float>(shape: [4, height, width]) { out in
            for i in out.indices {
                let (x, y, channel) = (i % width, i / width % height, i / (width * height))
                let isOpaque = (x / 5 + y / 7).isMultiple(of: 2)
                out[i] = channel == 3 ? (isOpaque ? 1 : 0) : isOpaque ? 0.25 + 0.5 * Float((x + channel) % 2) : channel == 1 ? .nan : 99
            }
        }
        let matrix = Matrix3.rotation(0.3) * .scaling(0.7, 0.9)
        for interpolation in [Interpolation.auto, .bilinear, .cubic, .area] {
            let seen = resampled(image, matrix, height: 50, width: 50, interpolation: interpolation, hasAlpha: true).scalars
            for i in 0..<2500 {
                XCTAssertGreaterThanOrEqual(seen[3 * 2500 + i], 0)
                guard seen[3 * 2500 + i] > 0 else { continue }
                for channel in 0..<3 {
                    // Where all is opaque, cubic convolution overshoots a little.
                    XCTAssertEqual(seen[channel * 2500 + i], 0.5, accuracy: 0.45, "\(interpolation)")
                }
            }
        }
        for interpolation in [Interpolation.auto, .nearest, .bilinear, .cubic] {
            let same = resampled(image, .identity, height: height, width: width, interpolation: interpolation, hasAlpha: true)
            XCTAssertEqual(same.scalars.map(\.bitPattern), image.scalars.map(\.bitPattern), "\(interpolation)")
        }
    }

    func testNotANumberStaysInItsPlace() {
        var image: Tensor<Float> = randomTensor([1, height, width], in: 0..<1, seed: 8)
        image.withMutableScalars { $0[5 * width + 6] = .nan }
        for interpolation in [Interpolation.auto, .cubic, .bilinear, .nearest] {
            let found = resampled(image, .identity, height: height, width: width, interpolation: interpolation).scalars
            XCTAssertEqual(found.indices.filter { found[$0].isNaN }, [5 * width + 6])
        }
    }

    /// A zone plate, whose frequency grows outwards: pixels are its means over their areas, in the source as in the result.
    func testShrinkingIsNotAliased() {
        let side = 256
        func plate(_ x: Double, _ y: Double) -> Double {
            0.5 + 0.5 * cos(1.2e-2 * ((x - 127.5) * (x - 127.5) + (y - 127.5) * (y - 127.5)) / 2)
        }
        func mean(_ count: Int, _ value: (Double, Double) -> Double) -> Double {
            var sum = 0.0
            for j in 0..<count {
                for i in 0..<count { sum += value((Double(i) + 0.5) / Double(count) - 0.5, (Double(j) + 0.5) / Double(count) - 0.5) }
            }
            return sum / Double(count * count)
        }
        let source = Tensor<Float>(
            (0..<side * side).map { i in Float(mean(8) { plate(Double(i % side) + $0, Double(i / side) + $1) }) }, shape: [1, side, side])
        for (shrink, angle) in [(1.5, 0.0), (3, 20), (8, 20)] {
            let size = Int(Double(side) / shrink / 1.4)
            let matrix =
                Matrix3.rotation(angle * .pi / 180) * .scaling(Double(size) * shrink / Double(side), Double(size) * shrink / Double(side))
            let truth = (0..<size * size).map { i in
                mean(24) { dx, dy in
                    let (u, v) = matrix.apply(
                        (Double(i % size) + 0.5 + dx) / Double(size) * 2 - 1, (Double(i / size) + 0.5 + dy) / Double(size) * 2 - 1)
                    return plate((u + 1) * Double(side) / 2 - 0.5, (v + 1) * Double(side) / 2 - 0.5)
                }
            }
            func decibels(_ interpolation: Interpolation) -> Double {
                let found = resampled(source, matrix, height: size, width: size, interpolation: interpolation, padding: .border).scalars
                return -10 * log10(zip(found, truth).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) } / Double(truth.count))
            }
            XCTAssertGreaterThan(decibels(.auto), decibels(.bilinear) + 6, "shrunk by \(shrink)")
        }
    }
}
