import LinearAlgebra

// Putting tensors together and taking parts of them, along one axis. Each operation sees a tensor as outer x length x inner elements
// around its axis, and copies blocks of whole inner rows.

extension Tensor {
    /// The number of elements outside and inside of an axis.
    private func around(_ axis: Int) -> (outer: Int, inner: Int) {
        (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    }

    /// This shape with another length along `axis`.
    private func shape(with length: Int, along axis: Int) -> [Int] {
        var shape = self.shape
        shape[axis] = length
        return shape
    }

    /// The part of `axis` that `range` names. Along the first axis it shares memory, along others it is a copy.
    public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "sliced")
        let length = shape[axis]
        precondition(
            range.lowerBound >= 0 && range.upperBound <= length,
            "sliced: found the range \(range) for the axis \(axis) of \(shape), expected it within 0..<\(length)")
        return elements(in: Window([AxisPart](repeating: (0...).axisPart, count: axis) + [range.axisPart], of: shape, "sliced"))
    }

    /// Longer along `axis` by elements of the value `value` on both sides.
    public func padded(axis: Int, before: Int, after: Int, with value: Scalar = 0) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "padded")
        precondition(before >= 0 && after >= 0, "padded: found \(before) elements before and \(after) after, expected no negative number")
        let length = shape[axis]
        let (outer, inner) = around(axis)
        let paddedLength = before + length + after
        let result = Tensor(repeating: value, shape: shape(with: paddedLength, along: axis))
        copyBlocks(
            count: outer, size: length * inner, from: base, stride: length * inner, to: result.base + before * inner,
            stride: paddedLength * inner)
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { $0.sliced(axis: axis, before..<before + length) }
    }

    /// The parts of `axis` at `indices`, in that order; each index may appear any number of times.
    public func gathered(axis: Int, _ indices: [Int]) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "gathered")
        let length = shape[axis]
        precondition(
            indices.allSatisfy { $0 >= 0 && $0 < length },
            "gathered: found an index outside of 0..<\(length), the axis \(axis) of the shape \(shape)")
        let (outer, inner) = around(axis)
        let result = Tensor(uninitialized: shape(with: indices.count, along: axis))
        takeBlocks(base, at: indices, outer: outer, length: length, inner: inner, to: result.base)
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { $0.scattered(axis: axis, indices, length: length) }
    }

    /// The adjoint of `gathered`: a tensor with `length` places along `axis`, 0 but for the sums of this tensor's parts that go to each; part i goes
    /// to place `indices[i]`.
    public func scattered(axis: Int, _ indices: [Int], length: Int) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "scattered")
        precondition(
            indices.count == shape[axis] && indices.allSatisfy { $0 >= 0 && $0 < length },
            "scattered: found \(indices.count) indices for the axis \(axis) of the shape \(shape), expected one for each of its places, within "
                + "0..<\(length)")
        let (outer, inner) = around(axis)
        let result = Tensor.zeros(shape(with: length, along: axis))
        addBlocks(base, at: indices, outer: outer, length: length, inner: inner, to: result.base)
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { $0.gathered(axis: axis, indices) }
    }

    /// Each place along `axis` `times` times in a row.
    public func repeated(axis: Int, _ times: Int) -> Tensor {
        let length = shape[resolvedAxis(axis, rank: rank, "repeated")]
        precondition(times >= 0, "repeated: found \(times) times, expected no negative number")
        return gathered(axis: axis, (0..<length).flatMap { [Int](repeating: $0, count: times) })
    }

    /// Cut along `axis` into parts of the given lengths, which add up to its own. Parts of the first axis share memory.
    public func split(axis: Int, _ lengths: [Int]) -> [Tensor] {
        let length = shape[resolvedAxis(axis, rank: rank, "split")]
        precondition(
            lengths.allSatisfy { $0 >= 0 } && lengths.reduce(0, +) == length,
            "split: found parts of \(lengths) along the axis \(axis) of \(shape), expected \(length) in all")
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return sliced(axis: axis, start..<start + length)
        }
    }
}

