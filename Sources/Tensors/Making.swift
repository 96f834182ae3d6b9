import LinearAlgebra

// Tensors from numbers, from arrays, and from memory of others.

extension Tensor {
    /// The elements in row-major order; their number must be the product of `shape`.
    public init(_ scalars: [Scalar], shape: [Int]) {
        precondition(
            scalars.count == shape.product, "Tensor: found \(scalars.count) elements for the shape \(shape)")
        self.init(uninitialized: shape)
        scalars.withUnsafeBufferPointer { copyElements($0, to: base) }
    }

    /// A tensor of one axis.
    public init(_ scalars: [Scalar]) { self.init(scalars, shape: [scalars.count]) }

    /// A tensor without axes.
    public init(_ scalar: Scalar) { self.init(repeating: scalar, shape: []) }

    /// Every element the same.
    public init(repeating value: Scalar, shape: [Int]) {
        self.init(uninitialized: shape)
        fill(base, count, with: value)
    }

    /// All zeros.
    public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }
    /// All ones.
    public static func ones(_ shape: [Int]) -> Tensor { Tensor(repeating: 1, shape: shape) }

    /// A matrix from its rows, which must be of one length.
    public init(_ rows: [[Scalar]]) {
        let columns = rows.first?.count ?? 0
        precondition(rows.allSatisfy { $0.count == columns }, "Tensor: found rows of \(rows.map(\.count)) elements, expected one length")
        self.init(rows.flatMap { $0 }, shape: [rows.count, columns])
    }

    /// A tensor of three axes from its matrices, which must be of one shape.
    public init(_ matrices: [[[Scalar]]]) {
        self = matrices.isEmpty ? .zeros([0, 0, 0]) : stack(matrices.map { Tensor($0) })
    }

    /// The rows of a matrix, copied.
    public var rows: [[Scalar]] {
        precondition(rank == 2, "rows: found the shape \(shape), expected a matrix")
        let scalars = scalars
        return (0..<shape[0]).map { Array(scalars[($0 * shape[1])..<(($0 + 1) * shape[1])]) }
    }

    /// `count` numbers at even distances from the first to the last; of a single one the first.
    public static func evenlySpaced(from first: Scalar, through last: Scalar, count: Int) -> Tensor {
        precondition(count >= 0, "evenlySpaced: found a count of \(count), expected no negative one")
        // From both ends, so that the last one is exact.
        let step = count > 1 ? (last - first) / Scalar(count - 1) : 0
        return Tensor(
            (0..<count).map { 2 * $0 < count ? first + Scalar($0) * step : last - Scalar(count - 1 - $0) * step })
    }

    /// 0, 1, 2 and so on, `count` of them.
    public static func indices(_ count: Int) -> Tensor { Tensor((0..<count).map { Scalar($0) }) }

    /// The square matrix with ones along its diagonal, and else zeros.
    public static func identity(_ size: Int) -> Tensor {
        var result = zeros([size, size])
        result.withMutableScalars { for i in 0..<size { $0[i * size + i] = 1 } }
        return result
    }

    /// The elements where they are, in memory of the caller's: without a copy, until this tensor, or another that shares its memory, is written
    /// to.
    ///
    /// - Parameters:
    ///   - elements: In row-major order, as many as `shape` says. They must not change while a tensor is on them.
    ///   - shape: The length of each axis.
    ///   - release: Called once, on any thread, when no tensor uses the memory any more.
    public init(
        sharing elements: UnsafeBufferPointer<Scalar>, shape: [Int], release: @escaping @Sendable () -> Void
    ) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && elements.count == shape.product,
            "Tensor: found \(elements.count) shared elements for the shape \(shape)")
        self.init(shape: shape, storage: Storage(sharing: elements, release: release), offset: 0)
    }
}
