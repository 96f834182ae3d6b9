import Glibc
import LinearAlgebra
import Sampling
import Tensors

extension CountedImage {
    /// The image as a camera with a target's pixels would have seen it from a place: each pixel the mean over its area in the image.
    ///
    /// Where pixels of the target cover several of the source's, a pyramid's level differs from the target by how each was averaged, as levels
    /// lie an octave apart and are as fine along both axes. A view does not, and has the target's pixels and edges: smoothed in the same way
    /// it equals the target where its matrix is the true one.
    ///
    /// - Parameter matrix: From the view's normalized coordinates to the image's.
    package func view(from matrix: Matrix3, height: Int, width: Int) -> ComparedImage {
        let (channels, sourceHeight, sourceWidth) = (planes.shape[0], planes.shape[1], planes.shape[2])
        let footprint = Footprint(matrix, source: (sourceHeight, sourceWidth), target: (height, width))
        let sampler = BilinearSampler(padding: .border)
        let image = planes.reshaped([1] + planes.shape)
        // Where nothing is left out, what lies outside is all that does not count.
        let known = Tensor<Float>(
            counts?.map { Float($0) } ?? [Float](repeating: 1, count: sourceHeight * sourceWidth),
            shape: [1, 1, sourceHeight, sourceWidth])
        var sum = Tensor<Float>.zeros([1, channels, height, width])
        var share = Tensor<Float>.zeros([1, 1, height, width])
        for (x, y) in footprint.offsets {
            let grid = SamplingGrid<Float>(
                matrix * .translation(2 * x / Double(width), 2 * y / Double(height)), height: height, width: width)
            sum = sum + sampler.sample(image, at: grid)
            share = share + BilinearSampler(padding: .zeros).sample(known, at: grid)
        }
        let count = Float(footprint.offsets.count)
        share = share / Tensor(count)
        let whole = share.scalars.map { $0 > 0.98 ? UInt8(1) : 0 }
        let values = (sum / Tensor(count) / maximum(counts == nil ? Tensor(1) : share, Tensor(1e-6))).reshaped([channels, height, width])
        return ComparedImage(smoothing: values, whole.contains(0) ? whole : nil, margin: 0)
    }
}

/// What a pixel of a target covers of a source, in the middle.
package struct Footprint {
    /// How many source pixels its longer and its shorter axis are.
    package let longer, shorter: Double
    /// Where to take samples of it: in pixels of the target, from its middle.
    package let offsets: [(x: Double, y: Double)]

    /// - Parameter matrix: From normalized target to normalized source coordinates.
    package init(_ matrix: Matrix3, source: (height: Int, width: Int), target: (height: Int, width: Int)) {
        let linear = Placement(matrix, source: source, target: target).linear
        let (a, b, c, d) = (linear.a, linear.b, linear.c, linear.d)
        // J = U diag(longer, shorter) Vᵀ; V's first column has this angle.
        let (p, q, r) = (a * a + c * c, a * b + c * d, b * b + d * d)
        let half = (p + r) / 2
        let spread = hypot((p - r) / 2, q)
        longer = (half + spread).squareRoot()
        shorter = max(0, half - spread).squareRoot()
        let angle = atan2(2 * q, p - r) / 2
        // The source's own pixels and interpolation between them are a mean over a quarter of a squared pixel's variance already, of a
        // box's twelfth of its squared side.
        func share(_ side: Double) -> Double { side > 0 ? max(0, side * side - 3).squareRoot() / side : 0 }
        let (along, across) = (share(longer), share(shorter))
        let (cosine, sine) = (cos(angle), sin(angle))
        let count = longer.isFinite ? min(max(1, Int((longer * along).rounded(.up))), mostSamples) : 1
        var offsets: [(x: Double, y: Double)] = []
        for j in 0..<count {
            for i in 0..<count {
                let (x, y) = ((Double(i) + 0.5) / Double(count) - 0.5, (Double(j) + 0.5) / Double(count) - 0.5)
                let (p, q) = (along * (cosine * x + sine * y), across * (cosine * y - sine * x))
                offsets.append((cosine * p - sine * q, sine * p + cosine * q))
            }
        }
        self.offsets = offsets
    }
}

/// Along an axis of a target's pixel.
private let mostSamples = 16