/// Tensors one after the other along `axis`; the lengths of their other axes must agree.
public func concatenate<Scalar: FloatingScalar>(_ tensors: [Tensor<Scalar>], axis: Int) -> Tensor<Scalar> {
    precondition(!tensors.isEmpty, "concatenate: found no tensors, expected at least one")
    let axis = resolvedAxis(axis, rank: tensors[0].rank, "concatenate")
    var shape = tensors[0].shape
    let lengths = tensors.map { tensor in
        var other = tensor.shape
        precondition(other.count > axis, "concatenate: found the shapes \(tensors[0].shape) and \(tensor.shape), expected as many axes")
        other[axis] = shape[axis]
        precondition(
            other == shape,
            "concatenate: found the shapes \(tensors[0].shape) and \(tensor.shape), expected the same but along the axis \(axis)")
        return tensor.shape[axis]
    }
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    shape[axis] = lengths.reduce(0, +)
    let result = Tensor<Scalar>(uninitialized: shape)
    var starts: [Int] = []
    var start = 0
    for (tensor, length) in zip(tensors, lengths) {
        copyBlocks(
            count: outer, size: length * inner, from: tensor.base, stride: length * inner, to: result.base + start * inner,
            stride: shape[axis] * inner)
        starts.append(start)
        start += length
    }
    withExtendedLifetime(tensors) {}
    return result.recorded(from: tensors) { [starts] cotangent, isNeeded in
        isNeeded.indices.map { isNeeded[$0] ? cotangent.sliced(axis: axis, starts[$0]..<starts[$0] + lengths[$0]) : nil }
    }
}

/// Tensors of one shape side by side along a new axis, which is axis number `axis` of the result.
public func stack<Scalar: FloatingScalar>(_ tensors: [Tensor<Scalar>], axis: Int = 0) -> Tensor<Scalar> {
    concatenate(tensors.map { $0.expanded(axis: axis) }, axis: axis)
}

/// Copies `count` blocks of `size` elements, which lie `stride` elements apart.
private func copyBlocks<Scalar: FloatingScalar>(
    count: Int, size: Int, from source: UnsafePointer<Scalar>, stride sourceStride: Int, to target: UnsafeMutablePointer<Scalar>,
    stride targetStride: Int
) {
    Threads.forEachPiece(of: count, size: max(1, pieceSize / max(1, size))) { piece in
        for i in piece { (target + i * targetStride).initialize(from: source + i * sourceStride, count: size) }
    }
}

/// Of `blocks` as outer x length x inner: the rows at `indices` of each outer place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func takeBlocks<Scalar: FloatingScalar>(
    _ blocks: UnsafePointer<Scalar>, at indices: [Int], outer: Int, length: Int, inner: Int, to result: UnsafeMutablePointer<Scalar>
) {
    Threads.forEachPiece(of: outer * indices.count, size: max(1, pieceSize / max(1, inner))) { piece in
        for place in piece {
            let (o, i) = place.quotientAndRemainder(dividingBy: indices.count)
            let (block, taken) = (blocks + (o * length + indices[i]) * inner, result + place * inner)
            for k in 0..<inner { taken[k] = block[k] }
        }
    }
}

/// The adjoint of `takeBlocks`: adds each row to where it was taken from.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addBlocks<Scalar: FloatingScalar>(
    _ blocks: UnsafePointer<Scalar>, at indices: [Int], outer: Int, length: Int, inner: Int, to sums: UnsafeMutablePointer<Scalar>
) {
    // An index may come twice, so that only the outer places are independent of each other.
    Threads.forEachPiece(of: outer, size: max(1, pieceSize / max(1, indices.count * inner))) { piece in
        for o in piece {
            for (i, index) in indices.enumerated() {
                let (block, sum) = (blocks + (o * indices.count + i) * inner, sums + (o * length + index) * inner)
                for k in 0..<inner { sum[k] += block[k] }
            }
        }
    }
}
