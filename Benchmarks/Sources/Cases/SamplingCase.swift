import LinWarp

/// Sampling at affine maps near the identity, with zeros around the image.
public struct SamplingCase: BenchmarkCase {
    /// What a repetition does.
    public enum Direction: String, Sendable {
        case forward, backward
    }

    /// Where images are sampled, and what has a gradient.
    public enum Variable: String {
        /// A grid of points.
        case points
        /// Matrices.
        case matrices
        /// A grid of points and the image.
        case pointsAndImage = "points+image"
    }

    /// The lengths of a sampling.
    public struct Shape: CustomStringConvertible, Sendable {
        public var batch, channels, height, width: Int
        public var targetHeight, targetWidth: Int

        public init(_ batch: Int, _ channels: Int, _ height: Int, _ width: Int, to targetHeight: Int, _ targetWidth: Int) {
            (self.batch, self.channels, self.height, self.width) = (batch, channels, height, width)
            (self.targetHeight, self.targetWidth) = (targetHeight, targetWidth)
        }

        /// Those that every table has.
        public static let standard = [
            Shape(64, 3, 50, 50, to: 50, 50), Shape(64, 3, 50, 50, to: 7, 7), Shape(8, 3, 512, 512, to: 256, 256),
            Shape(16, 64, 56, 56, to: 28, 28),
        ]

        /// Affine maps near the identity.
        var matrices: Tensor<Float> {
            let affine = Tensor<Float>([1, 1, 1, 1, 1, 1, 0, 0, 0], shape: [3, 3])
            let identity = Tensor(Matrix3.identity.elements.map { Float($0) }, shape: [3, 3])
            return identity + uniform([batch, 3, 3], -0.1..<0.1, seed: 2) * affine
        }

        var grid: SamplingGrid<Float> { SamplingGrid(matrices: matrices, height: targetHeight, width: targetWidth) }

        public var description: String { "\(batch)x\(channels)x\(height)x\(width) to \(targetHeight)x\(targetWidth)" }
    }

    private let sampler: any Sampler
    private let shape: Shape
    private let direction: Direction
    private let variable: Variable
    private let image, place, cotangent: Tensor<Float>
    private var call = 0

    /// - Parameters:
    ///   - sampler: Set to propagate to the image where `variable` says so.
    ///   - shape: The lengths.
    ///   - direction: Forward alone, or the way back alone.
    ///   - variable: What has a gradient.
    public init(_ sampler: any Sampler, _ shape: Shape, _ direction: Direction, _ variable: Variable) {
        self.sampler = sampler
        self.shape = shape
        self.direction = direction
        self.variable = variable
        image = uniform([shape.batch, shape.channels, shape.height, shape.width])
        place = variable == .matrices ? shape.matrices : shape.grid.points
        cotangent = uniform([shape.batch, shape.channels, shape.targetHeight, shape.targetWidth], -1..<1, seed: 3)
    }

    public mutating func prepared() -> () -> Void {
        call += 1
        let (case_, call) = (self, call)
        guard direction == .backward else { return { _ = case_.sampled(case_.image, case_.place, call) } }
        guard variable == .pointsAndImage else {
            let (_, pullback) = valueWithPullback(at: [place]) { case_.sampled(case_.image, $0[0], call) }
            return { _ = pullback(case_.cotangent) }
        }
        let (_, pullback) = valueWithPullback(at: [place, image]) { case_.sampled($0[1], $0[0], call) }
        return { _ = pullback(case_.cotangent) }
    }

    private func sampled(_ image: Tensor<Float>, _ place: Tensor<Float>, _ call: Int) -> Tensor<Float> {
        let grid =
            variable == .matrices
            ? SamplingGrid(matrices: place, height: shape.targetHeight, width: shape.targetWidth) : SamplingGrid(points: place)
        return sampler.sample(image, at: grid, call: call)
    }
}
