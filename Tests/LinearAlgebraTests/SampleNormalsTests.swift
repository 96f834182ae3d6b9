import CWarpKernels
import LinearAlgebra
import XCTest

/// Statistics of the noise that the linearized sampler draws for each pixel and sample.
final class SampleNormalsTests: XCTestCase {
    private let (pairs, pixels) = (15, 20_000)

    /// Component by component: [j][pixel].
    private func draw(_ key: warp_noise_key) -> [[Double]] {
        var normals = [Float](repeating: 0, count: 2 * pairs * pixels)
        // In parts that are no whole vectors.
        for first in stride(from: 0, to: pixels, by: 61) {
            normals.withUnsafeMutableBufferPointer {
                Float.kernels.sample_normals(
                    key, Int32(pairs), UInt32(first), Int32(min(61, pixels - first)), $0.baseAddress! + first, pixels)
            }
        }
        return (0..<2 * pairs).map { row in normals[row * pixels..<(row + 1) * pixels].map(Double.init) }
    }

    private func correlation(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) / Double(a.count) }

    func testMomentsAndTails() {
        for row in draw(warp_noise_key(seed: 1, call: 2, image: 3)) {
            let count = Double(row.count)
            XCTAssertEqual(row.reduce(0, +) / count, 0, accuracy: 5 / count.squareRoot())
            XCTAssertEqual(correlation(row, row), 1, accuracy: 5 * (2 / count).squareRoot())
            XCTAssertEqual(row.map { $0 * $0 * $0 * $0 }.reduce(0, +) / count, 3, accuracy: 5 * (96 / count).squareRoot())
            XCTAssertEqual(Double(row.filter { abs($0) > 2 }.count) / count, 0.0455, accuracy: 0.0075)
            XCTAssertLessThan(row.map(abs).max()!, 4.86)
        }
    }

    /// Between components, samples, neighbouring pixels, images, calls and seeds.
    func testNoCorrelation() {
        let key = warp_noise_key(seed: 1, call: 2, image: 3)
        let rows = draw(key)
        let bound = 5.5 / Double(pixels).squareRoot()
        for i in rows.indices {
            for j in 0..<i { XCTAssertEqual(correlation(rows[i], rows[j]), 0, accuracy: bound, "components \(i) and \(j)") }
            XCTAssertEqual(correlation(Array(rows[i].dropLast()), Array(rows[i].dropFirst())), 0, accuracy: bound, "neighbours of \(i)")
        }
        for other in [
            warp_noise_key(seed: 2, call: 2, image: 3), warp_noise_key(seed: 1, call: 3, image: 3),
            warp_noise_key(seed: 1, call: 2, image: 4),
        ] {
            for (a, b) in zip(rows, draw(other)) { XCTAssertEqual(correlation(a, b), 0, accuracy: bound, "\(other)") }
        }
    }
}
