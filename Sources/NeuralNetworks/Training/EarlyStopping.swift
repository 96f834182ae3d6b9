/// Ends training once the validation error has not improved for a number of iterations.
public struct EarlyStopping: Sendable, Hashable, Codable {
    /// Iterations without an improvement after which training ends.
    public var patience: Int
    /// The smallest validation error so far; nil before the first one that is finite.
    public private(set) var bestError: Double?
    /// When it was found; 0 before that.
    public private(set) var bestIteration = 0

    /// - Parameter patience: Iterations without an improvement after which training ends.
    public init(patience: Int) {
        precondition(patience >= 1, "EarlyStopping: found a patience of \(patience), expected at least 1")
        self.patience = patience
    }

    /// Takes note of a validation error.
    ///
    /// - Parameters:
    ///   - error: A NaN or an infinity is no improvement.
    ///   - iteration: When it was measured.
    /// - Returns: Whether it is the smallest so far.
    public mutating func record(_ error: Double, at iteration: Int) -> Bool {
        guard error.isFinite && error < bestError ?? .infinity else { return false }
        (bestError, bestIteration) = (error, iteration)
        return true
    }

    /// Whether training ends at an iteration.
    public func shouldStop(at iteration: Int) -> Bool { iteration - bestIteration >= patience }
}
