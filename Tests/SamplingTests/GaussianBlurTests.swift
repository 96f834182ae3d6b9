import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class GaussianBlurTests: XCTestCase {
    private let cases: [(shape: [Int], sigma: Double)] = [
        ([9, 7], 0.6), ([2, 3, 8, 11], 1), ([3, 12, 5], 2.3), ([1, 1], 1), ([1, 9], 1.5), ([9, 1], 1.5), ([6, 6], 40), ([5, 4], 0.01),
        ([4, 4], 1e300),
    ]

    func testAgainstTwoLoops() {
        for (shape, sigma) in cases {
            let image: Tensor<Double> = randomTensor(shape)
            let expected = naiveBlur(image, sigma)
            assertClose(gaussianBlur(image, sigma: sigma), expected, tolerance: 1e-13, "\(shape), sigma \(sigma)")
            let single = gaussianBlur(image.cast(to: Float.self), sigma: sigma)
            assertClose(single.cast(to: Double.self), expected, tolerance: 1e-5, "\(shape), sigma \(sigma), Float")
        }
        XCTAssertEqual(gaussianBlur(Tensor<Float>.zeros([0, 4, 4]), sigma: 1).shape, [0, 4, 4])
    }

    /// <g, B x> = <B'g, x>.
    func testGradientIsTheAdjoint() {
        for (shape, sigma) in cases {
            let (image, cotangent): (Tensor<Double>, Tensor<Double>) = (randomTensor(shape), randomTensor(shape, seed: 2))
            let (value, gradient) = valueWithGradient(at: image) { (gaussianBlur($0, sigma: sigma) * cotangent).sum() }
            XCTAssertEqual(value.scalar, (gradient * image).sum().scalar, accuracy: 1e-12, "\(shape), sigma \(sigma)")
        }
    }

    func testAConstantStaysOne() {
        for (shape, sigma) in cases {
            assertClose(gaussianBlur(.ones(shape), sigma: sigma), Tensor<Double>.ones(shape), tolerance: 1e-13, "\(shape), sigma \(sigma)")
        }
    }

    /// Weights that fall off by the Gaussian of both distances, cut at 4 sigma; what falls inside sums to 1.
    private func naiveBlur(_ image: Tensor<Double>, _ sigma: Double) -> Tensor<Double> {
        let result = indices(of: image.shape).map { index -> Double in
            let (planes, y, x) = (index.dropLast(2), index[index.count - 2], index[index.count - 1])
            var (sum, weights) = (0.0, 0.0)
            for row in 0..<image.shape[image.rank - 2] {
                for column in 0..<image.shape[image.rank - 1] {
                    let (dy, dx) = (Double(row - y), Double(column - x))
                    if max(abs(dx), abs(dy)) > (4 * sigma).rounded(.up) { continue }
                    let weight = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
                    weights += weight
                    sum += weight * image.element(planes + [row, column])
                }
            }
            return sum / weights
        }
        return Tensor(result, shape: image.shape)
    }
}
