import Glibc
import LinearAlgebra

/// A plane of grey values.
struct Plane: Sendable {
    var width, height: Int
    var pixels: [Float]

    /// Separable convolution with a Gaussian cut at 3.5 sigma; border pixels go on outside.
    func blurred(_ sigma: Double) -> Plane {
        let radius = max(1, Int((3.5 * sigma).rounded(.up)))
        var weights = (0...radius).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let sum = weights[0] + 2 * weights[1...].reduce(0, +)
        weights = weights.map { $0 / sum }
        var result = self
        let (width, height) = (width, height)
        pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { out in
                weights.withUnsafeBufferPointer { weights in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 2 * radius) { middle in
                        let (source, middle) = (source.baseAddress!, middle.baseAddress!)
                        for y in 0..<height {
                            let row = middle + radius
                            let here = source + y * width
                            let centre = weights[0]
                            for x in 0..<width { row[x] = centre * here[x] }
                            for j in 1...radius {
                                let (above, below) = (source + max(0, y - j) * width, source + min(height - 1, y + j) * width)
                                let weight = weights[j]
                                for x in 0..<width { row[x] += weight * (above[x] + below[x]) }
                            }
                            for j in 1...radius {
                                row[-j] = row[0]
                                row[width - 1 + j] = row[width - 1]
                            }
                            let target = out.baseAddress! + y * width
                            for x in 0..<width { target[x] = centre * row[x] }
                            for j in 1...radius {
                                let weight = weights[j]
                                let (left, right) = (row - j, row + j)
                                for x in 0..<width { target[x] += weight * (left[x] + right[x]) }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Every second pixel along each axis.
    var halved: Plane {
        let (w, h) = ((width + 1) / 2, (height + 1) / 2)
        var half = Plane(width: w, height: h, pixels: [Float](repeating: 0, count: w * h))
        for y in 0..<h {
            for x in 0..<w { half.pixels[y * w + x] = pixels[2 * y * width + 2 * x] }
        }
        return half
    }
}

/// An image blurred by ever wider Gaussians, octave by octave (Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004).
struct ScaleSpace: Sendable {
    struct Octave: Sendable {
        /// Pixels of the image along one of this octave.
        var pitch: Double
        /// Blurred by `firstSigma` · 2^(i / 3) of the octave's pixels.
        var blurred: [Plane]
    }

    let octaves: [Octave]

    static let scalesPerOctave = 3
    static let firstSigma = 1.6

    /// - Parameter image: A level of a pyramid, which is blurred by about 1.1 pixels: half a pixel by itself, then by one.
    init(_ image: Plane) {
        var octaves: [Octave] = []
        var first = image.blurred((Self.firstSigma * Self.firstSigma - 1.25).squareRoot())
        var pitch = 1.0
        while true {
            var blurred = [first]
            for i in 1..<Self.scalesPerOctave + 3 {
                let before = Self.sigma(i - 1)
                blurred.append(blurred[i - 1].blurred((pow(Self.sigma(i), 2) - before * before).squareRoot()))
            }
            octaves.append(Octave(pitch: pitch, blurred: blurred))
            let next = blurred[Self.scalesPerOctave].halved
            guard min(next.width, next.height) >= 16 else { break }
            first = next
            pitch *= 2
        }
        self.octaves = octaves
    }

    /// Of blur i of an octave, in its pixels.
    static func sigma(_ i: Int) -> Double { firstSigma * exp2(Double(i) / Double(scalesPerOctave)) }
}
