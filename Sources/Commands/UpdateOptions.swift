import ArgumentParser
import LinWarp
import TrainingRuns

/// The options of `train` that say what becomes of gradients and learning rates before a step.
struct UpdateOptions: ParsableArguments {
    enum ScheduleName: String, Choosable {
        case constant, step, cosine
    }

    @Option(
        help: "How gradients become steps: adam, or sgd, against the gradient alone (default: adam).", transform: choiceArgument)
    var optimizer: TrainingRun.Optimizer = .adam

    @Option(
        help: """
            How the learning rates change: constant; step, multiplied by --step-factor after every --step-every iterations; or cosine, \
            falling to zero at --iterations (default: constant).
            """, transform: choiceArgument)
    var schedule: ScheduleName = .constant

    @Option(help: "Iterations between two steps of --schedule step.", transform: { try wholeNumberArgument($0, in: 1...1_000_000_000) })
    var stepEvery: Int?

    @Option(help: "What --schedule step multiplies the learning rates by (default: 0.1).", transform: positiveNumberArgument)
    var stepFactor: Double?

    @Option(help: "Scale gradients down to this norm, taken over all of them (default: never).", transform: positiveNumberArgument)
    var clip: Double?

    func validate() throws {
        if schedule == .step && stepEvery == nil { throw ValidationError("--step-every: found none, expected one with --schedule step") }
        for (name, isGiven) in [("step-every", stepEvery != nil), ("step-factor", stepFactor != nil)] where isGiven && schedule != .step {
            throw ValidationError("--\(name): found one with --schedule \(schedule.rawValue), expected it with --schedule step only")
        }
    }

    /// - Parameter iterations: Of the whole training.
    func learningRates(iterations: Int) -> LearningRateSchedule {
        switch schedule {
        case .constant: .constant
        case .step: .step(every: stepEvery!, factor: stepFactor ?? 0.1)
        case .cosine: .cosine(iterations: iterations)
        }
    }
}

extension TrainingRun.Optimizer: Choosable {}
