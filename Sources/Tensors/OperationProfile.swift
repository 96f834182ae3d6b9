/// Where the time of a computation and of its way back goes, by operation: what `valueWithGradient(at:profile:of:)` adds to.
public struct OperationProfile: Sendable {
    /// What is told apart: operations of one name on operands of the same shapes are one.
    public struct Operation: Hashable, Sendable {
        /// Of the function.
        public var name: String
        /// The shapes of its operands.
        public var operands: [[Int]]
        /// The shape of its result.
        public var result: [Int]
    }

    /// What a pass takes at least, however it is computed.
    public struct Work: Hashable, Sendable {
        /// Products that are added up.
        public var products: Double
        /// Of operands and results, each read or written once.
        public var bytes: Double

        static func += (a: inout Work, b: Work) {
            a.products += b.products
            a.bytes += b.bytes
        }
    }

    /// The sum over all calls of an operation.
    public struct Cost: Sendable {
        /// The number of calls.
        public internal(set) var calls = 0
        /// How long the way forth and the way back took.
        public internal(set) var forward = Duration.zero, backward = Duration.zero
        /// What these take at least.
        public internal(set) var forwardWork = Work(products: 0, bytes: 0), backwardWork = Work(products: 0, bytes: 0)
    }

    /// What has been measured so far.
    public private(set) var costs: [Operation: Cost] = [:]

    /// Nothing yet.
    public init() {}

    /// One call of an operation.
    struct Call: Sendable {
        var operation: Operation
        var forward, backward: Work
    }

    mutating func addForward(_ call: Call, _ time: Duration) {
        costs[call.operation, default: Cost()].calls += 1
        costs[call.operation]!.forward += time
        costs[call.operation]!.forwardWork += call.forward
    }

    mutating func addBackward(_ call: Call, _ time: Duration) {
        costs[call.operation, default: Cost()].backward += time
        costs[call.operation]!.backwardWork += call.backward
    }
}

extension OperationProfile? {
    /// The result of something that is no operation on a tape, whose time counts as a way forth; measured where there is a profile.
    ///
    /// - Parameters:
    ///   - name: What it is called.
    ///   - bytes: What it reads and writes at least.
    ///   - body: What is measured.
    package mutating func measure<Result, Failure: Error>(
        _ name: String, bytes: Double = 0, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard self != nil else { return try body() }
        let start = ContinuousClock.now
        let result = try body()
        let call = OperationProfile.Call(
            operation: .init(name: name, operands: [], result: []), forward: .init(products: 0, bytes: bytes),
            backward: .init(products: 0, bytes: 0))
        self!.addForward(call, ContinuousClock.now - start)
        return result
    }
}

extension OperationProfile.Call {
    /// - Parameters:
    ///   - function: The operation's function, as `#function` names it.
    ///   - products: That the way forth adds up.
    ///   - backwardProducts: That the way back does.
    init<Scalar>(
        _ function: StaticString, _ operands: [Tensor<Scalar>], _ result: Tensor<Scalar>, isNeeded: [Bool], products: OperationProducts
    ) {
        let size = Double(MemoryLayout<Scalar>.stride)
        let read = operands.reduce(0) { $0 + Double($1.count) }
        let gradients = zip(operands, isNeeded).reduce(0) { $0 + ($1.1 ? Double($1.0.count) : 0) }
        self.init(
            operation: .init(
                name: String("\(function)".prefix { $0 != "(" }), operands: operands.map(\.shape), result: result.shape),
            forward: .init(products: Double(products.forward), bytes: size * (read + Double(result.count))),
            // The gradient by the result is read, and those by the operands are written; what else is read depends on the operation.
            backward: .init(products: Double(products.backward), bytes: size * (gradients + Double(result.count))))
    }
}

/// How many products an operation adds up on its way forth and on its way back, at least; none of those that are not counted.
public struct OperationProducts: Sendable {
    /// On the way forth.
    public var forward: Int
    /// On the way back, of the gradients that are needed.
    public var backward: Int

    /// - Parameters:
    ///   - forward: On the way forth.
    ///   - backward: On the way back, of the gradients that are needed.
    public init(forward: Int = 0, backward: Int = 0) {
        self.forward = forward
        self.backward = backward
    }
}
