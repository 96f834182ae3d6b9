import LinearAlgebra

// Shapes: how broadcasting pairs the elements of two operands, and the two operations that change a shape in the same way, each the
// adjoint of the other: `broadcast(to:)` repeats elements, `summed(to:)` adds them up again.

/// An axis that is counted from the end where it is negative, as one counted from the start.
func resolvedAxis(_ axis: Int, rank: Int, _ operation: String) -> Int {
    precondition(
        axis >= -rank && axis < rank, "\(operation): found the axis \(axis), expected one of a tensor of \(rank) axes")
    return axis < 0 ? axis + rank : axis
}

extension [Int] {
    /// The product of all: the number of elements of a shape.
    var product: Int { reduce(1, *) }
}

/// Elements of a large pass that one thread takes at a time. Fixed, so that results do not depend on the number of threads.
let pieceSize = 32768

/// The elements of two operands that meet at each element of the result, under NumPy's rule: shapes are aligned at their last axes, and
/// an axis of length 1, or a missing one, is repeated - also no times, where the other's length is 0.
///
/// Neighbouring axes along which both operands advance alike are merged. So equal shapes, or a single number as an operand, become one
/// long run, and whatever else is left has an innermost loop over contiguous or constant elements.
struct Broadcast {
    /// The common shape.
    let shape: [Int]
    /// What `a` and `b` advance by within a run: 0 or 1, at least one of them 1.
    var aStep: Int { aStrides.last! }
    var bStep: Int { bStrides.last! }
    private var lengths: [Int] = []
    private var aStrides: [Int] = []
    private var bStrides: [Int] = []

    init(_ operation: String, _ a: [Int], _ b: [Int]) {
        shape = Self.commonShape(operation, a, b)
        // Built from the innermost axis outwards, then reversed.
        var (aStride, bStride) = (1, 1)
        for axis in 1..<(shape.count + 1) {
            let length = shape[shape.count - axis]
            let aLength = axis <= a.count ? a[a.count - axis] : 1
            let bLength = axis <= b.count ? b[b.count - axis] : 1
            guard length != 1 else { continue }
            let (aHere, bHere) = (aLength == 1 ? 0 : aStride, bLength == 1 ? 0 : bStride)
            if let inner = lengths.last, aHere == aStrides.last! * inner, bHere == bStrides.last! * inner {
                lengths[lengths.count - 1] *= length
            } else {
                lengths.append(length)
                aStrides.append(aHere)
                bStrides.append(bHere)
            }
            aStride *= aLength
            bStride *= bLength
        }
        if lengths.isEmpty { (lengths, aStrides, bStrides) = ([1], [1], [1]) }
        lengths.reverse()
        aStrides.reverse()
        bStrides.reverse()
    }

    static func commonShape(_ operation: String, _ a: [Int], _ b: [Int]) -> [Int] {
        if a == b { return a }
        var shape = a.count >= b.count ? a : b
        for axis in 1..<(min(a.count, b.count) + 1) {
            let (aLength, bLength) = (a[a.count - axis], b[b.count - axis])
            precondition(
                aLength == bLength || aLength == 1 || bLength == 1,
                "\(operation): found the shapes \(a) and \(b), expected lengths that agree or are 1")
            shape[shape.count - axis] = aLength == 1 ? bLength : aLength
        }
        return shape
    }

    /// Covers the whole result by runs, from several threads at once; see `forEachRun(in:_:)`.
    func forEachRun(_ body: (_ result: Int, _ a: Int, _ b: Int, _ count: Int) -> Void) {
        Threads.forEachPiece(of: shape.product, size: pieceSize) { forEachRun(in: $0, body) }
    }

    /// Calls `body` for consecutive runs of the result's elements `range`, with where the run starts in the result, in `a` and in `b`.
    func forEachRun(in range: Range<Int>, _ body: (_ result: Int, _ a: Int, _ b: Int, _ count: Int) -> Void) {
        if range.isEmpty { return }
        let inner = lengths.count - 1
        let length = lengths[inner]
        // The place in each outer axis, and where the row starts in the operands.
        var index = [Int](repeating: 0, count: inner)
        var (a, b) = (0, 0)
        var row = range.lowerBound / length
        for axis in stride(from: inner - 1, through: 0, by: -1) {
            index[axis] = row % lengths[axis]
            row /= lengths[axis]
            a += index[axis] * aStrides[axis]
            b += index[axis] * bStrides[axis]
        }
        var position = range.lowerBound
        // Only the first row may start in its middle.
        var skipped = position % length
        while position < range.upperBound {
            let count = min(length - skipped, range.upperBound - position)
            body(position, a + skipped * aStrides[inner], b + skipped * bStrides[inner], count)
            position += count
            skipped = 0
            var axis = inner - 1
            while axis >= 0 {
                index[axis] += 1
                a += aStrides[axis]
                b += bStrides[axis]
                guard index[axis] == lengths[axis] else { break }
                a -= lengths[axis] * aStrides[axis]
                b -= lengths[axis] * bStrides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}

extension Tensor {
    /// Repeats elements to fill a larger shape: axes of length 1, and missing leading ones, are repeated. Copies, unless the shape is
    /// the same.
    public func broadcast(to shape: [Int]) -> Tensor {
        let original = self.shape
        guard shape != original else { return self }
        let runs = Broadcast("broadcast", original, shape)
        precondition(runs.shape == shape, "broadcast: found the shape \(original), which does not repeat to \(shape)")
        return Tensor(shape: shape) { out in withScalars { repeatElements($0.baseAddress!, into: out.baseAddress!, runs) } }
            .recorded(from: self) { $0.summed(to: original) }
    }

    /// Adds up what `broadcast(to:)` would repeat: sums over missing leading axes and over those of length 1 in `shape`.
    public func summed(to shape: [Int]) -> Tensor {
        let original = self.shape
        guard shape != original else { return self }
        let leading = original.count - shape.count
        precondition(
            leading >= 0 && zip(shape, original.dropFirst(leading)).allSatisfy { $0 == $1 || $0 == 1 },
            "summed: found the shape \(original), expected one that \(shape) repeats to")
        let isSummed = original.indices.map { $0 < leading || shape[$0 - leading] != original[$0] }
        return sumsAlong(isSummed, shape: shape).recorded(from: self) { $0.broadcast(to: original) }
    }

    /// With one more axis, of length 1, at the place `axis` of the result. Shares memory.
    public func expanded(axis: Int) -> Tensor {
        var shape = self.shape
        shape.insert(1, at: resolvedAxis(axis, rank: rank + 1, "expanded"))
        return reshaped(shape)
    }

    /// Without `axis`, whose length must be 1. Shares memory.
    public func squeezed(axis: Int) -> Tensor {
        var shape = self.shape
        let length = shape.remove(at: resolvedAxis(axis, rank: rank, "squeezed"))
        precondition(length == 1, "squeezed: found the axis \(axis) of \(self.shape), expected a length of 1")
        return reshaped(shape)
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func repeatElements<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Scalar>, _ runs: Broadcast
) {
    runs.forEachRun { position, source, _, count in
        if runs.aStep == 0 {
            fill(out + position, count, with: x[source])
        } else {
            (out + position).initialize(from: x + source, count: count)
        }
    }
}
