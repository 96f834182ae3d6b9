import LinearAlgebra
import Tensors
import XCTest

/// Uniform random elements: the same for the same shape, range and seed.
public func randomTensor<Scalar: FloatingScalar>(_ shape: [Int], in range: Range<Scalar> = -1..<1, seed: UInt64 = 1) -> Tensor<Scalar> {
    var source = RandomSource(seed: seed)
    return .uniform(shape, in: range, from: &source)
}

/// Fails unless the shapes agree and each element is within `tolerance`, relative to the expected element or to 1.
public func assertClose<Scalar: FloatingScalar>(
    _ found: Tensor<Scalar>, _ expected: Tensor<Scalar>, tolerance: Double, _ message: String = "", file: StaticString = #filePath,
    line: UInt = #line
) {
    guard found.shape == expected.shape else {
        return XCTFail("\(message): found the shape \(found.shape), expected \(expected.shape)", file: file, line: line)
    }
    for (i, (x, y)) in zip(found.scalars, expected.scalars).enumerated() {
        if x == y || (x.isNaN && y.isNaN) || abs(Double(x - y)) <= tolerance * max(1, abs(Double(y))) { continue }
        return XCTFail("\(message): found \(x) at element \(i) of \(found.shape), expected \(y)", file: file, line: line)
    }
}

/// The error that `body` throws, with a message of one line; nil, and a failed test, if it does not.
public func thrownError<Thrown: Error & CustomStringConvertible>(
    _ body: () throws(Thrown) -> Void, file: StaticString = #filePath, line: UInt = #line
) -> Thrown? {
    do throws(Thrown) {
        try body()
        XCTFail("no error", file: file, line: line)
        return nil
    } catch {
        XCTAssertFalse(error.description.contains("\n"), "more than a line: \(error)", file: file, line: line)
        return error
    }
}

/// Every index of a shape, in row-major order: for plain loops to compare with.
public func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { indices, length in indices.flatMap { index in (0..<length).map { index + [$0] } } }
}

extension Tensor {
    /// The element at an index, or at that which broadcasting makes of it.
    public func element(_ index: [Int]) -> Scalar {
        let own = zip(index.suffix(rank), shape).map { $1 == 1 ? 0 : $0 }
        return scalars[zip(own, shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }
}

extension Threads {
    /// `body` with another number of threads.
    public static func with<Result>(count: Int, _ body: () throws -> Result) rethrows -> Result {
        let before = Self.count
        Self.count = count
        defer { Self.count = before }
        return try body()
    }
}
