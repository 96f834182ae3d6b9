import LinearAlgebra
import Tensors

/// Trains a classification network, an iteration at a time.
///
/// Its whole state is `checkpoint`: an iteration is a function of that and of its batch alone. So a training that is interrupted and goes on
/// from a checkpoint, with the batches that would have come, gives the same parameters bit for bit.
///
/// Several processes train together where each has a trainer that begins alike, with a communicator. The batch of an iteration is then made
/// of equal parts, in the order of the processes' ranks. Each gives its own part to `step`, and all make the step of the whole batch.
public struct Trainer: Sendable {
    /// What is trained.
    public let network: ClassificationNetwork
    /// All that changes from one iteration to the next.
    public var checkpoint: Checkpoint<Float>
    /// What the learning rates are multiplied by, iteration by iteration.
    public let schedule: LearningRateSchedule
    /// Gradients are scaled down to this global norm; nil leaves them as they are.
    public let largestGradient: Double?
    /// The processes that train together.
    public let communicator: any Communicator
    /// How long exchanging gradients has taken so far.
    public private(set) var communication = Duration.zero
    /// Where the time of the steps goes, from when it is set on; nil to measure none.
    public var profile: OperationProfile?

    /// - Parameters:
    ///   - network: What is trained, by the cross entropy of its logits.
    ///   - checkpoint: Where it begins or goes on, with the parameters of this network and their optimizer.
    ///   - schedule: What the learning rates are multiplied by, iteration by iteration.
    ///   - largestGradient: Gradients are scaled down to this global norm; nil leaves them as they are.
    ///   - communicator: The processes that train together.
    public init(
        _ network: ClassificationNetwork, _ checkpoint: Checkpoint<Float>, schedule: LearningRateSchedule = .constant,
        largestGradient: Double? = nil, communicator: any Communicator = SingleProcess()
    ) {
        self.network = network
        self.checkpoint = checkpoint
        self.schedule = schedule
        self.largestGradient = largestGradient
        self.communicator = communicator
    }

    /// One iteration on a batch of images [N, C, H, W] and their labels, or this process's part of it, with transformers that begin at `starts`,
    /// [N, 3, 3], if any; gives the loss of the whole batch before the iteration.
    public mutating func step(_ images: Tensor<Float>, _ labels: [Int], starts: Tensor<Float>? = nil) throws(TrainingError) -> Double {
        let parameters = checkpoint.parameters
        let trainable = parameters.trainable
        var profile = profile
        defer { self.profile = profile }
        var context = Context(
            parameters, isTraining: true, call: checkpoint.iteration, random: checkpoint.random[dropoutSource] ?? RandomSource(seed: 0),
            firstImage: communicator.rank * images.shape[0])
        context.starts = starts
        var (value, gradients) = valueWithGradient(at: trainable.map { parameters.tensors[$0] }, profile: &profile) { variables in
            context.parameters = parameters.replacing(trainable, with: variables)
            return softmaxCrossEntropy(network(images, &context), labels)
        }
        // What is not finite on one process is not finite in the sum, which all get: they stop together.
        if communicator.count > 1 {
            communication += try profile.measure("exchange of the gradients") { () throws(TrainingError) in
                try communicator.average(&gradients, loss: &value, iteration: checkpoint.iteration)
            }
        }
        let loss = Double(value.scalar)
        let bytes = 4 * Double(gradients.reduce(0) { $0 + $1.count })
        let norm = profile.measure("norm of the gradients", bytes: bytes) { globalNorm(gradients) }
        guard loss.isFinite && norm.isFinite else { throw .notFinite(iteration: checkpoint.iteration) }
        if let largestGradient { clipByGlobalNorm(&gradients, maximum: largestGradient) }
        // A gradient is read; a parameter and what is remembered of it are read and written.
        profile.measure("optimizer", bytes: 7 * bytes) {
            checkpoint.optimizer.update(&checkpoint.parameters, gradients: gradients, factor: schedule.factor(at: checkpoint.iteration))
        }
        for (name, tensor) in context.tracked { checkpoint.parameters[name] = tensor }
        checkpoint.random[dropoutSource] = context.random
        checkpoint.iteration += 1
        return loss
    }
}

/// Under which name a checkpoint holds the source of dropout.
private let dropoutSource = "dropout"

/// How often a network takes an image of one class for one of another.
public struct Confusion: Sendable, Equatable {
    /// Row: the true class; column: the predicted one.
    public private(set) var counts: [[Int]]

    /// - Parameter classes: The number of classes; labels and predictions are 0..<classes.
    public init(classes: Int) { counts = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes) }

    /// Notes predictions beside the truth.
    public mutating func add(labels: [Int], predictions: [Int]) {
        for (label, prediction) in zip(labels, predictions) { counts[label][prediction] += 1 }
    }

    /// What all processes found together, who all have to come for the same purpose.
    public func summed(over communicator: some Communicator, for purpose: String) throws(TrainingError) -> Confusion {
        var numbers = counts.flatMap { $0.map { Float($0) } }
        try numbers.withUnsafeMutableBufferPointer { (numbers) throws(TrainingError) in
            _ = try communicator.sum(numbers, for: purpose)
        }
        var sum = self
        for i in numbers.indices { sum.counts[i / counts.count][i % counts.count] = Int(numbers[i]) }
        return sum
    }

    /// The number of images.
    public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The number of images that were taken for one of another class.
    public var errors: Int { total - counts.indices.reduce(0) { $0 + counts[$1][$1] } }

    /// The share of these.
    public var errorRate: Double { total == 0 ? 0 : Double(errors) / Double(total) }

    /// The 95 % interval of the share that a much larger sample would show.
    public var interval: ClosedRange<Double> { wilsonInterval(errors, of: total) }
}

/// Wilson's 95 % interval of the share that a much larger sample would show.
package func wilsonInterval(_ count: Int, of total: Int) -> ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    let (n, z, p) = (Double(total), 1.959964, Double(count) / Double(total))
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - reach)...min(1, middle + reach)
}
