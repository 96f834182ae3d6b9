import LinWarp

/// Bilinear sampling of interleaved images at the points of `SamplingCase`, forward.
public struct InterleavedCase: BenchmarkCase {
    /// What the images are made of.
    public enum Elements: String, Sendable {
        case floats, bytes
    }

    private let images: InterleavedImages
    private let points: Tensor<Float>

    /// - Parameters:
    ///   - elements: What the images are made of.
    ///   - shape: The lengths.
    public init(_ elements: Elements, _ shape: SamplingCase.Shape) {
        let numbers = uniform([shape.batch, shape.height, shape.width, shape.channels])
        images =
            switch elements {
            case .floats: InterleavedImages(numbers)
            case .bytes: InterleavedImages(numbers.scalars.map { UInt8($0 * 255) }, shape: numbers.shape)
            }
        points = shape.grid.points
    }

    public mutating func prepared() -> () -> Void {
        let (images, points) = (images, points)
        return { _ = BilinearSampler().sample(images, at: SamplingGrid(points: points)) }
    }
}
