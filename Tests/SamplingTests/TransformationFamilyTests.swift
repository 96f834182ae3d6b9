import Foundation
import Sampling
import TestSupport
import Tensors
import XCTest

final class TransformationFamilyTests: XCTestCase {
    func testZeroIsTheIdentity() {
        for family in TransformationFamily.allCases {
            let zero = [Double](repeating: 0, count: family.parameterCount)
            XCTAssertEqual(family.matrix(zero), .identity, "\(family)")
            XCTAssertEqual(family.parameters(nearestTo: .identity), zero, "\(family)")
        }
    }

    /// Angles from right to down, scales as powers of two before the turn, translations after it.
    func testWhatTheParametersMean() {
        assertClose(TransformationFamily.translation.matrix([3, 4]), .translation(3, 4))
        assertClose(
            TransformationFamily.euclidean.matrix([.pi / 2, 3, 4]), Matrix3([0, -1, 3, 1, 0, 4, 0, 0, 1]))
        assertClose(
            TransformationFamily.similarity.matrix([.pi / 2, -1, 3, 4]), Matrix3([0, -0.5, 3, 0.5, 0, 4, 0, 0, 1]))
        assertClose(
            TransformationFamily.rotationScaleTranslation.matrix([.pi / 2, 1, -1, 3, 4]), Matrix3([0, -0.5, 3, 2, 0, 4, 0, 0, 1]))
        assertClose(TransformationFamily.affine.matrix([1, 2, 3, 4, 5, 6]), Matrix3([2, 2, 3, 4, 6, 6, 0, 0, 1]))
        assertClose(TransformationFamily.homography.matrix([1, 2, 3, 4, 5, 6, 7, 8]), Matrix3([2, 2, 3, 4, 6, 6, 7, 8, 1]))
    }

    func testParametersToMatrixAndBack() throws {
        for family in TransformationFamily.allCases {
            for seed in 1...20 {
                var parameters = family.randomParameters(seed: UInt64(seed))
                if family.firstIsAngle { parameters[0] *= 5 }  // up to 2.5: turned by more than a right angle
                for factor in [1, -2.5] {
                    let matrix = Matrix3(family.matrix(parameters).elements.map { $0 * factor })
                    let found = try XCTUnwrap(family.parameters(nearestTo: matrix), "\(family)")
                    assertClose(Tensor(found), Tensor(parameters), tolerance: 1e-12, "\(family)")
                }
            }
        }
    }

    func testMatrixDerivatives() {
        for family in TransformationFamily.allCases {
            let parameters = family.randomParameters(seed: 3)
            let derivatives = family.matrixDerivatives(parameters)
            XCTAssertEqual(derivatives.count, family.parameterCount)
            for (i, derivative) in derivatives.enumerated() {
                func moved(_ step: Double) -> [Double] {
                    var moved = parameters
                    moved[i] += step
                    return family.matrix(moved).elements
                }
                let expected = zip(moved(1e-6), moved(-1e-6)).map { ($0 - $1) / 2e-6 }
                assertClose(derivative, Matrix3(expected), tolerance: 1e-9, "\(family), parameter \(i)")
            }
        }
    }

    /// No other parameters give a matrix that is nearer.
    func testNearest() throws {
        for family in TransformationFamily.allCases {
            for seed in 1...10 {
                var source = RandomSource(seed: UInt64(seed))
                var matrix = family.matrix(family.randomParameters(seed: UInt64(seed)))
                for i in 0..<6 { matrix.elements[i] += .random(in: -0.3...0.3, using: &source) }
                let found = try XCTUnwrap(family.parameters(nearestTo: matrix))
                let distance = squaredDistance(family.matrix(found), matrix)
                let others = (0..<300).map { _ in
                    let size = pow(10, Double.random(in: -4...0, using: &source))
                    let other = found.map { $0 + size * .random(in: -1...1, using: &source) }
                    return squaredDistance(family.matrix(other), matrix)
                }
                XCTAssertGreaterThanOrEqual(others.min()!, distance - 1e-12, "\(family), \(seed)")
            }
        }
    }

