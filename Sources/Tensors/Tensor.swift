import LinearAlgebra

/// An array of `Float` or `Double` of any number of dimensions, row-major: the last axis is contiguous.
///
/// A tensor is a value: copies share memory until one of them is written to. Reshaping and taking ranges along the first axis share
/// memory as well; what else rearranges elements copies them. A tensor without axes (`shape` is `[]`) is a single number.
///
/// Inside of `valueWithGradient(at:of:)` operations on the variables, and on what was computed from them, are recorded for the
/// gradient; everywhere else nothing is recorded.
public struct Tensor<Scalar: FloatingScalar>: Sendable {
    /// The length of each axis, outermost first.
    public let shape: [Int]
    /// The number of elements: the product of `shape`.
    public let count: Int
    var storage: Storage<Scalar>
    let offset: Int
    /// The place of this value on the tape of a gradient in progress.
    var trace: Trace<Scalar>?

    init(shape: [Int], storage: Storage<Scalar>, offset: Int) {
        self.shape = shape
        self.count = shape.product
        self.storage = storage
        self.offset = offset
    }

    /// A tensor whose memory the caller fills through `base`, before anyone else sees it.
    init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "Tensor: found the shape \(shape), expected no negative length")
        self.init(shape: shape, storage: Storage(count: shape.product), offset: 0)
    }

    /// The first element. Valid as long as this tensor is kept alive.
    var base: UnsafeMutablePointer<Scalar> { storage.base + offset }

    /// A tensor whose memory `initialize` fills: it must write every element.
    public init(shape: [Int], initializingWith initialize: (UnsafeMutableBufferPointer<Scalar>) throws -> Void) rethrows {
        self.init(uninitialized: shape)
        try initialize(UnsafeMutableBufferPointer(start: storage.base, count: count))
    }

    /// The number of axes.
    public var rank: Int { shape.count }

    /// The elements in row-major order, copied.
    public var scalars: [Scalar] {
        withScalars { source in
            Array(unsafeUninitializedCapacity: count) { array, initialized in
                if let start = array.baseAddress { copyElements(source, to: start) }
                initialized = count
            }
        }
    }

    /// The element of a tensor that has just one.
    public var scalar: Scalar {
        precondition(count == 1, "Tensor.scalar: found the shape \(shape), expected a single element")
        return base[0]
    }

    /// The element at one index an axis; negative ones count from the end. To read or write many, use `withScalars` and `withMutableScalars`.
    public subscript(index: Int...) -> Scalar {
        get { base[position(of: index)] }
        set {
            let position = position(of: index)
            if requiresGradient {
                replace(Window(shape: [], start: position, lengths: [], strides: []), with: Tensor(newValue))
            } else {
                withMutableScalars { $0[position] = newValue }
            }
        }
    }

    private func position(of index: [Int]) -> Int {
        precondition(
            index.count == rank,
            "Tensor subscript: found \(index.count) indices for the shape \(shape), expected one an axis; [\(index), .ellipsis] is a part")
        var position = 0
        for (i, length) in zip(index, shape) {
            let place = i < 0 ? i + length : i
            precondition(place >= 0 && place < length, "Tensor subscript: found the index \(index) for the shape \(shape)")
            position = position * length + place
        }
        return position
    }

    /// Calls `body` with the elements in row-major order.
    public func withScalars<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: base, count: count))
    }

    /// Calls `body` with the elements to change in place, after a copy where the memory is shared. Not recorded for gradients:
    /// the result is a constant.
    public mutating func withMutableScalars<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if !isKnownUniquelyReferenced(&storage) || !storage.isOwn {
            self = Tensor(shape: shape) { copy in withScalars { copyElements($0, to: copy.baseAddress!) } }
        }
        trace = nil
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: base, count: count))
    }

    /// The same elements under another shape; one length may be -1 and is then inferred. Shares memory.
    public func reshaped(_ newShape: [Int]) -> Tensor {
        var shape = newShape
        if let free = shape.firstIndex(of: -1) {
            let others = shape.reduce(-1, *)
            shape[free] = others == 0 ? 0 : count / others
        }
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.product == count,
            "reshaped: found \(self.shape), which does not have as many elements as \(newShape)")
        let original = self.shape
        return Tensor(shape: shape, storage: storage, offset: offset)
            .recorded(from: self) { $0.reshaped(original) }
    }

    /// The same elements in another floating-point type; a constant for gradients.
    @specialized(where Scalar == Float, Other == Double)
    @specialized(where Scalar == Double, Other == Float)
    public func cast<Other: FloatingScalar>(to type: Other.Type) -> Tensor<Other> {
        if let same = stopGradient() as? Tensor<Other> { return same }
        let result = Tensor<Other>(uninitialized: shape)
        let (out, source) = (result.base, base)
        Threads.forEachPiece(of: count, size: pieceSize) { piece in
            for i in piece { out[i] = Other(source[i]) }
        }
        withExtendedLifetime(self) {}
        return result
    }
}

extension Tensor: Equatable {
    /// Whether the shapes and all elements are equal; like for numbers, a NaN equals nothing.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        a.shape == b.shape && a.withScalars { a in b.withScalars { b in areEqual(a, b) } }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func areEqual<Scalar: FloatingScalar>(_ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>) -> Bool {
    for i in 0..<a.count where a[i] != b[i] { return false }
    return true
}
