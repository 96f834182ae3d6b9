import LinearAlgebra
import Synchronization

// Reverse-mode differentiation. A tape exists only while `valueWithGradient` runs: it lists the operations in order, each with the
// function that turns the gradient by its result into the gradients by its inputs. The sweep back releases each entry once it is used,
// one after the other, so that a chain of any length is freed without recursion.

/// The operations recorded during one call of `valueWithGradient`.
final class Tape<Scalar: FloatingScalar>: Sendable {
    typealias Gradient = @Sendable (_ cotangent: Tensor<Scalar>, _ isNeeded: [Bool]) -> [Tensor<Scalar>?]

    struct Entry: Sendable {
        /// Places of the inputs on this tape; nil for an input that is constant.
        var inputs: [Int?]
        var gradient: Gradient
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var isOpen = true
        var measurement: TapeMeasurement?
    }

    private let state: Mutex<State>

    /// - Parameter profile: What the operations' times are added to; nil to measure none.
    init(profile: OperationProfile?) {
        state = Mutex(State(measurement: profile.map { TapeMeasurement(profile: $0) }))
    }

    /// The new entry's place, or nil once the sweep back has begun: what is computed from then on is constant. `call` says what the entry is,
    /// where its time is measured.
    func append(_ entry: Entry, _ call: @autoclosure () -> OperationProfile.Call?) -> Int? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            state.entries.append(entry)
            if state.measurement != nil { state.measurement!.add(call()) }
            return state.entries.count - 1
        }
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Takes all entries and the measurement out and ends recording.
    func close() -> (entries: [Entry], measurement: TapeMeasurement?) {
        state.withLock { state in
            state.isOpen = false
            defer { (state.entries, state.measurement) = ([], nil) }
            return (state.entries, state.measurement)
        }
    }
}

/// The times of the operations on a tape. What happens between one entry and the next is the latter's way forth.
struct TapeMeasurement: Sendable {
    var profile: OperationProfile
    /// One for each entry; nil for variables.
    private var calls: [OperationProfile.Call?] = []
    private var mark = ContinuousClock.now

    init(profile: OperationProfile) { self.profile = profile }

    mutating func add(_ call: OperationProfile.Call?) {
        calls.append(call)
        if let call { profile.addForward(call, ContinuousClock.now - mark) }
        mark = .now
    }

    /// The way back through an entry.
    mutating func measure<Result>(_ place: Int, _ body: () -> Result) -> Result {
        let start = ContinuousClock.now
        let result = body()
        if let call = calls[place] { profile.addBackward(call, ContinuousClock.now - start) }
        return result
    }
}

/// Where a value stands on a tape.
struct Trace<Scalar: FloatingScalar>: Sendable {
    let tape: Tape<Scalar>
    let place: Int
}

extension Tensor {
    /// Whether operations on this tensor are recorded.
    public var requiresGradient: Bool { trace?.tape.isOpen ?? false }

    /// This value as a constant: gradients do not flow through it. What a gradient function captures must be stopped in this way.
    public func stopGradient() -> Tensor {
        var copy = self
        copy.trace = nil
        return copy
    }

    /// The result of a user-defined operation, with its own gradient.
    ///
    /// - Parameters:
    ///   - inputs: What `self` was computed from.
    ///   - name: What an `OperationProfile` calls it.
    ///   - products: How many products it adds up, given for each input whether its gradient is needed: called only for an `OperationProfile`.
    ///   - gradient: Given the gradient of the loss by `self` (of `self`'s shape) and, for each input, whether its gradient is needed,
    ///     returns the gradients by the inputs (each of its input's shape; nil where it is not needed or zero). Whatever tensors it
    ///     captures must come from `stopGradient()`. Not called at all where no input requires a gradient.
    public func recorded(
        from inputs: [Tensor], as name: StaticString = #function,
        products: (_ isNeeded: [Bool]) -> OperationProducts = { _ in OperationProducts() },
        gradient: @escaping @Sendable (_ cotangent: Tensor, _ isNeeded: [Bool]) -> [Tensor?]
    ) -> Tensor {
        var tape: Tape<Scalar>?
        let places = inputs.map { input -> Int? in
            guard let trace = input.trace, trace.tape.isOpen else { return nil }
            precondition(
                tape == nil || tape === trace.tape,
                "recorded: found inputs that belong to two gradients in progress, expected one; use stopGradient() on the outer one's")
            tape = trace.tape
            return trace.place
        }
        func call() -> OperationProfile.Call {
            let isNeeded = places.map { $0 != nil }
            return OperationProfile.Call(name, inputs, self, isNeeded: isNeeded, products: products(isNeeded))
        }
        guard let tape, let place = tape.append(.init(inputs: places, gradient: gradient), call()) else { return stopGradient() }
        var result = self
        result.trace = Trace(tape: tape, place: place)
        return result
    }

