import CWarpKernels
import Foundation
import LinearAlgebra
import XCTest

/// Statistics of the noise that the linearized sampler draws for each pixel and sample.
final class SampleNormalsTests: XCTestCase {
    private let (pairs, pixels) = (15, 20_000)

    /// Component by component: [j][pixel].
    private func draw(_ key: warp_noise_key, _ draws: warp_draws = warp_draws_independent) -> [[Double]] {
        var normals = [Float](repeating: 0, count: 2 * pairs * pixels)
        // In parts that are no whole vectors.
        for first in stride(from: 0, to: pixels, by: 61) {
            normals.withUnsafeMutableBufferPointer {
                Float.kernels.sample_normals(
                    key, draws, Int32(pairs), 1, UInt32(first), Int32(min(61, pixels - first)), $0.baseAddress! + first, pixels)
            }
        }
        return (0..<2 * pairs).map { row in normals[row * pixels..<(row + 1) * pixels].map(Double.init) }
    }

    private func correlation(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) / Double(a.count) }

    func testMomentsAndTails() {
        let key = warp_noise_key(seed: 1, call: 2, image: 3)
        for row in draw(key) + draw(key, warp_draws_lattice) {
            let count = Double(row.count)
            XCTAssertEqual(row.reduce(0, +) / count, 0, accuracy: 5 / count.squareRoot())
            XCTAssertEqual(correlation(row, row), 1, accuracy: 5 * (2 / count).squareRoot())
            XCTAssertEqual(row.map { $0 * $0 * $0 * $0 }.reduce(0, +) / count, 3, accuracy: 5 * (96 / count).squareRoot())
            XCTAssertEqual(Double(row.filter { abs($0) > 2 }.count) / count, 0.0455, accuracy: 0.0075)
            XCTAssertLessThan(row.map(abs).max()!, 4.86)
        }
    }

    /// A lattice's samples lie at equal angles, and are spread over equal steps of the probability that their radius is exceeded: 15 samples, 6 steps of
    /// 1/15 on from angle to angle, over five. From pixel to pixel, and a pair's components, they are independent.
    func testLattice() {
        let key = warp_noise_key(seed: 1, call: 2, image: 3)
        let rows = draw(key, warp_draws_lattice)
        let bound = 5.5 / Double(pixels).squareRoot()
        for pair in 0..<pairs {
            XCTAssertEqual(correlation(rows[2 * pair], rows[2 * pair + 1]), 0, accuracy: bound)
            for row in rows[2 * pair...2 * pair + 1] {
                XCTAssertEqual(correlation(Array(row.dropLast()), Array(row.dropFirst())), 0, accuracy: bound)
            }
        }
        for pixel in stride(from: 0, to: pixels, by: 37) {
            let samples = (0..<pairs).map { (rows[2 * $0][pixel], rows[2 * $0 + 1][pixel]) }
            let angles = samples.map { atan2($1, $0) / (2 * .pi) * Double(pairs) }
            for angle in angles { XCTAssertEqual((angle - angles[0]).rounded(), angle - angles[0], accuracy: 1e-3) }
            XCTAssertEqual(Set(angles.map { Int(($0 - angles[0]).rounded() + 100 * Double(pairs)) % pairs }).count, pairs)
            let shares = samples.map { exp(-($0 * $0 + $1 * $1) / 2) * Double(pairs) }
            for share in shares { XCTAssertEqual((share - shares[0]).rounded(), share - shares[0], accuracy: 1e-3) }
            XCTAssertEqual(Set(shares.map { Int($0) }).count, 5)
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
