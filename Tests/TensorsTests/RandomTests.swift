import Foundation
import LinearAlgebra
import TestSupport
import Tensors
import XCTest

final class RandomTests: XCTestCase {
    private func normals(_ count: Int, seed: UInt64 = 7, stream: UInt32 = 0) -> [Double] {
        var source = RandomSource(seed: seed, stream: stream)
        return Tensor<Double>.normal([count], from: &source).scalars
    }

    /// Of numbers with the mean 0 and the variance 1, nearly normal itself with the deviation 1 / sqrt(count).
    private func correlation(_ x: some Sequence<Double>, _ y: some Sequence<Double>, _ count: Int) -> Double {
        zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
    }

    /// Random123's published vector for counter 0 and key 0, of which a uniform number has the upper 24 bits.
    func testKnownAnswer() {
        var source = RandomSource(seed: 0, stream: 0)
        let words = Tensor<Double>.uniform([4], from: &source).scalars.map { UInt32($0 * 0x1p24) }
        XCTAssertEqual(words, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8].map { $0 >> 8 })
        var bits = RandomSource(seed: 0, stream: 0)
        XCTAssertEqual(bits.next(), 0x6627e8_e169c5_bc57)
        XCTAssertEqual(bits.position, 3)
    }

    func testMoments() {
        let count = 1 << 20
        let x = normals(count)
        XCTAssertEqual(x.reduce(0, +) / Double(count), 0, accuracy: 4e-3)
        XCTAssertEqual(correlation(x, x, count), 1, accuracy: 6e-3)
        XCTAssertEqual(x.reduce(0) { $0 + $1 * $1 * $1 } / Double(count), 0, accuracy: 0.016)
        XCTAssertEqual(x.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count), 3, accuracy: 0.04)
        for (limit, share) in [(1.0, 0.3173105), (2, 0.0455003), (3, 0.0026998), (4, 0.0000633)] {
            let found = Double(x.filter { abs($0) > limit }.count)
            let expected = share * Double(count)
            XCTAssertEqual(found, expected, accuracy: 4.5 * expected.squareRoot())
        }
        var source = RandomSource(seed: 3)
        let scaled = Tensor<Float>.normal([count], mean: 5, standardDeviation: 0.5, from: &source)
        XCTAssertEqual(scaled.mean().scalar, 5, accuracy: 3e-3)
        XCTAssertEqual(scaled.variance(axes: [0]).scalar, 0.25, accuracy: 2e-3)
    }

    func testIndependence() {
        let count = 1 << 18
        let limit = 4.5 / Double(count).squareRoot()
        let x = normals(count)
        for lag in [1, 2, 3, 4, 5, 8, 64] { XCTAssertLessThan(abs(correlation(x, x.dropFirst(lag), count)), limit, "lag \(lag)") }
        for other in [normals(count, stream: 1), normals(count, seed: 8), normals(count, seed: 7 << 32), normals(count, stream: 1 << 31)] {
            XCTAssertLessThan(abs(correlation(x, other, count)), limit)
        }
    }

    func testUniforms() {
        var source = RandomSource(seed: 1)
        let count = 1 << 20
        let x = Tensor<Float>.uniform([count], in: 1..<2, from: &source)
        XCTAssertGreaterThanOrEqual(x.min().scalar, 1)
        XCTAssertLessThan(x.max().scalar, 2)
        var shares = [Int](repeating: 0, count: 16)
        for element in x.scalars { shares[Int((element - 1) * 16)] += 1 }
        let expected = Double(count) / 16
        // Chi squared with 15 degrees of freedom exceeds 45 once in 10,000 times.
        XCTAssertLessThan(shares.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }, 45)
    }

    func testSameBitsHoweverDrawn() throws {
        let count = 100_003
        func draw() -> [Tensor<Float>] {
            var source = RandomSource(seed: 11, stream: 2)
            return [.normal([count], from: &source), .uniform([count], in: -3..<5, from: &source)]
        }
        let whole = Threads.with(count: 1, draw)
        XCTAssertEqual(Threads.with(count: 2, draw), whole)
        var source = RandomSource(seed: 11, stream: 2)
        var parts: [Tensor<Float>] = []
        for length in [1, 6, 50_000, count - 50_007] {
            parts.append(.normal([length], from: &source))
            source = try JSONDecoder().decode(RandomSource.self, from: JSONEncoder().encode(source))
        }
        XCTAssertEqual(concatenate(parts, axis: 0), whole[0])
        XCTAssertEqual(.uniform([count], in: -3..<5, from: &source), whole[1])
        XCTAssertEqual(source.position, UInt64(2 * count))
    }

    func testGenerator() {
        var (a, b) = (RandomSource(seed: 5), RandomSource(seed: 5))
        let order = (0..<100).shuffled(using: &a)
        XCTAssertEqual(order, (0..<100).shuffled(using: &b))
        XCTAssertNotEqual(order, (0..<100).shuffled(using: &a))
        XCTAssertEqual(order.sorted(), Array(0..<100))
        var ones = [Int](repeating: 0, count: 64)
        for _ in 0..<10_000 {
            let bits = a.next()
            for i in 0..<64 where bits >> UInt64(i) & 1 == 1 { ones[i] += 1 }
        }
        for count in ones { XCTAssertEqual(Double(count), 5000, accuracy: 250) }
    }
}
