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
    }

    private let state = Mutex(State())

    /// The new entry's place, or nil once the sweep back has begun: what is computed from then on is constant.
    func append(_ entry: Entry) -> Int? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            state.entries.append(entry)
            return state.entries.count - 1
        }
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Takes all entries out and ends recording.
    func close() -> [Entry] {
        state.withLock { state in
            state.isOpen = false
            defer { state.entries = [] }
            return state.entries
        }
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
    ///   - gradient: Given the gradient of the loss by `self` (of `self`'s shape) and, for each input, whether its gradient is needed,
    ///     returns the gradients by the inputs (each of its input's shape; nil where it is not needed or zero). Whatever tensors it
    ///     captures must come from `stopGradient()`. Not called at all where no input requires a gradient.
    public func recorded(
        from inputs: [Tensor],
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
        guard let tape, let place = tape.append(.init(inputs: places, gradient: gradient)) else { return stopGradient() }
        var result = self
        result.trace = Trace(tape: tape, place: place)
        return result
    }

    /// An operation of one input: `gradient` maps the gradient by the result to that by the input.
    func recorded(from input: Tensor, gradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor) -> Tensor {
        guard input.trace != nil else { return self }
        return recorded(from: [input]) { cotangent, _ in [gradient(cotangent)] }
    }

    /// An operation of two inputs: each gradient is computed only where it is needed.
    func recorded(
        from first: Tensor, _ second: Tensor, gradients firstGradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor,
        _ secondGradient: @escaping @Sendable (_ cotangent: Tensor) -> Tensor
    ) -> Tensor {
        guard first.trace != nil || second.trace != nil else { return self }
        return recorded(from: [first, second]) { cotangent, isNeeded in
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
    let (value, entries) = try recording(at: variables, body)
    precondition(value.count == 1, "valueWithGradient: found a value of the shape \(value.shape), expected a single element")
    // Given away, so that each entry's memory is free again once it was used.
    return (value.stopGradient(), gradients(by: variables, of: value, .ones(value.shape), consume entries))
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
    let (value, entries) = try recording(at: variables, body)
    return (
        value.stopGradient(),
        { cotangent in
            precondition(
                cotangent.shape == value.shape,
                "pullback: found a gradient of the shape \(cotangent.shape) for a value of \(value.shape), expected the same")
            return gradients(by: variables, of: value, cotangent, entries)
        }
    )
}

/// The value, still with its place on the tape, and what the tape holds at the end.
private func recording<Scalar: FloatingScalar>(
    at variables: [Tensor<Scalar>], _ body: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
) rethrows -> (value: Tensor<Scalar>, entries: [Tape<Scalar>.Entry]) {
    let tape = Tape<Scalar>()
    defer { _ = tape.close() }
    let traced = variables.map { variable in
        var copy = variable
        copy.trace = tape.append(.init(inputs: []) { _, _ in [] }).map { Trace(tape: tape, place: $0) }
        return copy
    }
    var value = try body(traced)
    if value.trace?.tape !== tape { value.trace = nil }
    return (value, tape.close())
}

private func gradients<Scalar: FloatingScalar>(
    by variables: [Tensor<Scalar>], of value: Tensor<Scalar>, _ cotangent: Tensor<Scalar>, _ entries: consuming [Tape<Scalar>.Entry]
) -> [Tensor<Scalar>] {
    var cotangents = [Int: Tensor<Scalar>]()
    if let trace = value.trace { cotangents[trace.place] = cotangent }
    sweepBack(over: consume entries, &cotangents, keeping: variables.count)
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
    over entries: consuming [Tape<Scalar>.Entry], _ cotangents: inout [Int: Tensor<Scalar>], keeping variables: Int
) {
    while entries.count > variables {
        let place = entries.count - 1
        let entry = entries.removeLast()
        guard let cotangent = cotangents.removeValue(forKey: place) else { continue }
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
}
