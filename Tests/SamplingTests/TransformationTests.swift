import Foundation
import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

private let wide = Frame(sourceAspect: 1.5, targetAspect: 0.6)

final class TransformationTests: XCTestCase {
    func testIdentity() {
        for family in TransformationFamily.allCases {
            let identities = Transformation<Float>.identity(family, count: 3)
            XCTAssertEqual(identities.count, 3)
            XCTAssertEqual(identities.matrix(2), .identity)
            XCTAssertEqual(identities.matrices.scalars, (0..<3).flatMap { _ in Matrix3.identity.elements.map { Float($0) } })
        }
    }

    func testMatricesAreThoseOfTheParameters() throws {
        for family in TransformationFamily.allCases {
            for frame in [Frame.square, wide] {
                let transformation = random(family, frame, seed: 1)
                for index in 0..<transformation.count {
                    let row = Array(transformation.parameters.scalars[(index * family.parameterCount)...].prefix(family.parameterCount))
                    let matrix = transformation.matrix(index)
                    XCTAssertEqual(Array(transformation.matrices.scalars[(9 * index)...].prefix(9)), matrix.elements)
                    assertClose(frame.denormalized(matrix), family.matrix(row), "\(family)")
                    let found = try XCTUnwrap(family.parameters(nearestTo: frame.denormalized(matrix)))
                    assertClose(Tensor(found), Tensor(row), tolerance: 1e-12, "\(family)")
                }
            }
        }
    }

    /// In units of half the height a Euclidean transformation keeps distances, whatever the images' shapes.
    func testFrameKeepsDistances() {
        let transformation = random(.euclidean, wide, seed: 2)
        let points = [(-1.0, -1.0), (1, -0.5), (0.25, 1)]
        for (x, y) in points {
            for (x2, y2) in points {
                let (p, q) = (transformation.matrix(0).apply(x, y), transformation.matrix(0).apply(x2, y2))
                XCTAssertEqual(hypot(1.5 * (p.x - q.x), p.y - q.y), hypot(0.6 * (x - x2), y - y2), accuracy: 1e-12)
            }
        }
    }

    func testPointDerivatives() {
        for family in TransformationFamily.allCases {
            for frame in [Frame.square, wide] {
                let transformation = random(family, frame, seed: 3)
                for (index, x, y) in [(0, 0.0, 0.0), (1, -0.7, 0.4), (2, 1, -1)] {
                    let found = transformation.pointDerivatives(index, x: x, y: y)
                    XCTAssertEqual(found.count, family.parameterCount)
                    for (i, derivative) in found.enumerated() {
                        func moved(_ step: Double) -> (x: Double, y: Double) {
                            var parameters = transformation.parameters
                            parameters.withMutableScalars { $0[index * family.parameterCount + i] += step }
                            return Transformation(family, parameters: parameters, frame: frame).matrix(index).apply(x, y)
                        }
                        let (high, low) = (moved(1e-6), moved(-1e-6))
                        XCTAssertEqual(derivative.u, (high.x - low.x) / 2e-6, accuracy: 1e-8, "\(family), parameter \(i)")
                        XCTAssertEqual(derivative.v, (high.y - low.y) / 2e-6, accuracy: 1e-8, "\(family), parameter \(i)")
                    }
                }
            }
        }
    }

    func testInverse() throws {
        for family in TransformationFamily.allCases {
            for frame in [Frame.square, wide] {
                let transformation = random(family, frame, seed: 4)
                let inverse = try XCTUnwrap(transformation.inverse)
                XCTAssertEqual(inverse.family, family == .rotationScaleTranslation ? .affine : family)
                XCTAssertEqual(inverse.frame, Frame(sourceAspect: frame.targetAspect, targetAspect: frame.sourceAspect))
                for index in 0..<transformation.count {
                    assertProportional(inverse.matrix(index) * transformation.matrix(index), .identity, "\(family)")
                }
            }
        }
        let singular = Tensor([0, 0, 0, 0, 0, 0, -1, 0, 0, 0, -1, 0], shape: [2, 6])
        XCTAssertNil(Transformation(.affine, parameters: singular).inverse)
        XCTAssertNil(Transformation(.euclidean, parameters: Tensor([.nan, 0, 0], shape: [1, 3])).inverse)
    }

    func testComposition() throws {
        let chain: [TransformationFamily] = [.translation, .euclidean, .similarity, .affine, .homography]
        func rank(_ family: TransformationFamily) -> Int { chain.firstIndex(of: family == .rotationScaleTranslation ? .affine : family)! }
        for outer in TransformationFamily.allCases {
            for inner in TransformationFamily.allCases {
                for (a, b) in [(Frame.square, Frame.square), (wide, Frame(sourceAspect: 0.6, targetAspect: 2))] {
                    let (first, second) = (random(inner, b, seed: 5), random(outer, a, seed: 6))
                    let composed = try XCTUnwrap(second.composed(after: first))
                    XCTAssertEqual(composed.family, chain[max(rank(outer), rank(inner))], "\(outer) after \(inner)")
                    XCTAssertEqual(composed.frame, Frame(sourceAspect: a.sourceAspect, targetAspect: b.targetAspect))
                    for index in 0..<composed.count {
                        assertProportional(composed.matrix(index), second.matrix(index) * first.matrix(index), "\(outer) after \(inner)")
                    }
                }
            }
        }
        let singular = Transformation(.affine, parameters: Tensor([-1, 0, 0, 0, 0, 0], shape: [1, 6]))
        XCTAssertNil(singular.composed(after: .identity(.translation)))
    }

    private func random(_ family: TransformationFamily, _ frame: Frame, seed: UInt64) -> Transformation<Double> {
        let parameters = (0..<3).flatMap { family.randomParameters(seed: 10 * seed + $0) }
        return Transformation(family, parameters: Tensor(parameters, shape: [3, family.parameterCount]), frame: frame)
    }

    /// Homogeneous matrices that map alike.
    private func assertProportional(_ found: Matrix3, _ expected: Matrix3, _ message: String, line: UInt = #line) {
        func scaled(_ matrix: Matrix3) -> Matrix3 { Matrix3(matrix.elements.map { $0 / matrix[2, 2] }) }
        assertClose(scaled(found), scaled(expected), tolerance: 1e-10, message, line: line)
    }
}
