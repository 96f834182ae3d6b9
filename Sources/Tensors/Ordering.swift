import LinearAlgebra

// The order of elements along an axis. Places along it are whole numbers and so no tensor: they stand in a list, in the row-major order of a tensor
// that has as many of them along the axis.

extension Tensor {
    /// Where the elements stand along `axis` when they are sorted: the first place is the smallest one's. Equal elements keep their order, and a
    /// NaN comes after all others.
    ///
    /// - Parameters:
    ///   - axis: Negative ones count from the end.
    ///   - descending: The largest first; a NaN before all others.
    /// - Returns: A list of `count` places, in the row-major order of this tensor's shape.
    public func sortedPlaces(axis: Int, descending: Bool = false) -> [Int] {
        places(axis: axis, count: shape[resolvedAxis(axis, rank: rank, "sortedPlaces")], descending: descending)
    }

    /// The elements in order along `axis`, a NaN after all others (where it is `descending`, before).
    public func sorted(axis: Int, descending: Bool = false) -> Tensor {
        taken(axis: axis, sortedPlaces(axis: axis, descending: descending), count: shape[resolvedAxis(axis, rank: rank, "sorted")])
    }

    /// The `count` largest elements along `axis`, the largest first, and where they stand along it; a NaN is larger than all.
    ///
    /// - Returns: The values, with `count` elements along `axis`, and their places in the same order.
    public func topK(_ count: Int, axis: Int) -> (values: Tensor, places: [Int]) {
        let length = shape[resolvedAxis(axis, rank: rank, "topK")]
        precondition(count >= 0 && count <= length, "topK: found \(count) for the axis \(axis) of \(shape), expected 0 to \(length)")
        let places = places(axis: axis, count: count, descending: true)
        return (taken(axis: axis, places, count: count), places)
    }

    /// The elements at the given places along `axis`, for each place along the other axes its own: what `sortedPlaces` and `topK` give.
    ///
    /// - Parameters:
    ///   - axis: Negative ones count from the end.
    ///   - places: In the row-major order of the result, which has as many along `axis` as the number of places says. A place may come twice.
    ///     For the same places everywhere see `gathered`.
    public func taken(axis: Int, _ places: [Int]) -> Tensor {
        let (length, lines) = (shape[resolvedAxis(axis, rank: rank, "taken")], lines(axis))
        let count = lines == 0 ? 0 : places.count / lines
        precondition(
            count * lines == places.count && places.allSatisfy { $0 >= 0 && $0 < length },
            "taken: found \(places.count) places for the axis \(axis) of \(shape), expected a multiple of \(lines), within 0..<\(length)")
        return taken(axis: axis, places, count: count)
    }

    /// The number of places along the other axes.
    private func lines(_ axis: Int) -> Int {
        var others = shape
        others.remove(at: axis < 0 ? axis + rank : axis)
        return others.product
    }

    private func taken(axis: Int, _ places: [Int], count taken: Int) -> Tensor {
        let axis = axis < 0 ? axis + rank : axis
        let length = shape[axis]
        var shape = self.shape
        shape[axis] = taken
        let (original, inner) = (self.shape, self.shape[(axis + 1)...].reduce(1, *))
        let result = Tensor(uninitialized: shape)
        takeEach(base, places, length: length, taken: taken, inner: inner, into: result.base)
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { cotangent in
            let gradient = Tensor.zeros(original)
            addEach(cotangent.base, places, length: length, taken: taken, inner: inner, into: gradient.base)
            withExtendedLifetime(cotangent) {}
            return gradient
        }
    }

    /// The first `taken` places along `axis` when they are sorted.
    private func places(axis: Int, count taken: Int, descending: Bool) -> [Int] {
        let axis = axis < 0 ? axis + rank : axis
        let (length, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
        let lines = lines(axis)
        return [Int](unsafeUninitializedCapacity: lines * taken) { places, initialized in
            initialized = lines * taken
            guard let places = places.baseAddress, initialized > 0 else { return }
            orderEachLine(base, length: length, taken: taken, inner: inner, lines: lines, descending, into: places)
            withExtendedLifetime(self) {}
        }
    }
}

/// The first `taken` places of each line's elements when they are sorted; lines are `length` elements, `inner` apart.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func orderEachLine<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, length: Int, taken: Int, inner: Int, lines: Int, _ descending: Bool, into places: UnsafeMutablePointer<Int>
) {
    nonisolated(unsafe) let places = places
    Threads.forEachPiece(of: lines, size: max(1, 4096 / length)) { piece in
        withUnsafeTemporaryAllocation(of: Int.self, capacity: length) { buffer in
            var order = buffer
            for line in piece {
                let (outer, column) = line.quotientAndRemainder(dividingBy: inner)
                let x = x + outer * length * inner + column
                for i in 0..<length { order.initializeElement(at: i, to: i) }
                // Equal elements in the order of their places: the same on any machine. A NaN is larger than all.
                order.sort { i, j in
                    let (a, b) = descending ? (x[j * inner], x[i * inner]) : (x[i * inner], x[j * inner])
                    if a != a || b != b { return a == a ? true : b == b ? false : i < j }
                    return a < b || (a == b && i < j)
                }
                for k in 0..<taken { (places + (outer * taken + k) * inner + column).initialize(to: order[k]) }
            }
        }
    }
}

/// The element at each place, of lines of `length` elements `inner` apart.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func takeEach<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, _ places: [Int], length: Int, taken: Int, inner: Int, into out: UnsafeMutablePointer<Scalar>
) {
    Threads.forEachPiece(of: places.count, size: pieceSize) { piece in
        for i in piece { out[i] = x[(i / (taken * inner) * length + places[i]) * inner + i % inner] }
    }
}

/// The adjoint of `takeEach`: adds each element to where it was taken from.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addEach<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, _ places: [Int], length: Int, taken: Int, inner: Int, into sums: UnsafeMutablePointer<Scalar>
) {
    // A place may come twice in a line, so that only outer places are independent of each other.
    let block = taken * inner
    guard block > 0 else { return }
    Threads.forEachPiece(of: places.count / block, size: max(1, pieceSize / block)) { piece in
        for i in piece.lowerBound * block..<piece.upperBound * block { sums[(i / block * length + places[i]) * inner + i % inner] += x[i] }
    }
}