    /// An operation of one input: `gradient` maps the gradient by the result to that by the input.
    func recorded(
        from input: Tensor, as name: StaticString = #function, gradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor
    ) -> Tensor {
        guard input.trace != nil else { return self }
        return recorded(from: [input], as: name) { cotangent, _ in [gradient(cotangent)] }
    }

    /// An operation of two inputs: each gradient is computed only where it is needed.
    func recorded(
        from first: Tensor, _ second: Tensor, as name: StaticString = #function,
        products: (_ isNeeded: [Bool]) -> OperationProducts = { _ in OperationProducts() },
        gradients firstGradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor,
        _ secondGradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor
    ) -> Tensor {
        guard first.trace != nil || second.trace != nil else { return self }
        return recorded(from: [first, second], as: name, products: products) { cotangent, isNeeded in
            [isNeeded[0] ? firstGradient(cotangent) : nil, isNeeded[1] ? secondGradient(cotangent) : nil]
        }
    }
}

/// The value of a function of tensors, and the gradients of that value by each of them.
///
/// - Parameters:
///   - variables: Where to evaluate. They are constants to the outside: only inside of `body` do they require gradients.
///   - body: Computes a tensor of one element from the variables.
/// - Returns: The value, and a gradient for each variable, of its shape; zero where the value does not depend on it.
public func valueWithGradient<Scalar: FloatingScalar>(
    at variables: [Tensor<Scalar>], of body: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, gradients: [Tensor<Scalar>]) {
    var profile: OperationProfile?
    return try valueWithGradient(at: variables, profile: &profile, of: body)
}

/// The same, measured.
///
/// - Parameters:
///   - variables: Where to evaluate.
///   - profile: The time of each operation is added to it; nil to measure none. An operation's way forth is what happened since the one
///     before it was recorded, so that what depends on no variable counts for the next one that does.
///   - body: Computes a tensor of one element from the variables.
/// - Returns: The value, and a gradient for each variable: the same bits as unmeasured.
public func valueWithGradient<Scalar: FloatingScalar>(
    at variables: [Tensor<Scalar>], profile: inout OperationProfile?, of body: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, gradients: [Tensor<Scalar>]) {
    var (value, entries, measurement) = try recording(at: variables, profile: profile, body)
    precondition(value.count == 1, "valueWithGradient: found a value of the shape \(value.shape), expected a single element")
    // Given away, so that each entry's memory is free again once it was used.
    let gradients = gradients(by: variables, of: value, .ones(value.shape), consume entries, &measurement)
    profile = measurement?.profile
    return (value.stopGradient(), gradients)
}

/// The value of a function of tensors, and the function that takes a gradient by the value to the gradients by each of them (the product of
/// a vector and the Jacobian).
///
/// - Parameters:
///   - variables: Where to evaluate. They are constants to the outside: only inside of `body` do they require gradients.
///   - body: Computes a tensor of any shape from the variables.
/// - Returns: The value, and the pullback: it takes a tensor of the value's shape and gives one for each variable, of its shape. What the
///   gradients need stays in memory as long as the pullback does.
public func valueWithPullback<Scalar: FloatingScalar>(
    at variables: [Tensor<Scalar>], of body: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, pullback: (_ cotangent: Tensor<Scalar>) -> [Tensor<Scalar>]) {
    let (value, entries, _) = try recording(at: variables, profile: nil, body)
    return (
        value.stopGradient(),
        { cotangent in
            var measurement: TapeMeasurement?
            precondition(
                cotangent.shape == value.shape,
                "pullback: found a gradient of the shape \(cotangent.shape) for a value of \(value.shape), expected the same")
            return gradients(by: variables, of: value, cotangent, entries, &measurement)
        }
    )
}

