import LinWarp

/// Many 3x3 systems of the linearized sampler's kind, with one right-hand side: through the batched kernel, or a call of LAPACKE for each matrix.
public final class SolveCase: BenchmarkCase {
    /// Who solves.
    public enum Solver: String {
        case batched, lapack
    }

    private let solver: Solver
    private let count: Int
    private let matrices, vectors: [Float]
    private var a: [Float] = []
    private var b: [Float] = []

    public init(_ solver: Solver, count: Int) {
        self.solver = solver
        self.count = count
        // XᵀX of offsets: positive definite.
        var random = RandomSource(seed: 1)
        let rows = (0..<count).map { _ in (0..<9).map { _ in Float.random(in: -1..<1, using: &random) } }
        // The six entries xx, xy, xz, yy, yz, zz of each.
        let products = rows.map { r in
            func dot(_ i: Int, _ j: Int) -> Float { r[i] * r[j] + r[i + 3] * r[j + 3] + r[i + 6] * r[j + 6] + (i == j ? 0.1 : 0) }
            return [dot(0, 0), dot(0, 1), dot(0, 2), dot(1, 1), dot(1, 2), dot(2, 2)]
        }
        switch solver {
        case .batched: matrices = (0..<6).flatMap { entry in products.map { $0[entry] } }
        case .lapack: matrices = products.flatMap { p in [0, 1, 2, 1, 3, 4, 2, 4, 5].map { p[$0] } }
        }
        vectors = (0..<3 * count).map { _ in Float.random(in: -1..<1, using: &random) }
    }

    public func prepared() -> () -> Void {
        (a, b) = (matrices, vectors)
        // Copied now, not while the clock runs.
        a[0] += 0
        b[0] += 0
        return { [self] in
            do {
                try a.withUnsafeMutableBufferPointer { a in
                    try b.withUnsafeMutableBufferPointer { b in
                        switch solver {
                        case .batched:
                            try solvePositiveDefinite3(count: count, rightHandSides: 1, epsilon: 1e-3, a.baseAddress!, b.baseAddress!)
                        case .lapack: try solvePositiveDefinite(count: count, n: 3, rightHandSides: 1, a.baseAddress!, b.baseAddress!)
                        }
                    }
                }
            } catch { preconditionFailure("\(error)") }
        }
    }
}
