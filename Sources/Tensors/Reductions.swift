import CWarpKernels
import LinearAlgebra

// Sums, extremes and what is made of them, over some axes.
//
// An addend passes through few additions, and always the same ones: chunks of a fixed length are summed, then their sums in the same
// way. So the rounding errors stay small, and do not depend on the number of threads.

/// Flags the axes named; negative ones count from the end.
private func flagged(_ axes: [Int], rank: Int, _ operation: String) -> [Bool] {
    var flags = [Bool](repeating: false, count: rank)
    for axis in axes {
        let axis = resolvedAxis(axis, rank: rank, operation)
        precondition(!flags[axis], "\(operation): found the axes \(axes), expected each once")
        flags[axis] = true
    }
    return flags
}

extension [Int] {
    /// This shape after a reduction over the flagged axes.
    fileprivate func reduced(_ isReduced: [Bool], keepingAxes: Bool) -> [Int] {
        keepingAxes ? zip(self, isReduced).map { $1 ? 1 : $0 } : zip(self, isReduced).filter { !$1 }.map(\.0)
    }
}

extension Tensor {
    /// Sums over the given axes; negative ones count from the end. The sum of no elements is 0.
    ///
    /// - Parameters:
    ///   - axes: Each once.
    ///   - keepingAxes: Whether these axes stay, with the length 1, so that the result broadcasts against this tensor.
    public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let isSummed = flagged(axes, rank: rank, "sum")
        let (original, kept) = (shape, shape.reduced(isSummed, keepingAxes: true))
        return sumsAlong(isSummed, shape: shape.reduced(isSummed, keepingAxes: keepingAxes))
            .recorded(from: self) { $0.reshaped(kept).broadcast(to: original) }
    }

    /// The sum of all elements, without axes.
    public func sum() -> Tensor { sum(axes: Array(shape.indices)) }

    /// The mean over the given axes, as for `sum(axes:keepingAxes:)`; of no elements NaN.
    public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let sum = sum(axes: axes, keepingAxes: keepingAxes)
        return sum * (Scalar(sum.count) / Scalar(count))
    }

    /// The mean of all elements, without axes; of no elements NaN.
    public func mean() -> Tensor { mean(axes: Array(shape.indices)) }

    /// The mean squared distance from the mean over the given axes (divided by the number of elements, not by one less); of no elements
    /// NaN.
    public func variance(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        (self - mean(axes: axes, keepingAxes: true)).squared().mean(axes: axes, keepingAxes: keepingAxes)
    }

    /// The square root of the variance over the given axes; its gradient is infinite where all elements are equal.
    public func standardDeviation(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        variance(axes: axes, keepingAxes: keepingAxes).sqrt()
    }

    /// Sums over the flagged axes under the shape `shape`; a constant for gradients.
    func sumsAlong(_ isSummed: [Bool], shape: [Int]) -> Tensor {
        var result = Tensor(shape: self.shape, storage: storage, offset: offset)
        // From the innermost run of neighbouring summed axes outwards: the first pass then leaves the least to the next.
        var axis = rank
        var inner = 1
        while axis > 0 {
            axis -= 1
            guard isSummed[axis] else {
                inner *= self.shape[axis]
                continue
            }
            var length = self.shape[axis]
            while axis > 0, isSummed[axis - 1] {
                axis -= 1
                length *= self.shape[axis]
            }
            result = result.sumsOfMiddle(outer: self.shape[..<axis].reduce(1, *), length: length, inner: inner)
        }
        return result.reshaped(shape)
    }

    /// Of the elements as outer x length x inner: the sums over the middle.
    private func sumsOfMiddle(outer: Int, length: Int, inner: Int) -> Tensor {
        let chunk = inner == 1 ? 1024 : 128
        let chunks = Swift.max(1, (length + chunk - 1) / chunk)
        let sums = Tensor(uninitialized: [outer, chunks, inner])
        sumChunks(base, outer: outer, length: length, inner: inner, chunk: chunk, into: sums.base)
        withExtendedLifetime(self) {}
        return chunks == 1 ? sums : sums.sumsOfMiddle(outer: outer, length: chunks, inner: inner)
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func sumChunks<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, outer: Int, length: Int, inner: Int, chunk: Int, into sums: UnsafeMutablePointer<Scalar>
) {
    let chunks = max(1, (length + chunk - 1) / chunk)
    // Long rows are cut as well: there may be few of them, and the sums of a part stay in the cache.
    let part = min(inner, 2048)
    let parts = part == 0 ? 0 : (inner + part - 1) / part
    let size = max(1, pieceSize / max(1, min(chunk, length) * part))
    let (sumRows, sum) = (Scalar.kernels.sum_rows!, Scalar.kernels.sum!)
    Threads.forEachPiece(of: outer * chunks * parts, size: size) { piece in
        for item in piece {
            // With a single part or chunk, as for short rows, a division would take longer than the sum.
            let (group, first) = parts == 1 ? (item, 0) : (item / parts, item % parts * part)
            let (o, row) = chunks == 1 ? (group, 0) : (group / chunks, group % chunks * chunk)
            let (rows, columns) = (min(chunk, length - row), min(part, inner - first))
            let (source, target) = (x + (o * length + row) * inner + first, sums + group * inner + first)
            if inner == 1 {
                sum(rows, source, target)
            } else {
                sumRows(rows, columns, source, inner, target)
            }
        }
    }
}

