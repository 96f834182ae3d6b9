import CWarpKernels
import LinearAlgebra
import Registration
import TestSupport
import Tensors
import XCTest

/// Gain and bias projected out of the sums of a tile, against a least squares of all pixels at once.
final class ProjectionTests: XCTestCase {
    func testSystemAsByAllPixelsAtOnce() {
        let count = 40
        var seed: UInt64 = 0
        func numbers(_ low: Double, _ high: Double) -> [Double] {
            seed += 1
            return (randomTensor([count], in: low..<high, seed: seed) as Tensor<Double>).scalars
        }
        let (x, y, s, w) = (numbers(-1, 1), numbers(-1, 1), numbers(0, 1), numbers(0.2, 1))
        let noise = numbers(-0.1, 0.1)
        let t = (0..<count).map { 0.3 - 0.7 * s[$0] + noise[$0] }
        let abc = [numbers(-1, 1), numbers(-1, 1), numbers(-1, 1)]
        var sums: [Double] = []
        func add(_ value: (Int) -> Double) { sums.append((0..<count).reduce(0) { $0 + w[$1] * value($1) }) }
        for pair: (Int) -> Double in [{ _ in 1 }, { s[$0] }, { t[$0] }, { s[$0] * s[$0] }, { s[$0] * t[$0] }, { t[$0] * t[$0] }] {
            add(pair)
        }
        let one = [Double](repeating: 1, count: count)
        for i in 0..<3 {
            for factor in [one, s, t] { for place in [x, y, one] { add { abc[i][$0] * factor[$0] * place[$0] } } }
            for j in i..<3 {
                for (p, q) in [(x, x), (x, y), (x, one), (y, y), (y, one), (one, one)] { add { abc[i][$0] * abc[j][$0] * p[$0] * q[$0] } }
            }
        }
        XCTAssertEqual(sums.count, Int(warp_pair_moments))
        let moments = PairMoments(sums[...], noiseFloor: 0)

        // The best gain and bias, by Cramer's rule, and what they leave.
        func dot(_ a: [Double], _ b: [Double]) -> Double { (0..<count).reduce(0) { $0 + w[$1] * a[$1] * b[$1] } }
        func fit(_ v: [Double]) -> (Double, Double) {
            let determinant = dot(s, s) * dot(one, one) - dot(s, one) * dot(s, one)
            let gain = (dot(s, v) * dot(one, one) - dot(s, one) * dot(one, v)) / determinant
            return (gain, (dot(s, s) * dot(one, v) - dot(s, one) * dot(s, v)) / determinant)
        }
        func rest(_ v: [Double]) -> [Double] {
            let (gain, bias) = fit(v)
            return (0..<count).map { v[$0] - gain * s[$0] - bias }
        }
        let (gain, bias) = fit(t)
        XCTAssertEqual(moments.gain, gain, accuracy: 1e-12)
        XCTAssertEqual(moments.bias, bias, accuracy: 1e-12)
        let residual = rest(t)
        XCTAssertEqual(moments.rest, dot(residual, residual), accuracy: 1e-12)
        let variance = dot(residual, residual) / dot(one, one)
        XCTAssertEqual(moments.variance, variance, accuracy: 1e-12)

        var system = PairSystem()
        moments.add(to: &system)
        let slopes = (0..<9).map { k in (0..<count).map { gain * abc[k / 3][$0] * [x, y, one][k % 3][$0] } }
        for k in 0..<9 {
            XCTAssertEqual(system.gradient[k], dot(slopes[k], residual) / variance, accuracy: 1e-9)
            for l in 0..<9 {
                XCTAssertEqual(system.curvature[9 * k + l], dot(slopes[k], rest(slopes[l])) / variance, accuracy: 1e-9, "\(k), \(l)")
            }
        }
    }
}
