import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

extension RandomSource {
    /// A matrix that reads the source around `centre` at about `scale`, turned and sheared a little; with perspective where asked for.
    mutating func matrix(scale: Double, centre: Double = 0.2, perspective: Double = 0) -> Matrix3 {
        Matrix3([
            scale * .random(in: 0.8...1.1, using: &self), scale * .random(in: -0.3...0.3, using: &self),
            .random(in: -centre...centre, using: &self),
            scale * .random(in: -0.3...0.3, using: &self), scale * .random(in: 0.8...1.1, using: &self),
            .random(in: -centre...centre, using: &self),
            perspective * .random(in: -1...1, using: &self), perspective * .random(in: -1...1, using: &self), 1,
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
        Scene(name: "general grid, wide", image: [2, 3, 12, 40], target: (9, 30), general: true),
        Scene(name: "more than a tile", image: [1, 3, 40, 40], target: (13, 71)),
    ]

    /// The image, the grid, and the matrices where it is one of matrices.
    func make(seed: UInt64) -> (image: Tensor<Double>, grid: SamplingGrid<Double>, matrices: [Matrix3]?) {
        var numbers = RandomSource(seed: seed)
        let pixels = Tensor<Double>.uniform(image, in: 0..<1, from: &numbers)
        if general {
            // A smooth warp, bent by a little of its own at every point.
            let matrices = (0..<image[0]).map { _ in numbers.matrix(scale: scale, centre: centre) }
            var points: [Double] = []
            for n in 0..<image[0] {
                for row in 0..<target.height {
                    for column in 0..<target.width {
                        let t = naiveTarget(column, row, target.width, target.height, alignCorners)
                        let p = matrices[n].apply(t.x, t.y)
                        points += [p.x + .random(in: -0.05...0.05, using: &numbers), p.y + .random(in: -0.05...0.05, using: &numbers)]
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

/// Fails unless values, slopes and the gradients by image and matrices have the same bits on one to four threads.
func assertSameBitsOnAnyNumberOfThreads(_ sampler: some Sampler, file: StaticString = #filePath, line: UInt = #line) {
    let image: Tensor<Float> = randomTensor([3, 3, 70, 60], in: 0..<1)
    let matrix = Tensor(Matrix3.scaling(0.9, 0.8).elements.map { Float($0) }, shape: [1, 3, 3])
    func grid(_ matrix: Tensor<Float>) -> SamplingGrid<Float> { SamplingGrid(matrices: matrix, height: 50, width: 60) }
    func run() -> [Tensor<Float>] {
        let found = sampler.linearization(of: image, at: grid(matrix))
        let (_, gradients) = valueWithGradient(at: [image, matrix]) { sampler.sample($0[0], at: grid($0[1])).squared().sum() }
        return [found.values, found.slopeU!, found.slopeV!] + gradients
    }
    let one = Threads.with(count: 1, run)
    for threads in 2...4 {
        XCTAssertEqual(Threads.with(count: threads, run), one, "\(sampler), \(threads) threads", file: file, line: line)
    }
}
