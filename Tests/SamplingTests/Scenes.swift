import LinearAlgebra
import Sampling
import Tensors
import XCTest

/// Repeatable numbers for tests.
struct TestNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    /// Uniform in 0..<1.
    mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }

    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    mutating func tensor(_ shape: [Int], _ range: ClosedRange<Double> = -1...1) -> Tensor<Double> {
        Tensor((0..<shape.reduce(1, *)).map { _ in uniform(range) }, shape: shape)
    }

    /// Sums of twelve uniforms: near enough to normal.
    mutating func normals(_ shape: [Int]) -> Tensor<Double> {
        Tensor((0..<shape.reduce(1, *)).map { _ in (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }, shape: shape)
    }

    /// A matrix that reads the source around `centre` at about `scale`, turned and sheared a little; with perspective where asked for.
    mutating func matrix(scale: Double, centre: Double = 0.2, perspective: Double = 0) -> Matrix3 {
        Matrix3([
            scale * uniform(0.8...1.1), scale * uniform(-0.3...0.3), uniform(-centre...centre),
            scale * uniform(-0.3...0.3), scale * uniform(0.8...1.1), uniform(-centre...centre),
            perspective * uniform(-1...1), perspective * uniform(-1...1), 1,
        ])
    }
}

/// One set-up of a sampling test.
struct Scene {
    var name: String
    var image: [Int]  // [N, C, H, W]
    var target: (height: Int, width: Int)
    var scale = 0.7
    var centre = 0.2
    var perspective = 0.0
    var alignCorners = false
    var general = false

    /// Shapes that are realistic, and those at the edge of what is possible.
    static let all = [
        Scene(name: "colour, shrunk", image: [2, 3, 24, 30], target: (7, 9)),
        Scene(name: "as large", image: [1, 3, 20, 16], target: (20, 16), scale: 1),
        Scene(name: "zoomed in", image: [1, 3, 12, 12], target: (16, 18), scale: 0.05),
        Scene(name: "beyond the border", image: [2, 2, 10, 14], target: (12, 12), scale: 1.8),
        Scene(name: "all outside", image: [1, 3, 8, 8], target: (5, 5), scale: 0.1, centre: 40),
        Scene(name: "perspective", image: [2, 3, 24, 20], target: (10, 12), perspective: 0.3),
        Scene(name: "one pixel", image: [1, 1, 1, 1], target: (3, 3), scale: 1),
        Scene(name: "one row", image: [1, 2, 1, 9], target: (4, 5), scale: 0.9),
        Scene(name: "one column", image: [1, 1, 9, 1], target: (1, 6), scale: 0.9),
        Scene(name: "one target pixel", image: [2, 3, 6, 7], target: (1, 1)),
        Scene(name: "64 channels", image: [2, 64, 9, 8], target: (5, 6)),
        Scene(name: "corners aligned", image: [2, 3, 14, 10], target: (8, 9), alignCorners: true),
        Scene(name: "corners aligned, one pixel", image: [1, 1, 1, 5], target: (1, 4), alignCorners: true),
        Scene(name: "general grid", image: [2, 3, 14, 10], target: (8, 9), general: true),
        Scene(name: "general grid, corners aligned", image: [1, 3, 14, 10], target: (8, 9), alignCorners: true, general: true),
        Scene(name: "general grid of one row", image: [1, 3, 14, 10], target: (1, 9), general: true),
        Scene(name: "more than a tile", image: [1, 3, 40, 40], target: (13, 71)),
    ]

    /// The image, the grid, and the matrices where it is one of matrices.
    func make(seed: UInt64) -> (image: Tensor<Double>, grid: SamplingGrid<Double>, matrices: [Matrix3]?) {
        var numbers = TestNumbers(seed: seed)
        let pixels = numbers.tensor(image, 0...1)
        if general {
            // A smooth warp, bent by a little of its own at every point.
            let matrices = (0..<image[0]).map { _ in numbers.matrix(scale: scale, centre: centre) }
            var points: [Double] = []
            for n in 0..<image[0] {
                for row in 0..<target.height {
                    for column in 0..<target.width {
                        let t = naiveTarget(column, row, target.width, target.height, alignCorners)
                        let p = matrices[n].apply(t.x, t.y)
                        points += [p.x + numbers.uniform(-0.05...0.05), p.y + numbers.uniform(-0.05...0.05)]
                    }
                }
            }
            let grid = SamplingGrid(points: Tensor(points, shape: [image[0], target.height, target.width, 2]), alignCorners: alignCorners)
            return (pixels, grid, nil)
        }
        let matrices = (0..<image[0]).map { _ in numbers.matrix(scale: scale, centre: centre, perspective: perspective) }
        let grid = SamplingGrid(
            matrices: Tensor(matrices.flatMap(\.elements), shape: [image[0], 3, 3]), height: target.height, width: target.width,
            alignCorners: alignCorners)
        return (pixels, grid, matrices)
    }
}

extension SamplingGrid where Scalar == Double {
    /// The same grid with the numbers that Float holds.
    func roundedToSingle(matrices: [Matrix3]?) -> (grid: SamplingGrid<Double>, matrices: [Matrix3]?) {
        guard let matrices else {
            return (SamplingGrid(points: points.cast(to: Float.self).cast(to: Double.self), alignCorners: alignCorners), nil)
        }
        let rounded = matrices.map { Matrix3($0.elements.map { Double(Float($0)) }) }
        let tensor = Tensor(rounded.flatMap(\.elements), shape: [rounded.count, 3, 3])
        return (SamplingGrid(matrices: tensor, height: height, width: width, alignCorners: alignCorners), rounded)
    }

    /// The same grid in Float.
    func single(matrices: [Matrix3]?) -> SamplingGrid<Float> {
        if let matrices {
            return SamplingGrid<Float>(
                matrices: Tensor(matrices.flatMap { $0.elements.map { Float($0) } }, shape: [matrices.count, 3, 3]), height: height,
                width: width, alignCorners: alignCorners)
        }
        return SamplingGrid<Float>(points: points.cast(to: Float.self), alignCorners: alignCorners)
    }
}

/// The largest difference, relative to the largest number expected (or to 1e-3, where all are smaller).
func relativeDifference<Scalar: FloatingScalar>(_ found: Tensor<Scalar>, _ expected: [Double]) -> Double {
    let found = found.scalars
    guard found.count == expected.count else { return .infinity }
    let size = max(1e-3, expected.map(abs).max() ?? 0)
    return zip(found, expected).map { abs(Double($0) - $1) / size }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
}

func assertClose<Scalar: FloatingScalar>(
    _ found: Tensor<Scalar>?, _ expected: [Double], to tolerance: Double, _ message: String, file: StaticString = #filePath,
    line: UInt = #line
) {
    guard let found else { return XCTFail("\(message): no result", file: file, line: line) }
    let difference = relativeDifference(found, expected)
    XCTAssert(difference <= tolerance, "\(message): differs by \(difference), expected at most \(tolerance)", file: file, line: line)
}
