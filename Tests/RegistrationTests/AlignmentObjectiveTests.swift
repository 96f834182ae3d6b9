import LinearAlgebra
import Registration
import Sampling
import TestSupport
import Tensors
import XCTest

final class AlignmentObjectiveTests: XCTestCase {
    private let source: Tensor<Double> = randomTensor([1, 3, 9, 12], seed: 1)
    private let target: Tensor<Double> = randomTensor([1, 3, 5, 7], seed: 2)
    private let frame = Frame(sourceAspect: 12.0 / 9, targetAspect: 7.0 / 5)

    private func matrix(_ family: TransformationFamily, _ parameters: [Double]) -> Matrix3 {
        frame.normalized(family.matrix(parameters)) * .scaling(0.5, 0.5)
    }

    private func derivatives(_ family: TransformationFamily, _ parameters: [Double]) -> [Matrix3] {
        family.matrixDerivatives(parameters).map { frame.normalized($0) * .scaling(0.5, 0.5) }
    }

    private func parameters(_ family: TransformationFamily) -> [Double] {
        (randomTensor([family.parameterCount], in: -0.1..<0.1, seed: 3) as Tensor<Double>).scalars
    }

    /// With bilinear sampling the slopes are derivatives, and so the gradient is.
    func testGradientAgreesWithCentralDifferences() {
        let objective = AlignmentObjective(source: source, target: target)
        for family in TransformationFamily.allCases {
            let p = parameters(family)
            let here = objective.evaluate(matrix(family, p), derivatives(family, p), sampler: BilinearSampler(), call: 0)
            XCTAssertEqual(here.overlap, 1)
            for j in p.indices {
                func loss(_ step: Double) -> Double {
                    var moved = p
                    moved[j] += step
                    return objective.evaluate(matrix(family, moved), [], sampler: BilinearSampler(), call: 0).loss
                }
                XCTAssertEqual(2 * here.gradient[j], (loss(1e-6) - loss(-1e-6)) / 2e-6, accuracy: 1e-7, "\(family), parameter \(j)")
            }
        }
    }

    /// Loss, gradient and JᵀJ against a loop over pixels, channels and parameters, with pixels outside of the source.
    func testSumsAgreeWithALoop() {
        for outside in OutsidePixels.allCases { checkSums(outside) }
    }

    private func checkSums(_ outside: OutsidePixels) {
        let objective = AlignmentObjective(source: source, target: target, outside: outside)
        for family in TransformationFamily.allCases {
            let p = parameters(family)
            let m = matrix(family, p) * .scaling(2.6, 2.6)
            let changes = derivatives(family, p).map { $0 * .scaling(2.6, 2.6) }
            let sampler = LinearizedSampler(noise: .seed(5))
            let here = objective.evaluate(m, changes, sampler: sampler, call: 7)
            let samples = sampler.linearization(of: source, at: SamplingGrid<Double>(m, height: 5, width: 7), call: 7)
            var (loss, pixels) = (0.0, 0.0)
            var gradient = [Double](repeating: 0, count: p.count)
            var curvature = [Double](repeating: 0, count: p.count * p.count)
            for y in 0..<5 {
                for x in 0..<7 {
                    let (tx, ty) = ((Double(x) + 0.5) / 3.5 - 1, (Double(y) + 0.5) / 2.5 - 1)
                    let (u, v) = m.apply(tx, ty)
                    guard outside == .counted || abs(u) <= 1 && abs(v) <= 1 else { continue }
                    pixels += 1
                    let moves = changes.map { change -> (Double, Double) in
                        let step = 1e-6
                        let a = Matrix3(zip(m.elements, change.elements).map { $0 + step * $1 }).apply(tx, ty)
                        let b = Matrix3(zip(m.elements, change.elements).map { $0 - step * $1 }).apply(tx, ty)
                        return ((a.x - b.x) / (2 * step), (a.y - b.y) / (2 * step))
                    }
                    for c in 0..<3 {
                        let r = samples.values[0, c, y, x] - target[0, c, y, x]
                        let j = moves.map { samples.slopeU![0, c, y, x] * $0.0 + samples.slopeV![0, c, y, x] * $0.1 }
                        loss += r * r
                        for a in j.indices {
                            gradient[a] += r * j[a]
                            for b in j.indices { curvature[a * p.count + b] += j[a] * j[b] }
                        }
                    }
                }
            }
            if outside == .leftOut { XCTAssert(pixels > 0 && pixels < 35) } else { XCTAssertEqual(pixels, 35) }
            XCTAssertEqual(here.overlap, pixels / 35, accuracy: 1e-15)
            XCTAssertEqual(here.loss, loss / (3 * pixels), accuracy: 1e-12)
            let size = curvature.map(abs).max()! / (3 * pixels)
            for (found, expected) in zip(here.gradient, gradient) { XCTAssertEqual(found, expected / (3 * pixels), accuracy: 1e-7 * size) }
            for (found, expected) in zip(here.curvature, curvature) {
                XCTAssertEqual(found, expected / (3 * pixels), accuracy: 1e-7 * size)
            }
        }
    }
}