    func testNothingIsNear() {
        let singular = [Matrix3([1, 2, 0, 2, 4, 0, 0, 0, 1]), .scaling(0, 1), .scaling(0, 0), Matrix3([1, 0, 0, 0, 1, 0, 0, 0, 0])]
        let notFinite = [0, 4, 8].flatMap { place in
            [Double.nan, .infinity].map { value in
                var matrix = Matrix3.identity
                matrix.elements[place] = value
                return matrix
            }
        }
        let withoutLastElement = Matrix3([0, 0, 1, 0, 1, 0, 1, 0, 0])
        for family in TransformationFamily.allCases {
            for matrix in singular + notFinite + [withoutLastElement] {
                XCTAssertNil(family.parameters(nearestTo: matrix), "\(family), \(matrix.elements)")
            }
            let canMirror = [.translation, .affine, .homography].contains(family)
            for matrix in [Matrix3.scaling(-1, 1), .scaling(1, -1) * .rotation(1)] {
                XCTAssertEqual(family.parameters(nearestTo: matrix) != nil, canMirror, "\(family), \(matrix.elements)")
            }
            XCTAssertNotNil(family.parameters(nearestTo: .scaling(-1, -1)), "\(family): half a turn")
        }
    }

    private func squaredDistance(_ a: Matrix3, _ b: Matrix3) -> Double {
        zip(a.elements, b.elements).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    }
}

final class Matrix3Tests: XCTestCase {
    func testProductsAndInverses() throws {
        var source = RandomSource(seed: 1)
        for _ in 0..<20 {
            let (a, b) = (source.matrix(scale: 1, perspective: 0.2), source.matrix(scale: 0.5, perspective: 0.2))
            let (x, y) = (Double.random(in: -1...1, using: &source), Double.random(in: -1...1, using: &source))
            let inner = b.apply(x, y)
            let (both, chained) = ((a * b).apply(x, y), a.apply(inner.x, inner.y))
            XCTAssertEqual(both.x, chained.x, accuracy: 1e-12)
            XCTAssertEqual(both.y, chained.y, accuracy: 1e-12)
            let inverse = try XCTUnwrap(a.inverse)
            assertClose(inverse * a, .identity, tolerance: 1e-12)
            assertClose(a * inverse, .identity, tolerance: 1e-12)
            XCTAssertEqual((a * b).determinant, a.determinant * b.determinant, accuracy: 1e-12)
        }
        // Small is not singular.
        assertClose(try XCTUnwrap(Matrix3.scaling(1e-3, 1e-3).inverse), .scaling(1e3, 1e3), tolerance: 1e-12)
        // Of pixels far away, and of the rows of tiny units.
        assertClose(try XCTUnwrap(Matrix3.translation(1e6, -5e4).inverse), .translation(-1e6, 5e4), tolerance: 1e-9)
        let far = Matrix3.translation(3e5, -2e5) * .rotation(0.3) * .scaling(1e-3, 1e3)
        let back = try XCTUnwrap(far.inverse).apply(far.apply(12, -7).x, far.apply(12, -7).y)
        XCTAssertEqual(back.x, 12, accuracy: 1e-6)
        XCTAssertEqual(back.y, -7, accuracy: 1e-6)
        XCTAssertNil(Matrix3([1, 2, 3, 2, 4, 6, 0, 0, 1]).inverse)
        XCTAssertNil(Matrix3([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]).inverse)
        XCTAssertNil(Matrix3([1e200, 0, 0, 0, 1e200, 0, 0, 0, 1]).inverse)
    }

    func testCornerDistance() {
        XCTAssertEqual(Matrix3.identity.cornerDistance(to: .translation(3, 4)), 5, accuracy: 1e-15)
        XCTAssertEqual(Matrix3.identity.cornerDistance(to: .scaling(2, 2)), 2.0.squareRoot(), accuracy: 1e-15)
    }
}

extension TransformationFamily {
    /// Within 0.5 of zero.
    func randomParameters(seed: UInt64) -> [Double] { randomTensor([parameterCount], in: -0.5..<0.5, seed: seed).scalars }

    fileprivate var firstIsAngle: Bool { [.euclidean, .similarity, .rotationScaleTranslation].contains(self) }
}

func assertClose(
    _ found: Matrix3, _ expected: Matrix3, tolerance: Double = 1e-14, _ message: String = "", file: StaticString = #filePath,
    line: UInt = #line
) {
    assertClose(Tensor(found.elements), Tensor(expected.elements), tolerance: tolerance, message, file: file, line: line)
}