/// The value, still with its place on the tape, and what the tape holds at the end.
private func recording<Scalar: FloatingScalar>(
    at variables: [Tensor<Scalar>], profile: OperationProfile?, _ body: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, entries: [Tape<Scalar>.Entry], measurement: TapeMeasurement?) {
    let tape = Tape<Scalar>(profile: profile)
    defer { _ = tape.close() }
    let traced = variables.map { variable in
        var copy = variable
        copy.trace = tape.append(.init(inputs: []) { _, _ in [] }, nil).map { Trace(tape: tape, place: $0) }
        return copy
    }
    var value = try body(traced)
    if value.trace?.tape !== tape { value.trace = nil }
    let (entries, measurement) = tape.close()
    return (value, entries, measurement)
}

private func gradients<Scalar: FloatingScalar>(
    by variables: [Tensor<Scalar>], of value: Tensor<Scalar>, _ cotangent: Tensor<Scalar>, _ entries: consuming [Tape<Scalar>.Entry],
    _ measurement: inout TapeMeasurement?
) -> [Tensor<Scalar>] {
    var cotangents = [Int: Tensor<Scalar>]()
    if let trace = value.trace { cotangents[trace.place] = cotangent }
    sweepBack(over: consume entries, &cotangents, keeping: variables.count, &measurement)
    return zip(variables.indices, variables).map { place, variable in
        let gradient = cotangents[place] ?? .zeros(variable.shape)
        precondition(
            gradient.shape == variable.shape,
            "gradient: found the shape \(gradient.shape) for a variable of \(variable.shape), expected the same")
        return gradient
    }
}

/// The value of a function of one tensor, and its gradient.
public func valueWithGradient<Scalar: FloatingScalar>(
    at variable: Tensor<Scalar>, of body: (Tensor<Scalar>) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, gradient: Tensor<Scalar>) {
    let (value, gradients) = try valueWithGradient(at: [variable]) { try body($0[0]) }
    return (value, gradients[0])
}

/// From the last entry to the first: turns the gradient by each result into those by its inputs. The first `keeping` entries are the
/// variables, whose gradients stay in `cotangents`.
private func sweepBack<Scalar: FloatingScalar>(
    over entries: consuming [Tape<Scalar>.Entry], _ cotangents: inout [Int: Tensor<Scalar>], keeping variables: Int,
    _ measurement: inout TapeMeasurement?
) {
    while entries.count > variables {
        let place = entries.count - 1
        let entry = entries.removeLast()
        guard let cotangent = cotangents.removeValue(forKey: place) else { continue }
        if measurement == nil {
            addGradients(of: entry, cotangent, to: &cotangents)
        } else {
            measurement!.measure(place) { addGradients(of: entry, cotangent, to: &cotangents) }
        }
    }
}

/// Adds the gradients by an entry's inputs to what is there for each.
private func addGradients<Scalar: FloatingScalar>(
    of entry: Tape<Scalar>.Entry, _ cotangent: Tensor<Scalar>, to cotangents: inout [Int: Tensor<Scalar>]
) {
    let gradients = entry.gradient(cotangent, entry.inputs.map { $0 != nil })
    for case (let input?, let gradient?) in zip(entry.inputs, gradients) {
        if let sum = cotangents[input] {
            precondition(
                sum.shape == gradient.shape,
                "gradient: found the shapes \(sum.shape) and \(gradient.shape) for one input, expected the input's own")
            cotangents[input] = sum + gradient
        } else {
            cotangents[input] = gradient
        }
    }
}