extension Tensor {
    /// The largest element over the given axes; NaN where one is among them. The gradient goes to the first of several that are
    /// equally large. Negative axes count from the end. There must be an element to each result.
    ///
    /// - Parameters:
    ///   - axes: Each once.
    ///   - keepingAxes: Whether these axes stay, with the length 1.
    public func max(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        extremes("max", axes, keepingAxes: keepingAxes, largest: true)
    }

    /// The largest of all elements, without axes.
    public func max() -> Tensor { max(axes: Array(shape.indices)) }

    /// The smallest element over the given axes, as for `max(axes:keepingAxes:)`.
    public func min(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        extremes("min", axes, keepingAxes: keepingAxes, largest: false)
    }

    /// The smallest of all elements, without axes.
    public func min() -> Tensor { min(axes: Array(shape.indices)) }

    /// Where the first largest element along `axis` stands, for each place along the other axes in row-major order.
    public func argmax(axis: Int) -> [Int] {
        stopGradient().rows("argmax", along: flagged([axis], rank: rank, "argmax")).placesOfExtremes(largest: true)
    }

    /// Where the first smallest element along `axis` stands, as for `argmax(axis:)`.
    public func argmin(axis: Int) -> [Int] {
        stopGradient().rows("argmin", along: flagged([axis], rank: rank, "argmin")).placesOfExtremes(largest: false)
    }

    /// As a matrix with the flagged axes in its rows, which have no extreme where they have no element.
    private func rows(_ operation: String, along isFlagged: [Bool]) -> Tensor {
        let order = shape.indices.filter { !isFlagged[$0] } + shape.indices.filter { isFlagged[$0] }
        let rows = zip(shape, isFlagged).reduce(1) { $1.1 ? $0 : $0 * $1.0 }
        precondition(
            rows == 0 || count > 0,
            "\(operation): found the shape \(shape) without elements along the axes, expected at least one to each result")
        return permuted(order).reshaped([rows, rows == 0 ? 0 : count / rows])
    }

    private func extremes(_ operation: String, _ axes: [Int], keepingAxes: Bool, largest: Bool) -> Tensor {
        let isReduced = flagged(axes, rank: rank, operation)
        let matrix = rows(operation, along: isReduced)
        return matrix.elementOfEachRow(matrix.placesOfExtremes(largest: largest)).reshaped(
            shape.reduced(isReduced, keepingAxes: keepingAxes))
    }

    /// Where the first extreme of each row of a matrix stands in it.
    private func placesOfExtremes(largest: Bool) -> [Int] {
        let (rows, columns, x, find) = (shape[0], shape[1], base, Scalar.kernels.extremes!)
        return [Int](unsafeUninitializedCapacity: rows) { buffer, initialized in
            nonisolated(unsafe) let places = buffer
            Threads.forEachPiece(of: rows, size: Swift.max(1, pieceSize / Swift.max(1, columns))) { piece in
                let first = piece.lowerBound
                find(largest, piece.count, columns, x + first * columns, places.baseAddress! + first)
            }
            withExtendedLifetime(self) {}
            initialized = rows
        }
    }

    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    private func elementOfEachRow(_ places: [Int]) -> Tensor {
        let original = shape
        let columns = shape[1]
        return Tensor(shape: [places.count]) { out in
            withScalars { x in
                for (row, place) in places.enumerated() { out[row] = x[row * columns + place] }
            }
        }.recorded(from: self) { cotangent in
            var gradient = Tensor.zeros(original)
            gradient.withMutableScalars { out in
                cotangent.withScalars { cotangent in
                    for (row, place) in places.enumerated() { out[row * columns + place] = cotangent[row] }
                }
            }
            return gradient
        }
    }
}
