import Foundation

/// How the learning rates change during training: a factor of all of them.
public enum LearningRateSchedule: Sendable, Hashable, Codable {
    /// Always 1.
    case constant
    /// Multiplied by `factor` after every so many iterations.
    case step(every: Int, factor: Double)
    /// Half a cosine, from 1 at the first iteration to 0 after `iterations` of them.
    case cosine(iterations: Int)

    /// The factor at an iteration, counted from 0.
    public func factor(at iteration: Int) -> Double {
        precondition(iteration >= 0, "LearningRateSchedule: found the iteration \(iteration), expected at least 0")
        switch self {
        case .constant:
            return 1
        case .step(let every, let factor):
            precondition(every >= 1, "LearningRateSchedule: found a step every \(every) iterations, expected at least 1")
            return pow(factor, Double(iteration / every))
        case .cosine(let iterations):
            precondition(iterations >= 1, "LearningRateSchedule: found a cosine of \(iterations) iterations, expected at least 1")
            return (1 + cos(.pi * Double(min(iteration, iterations)) / Double(iterations))) / 2
        }
    }
}
