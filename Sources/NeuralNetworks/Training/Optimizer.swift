import CWarpKernels
import Foundation
import LinearAlgebra
import Tensors

/// How gradients become steps; the formulas are PyTorch's.
public enum OptimizerMethod: Sendable, Hashable, Codable {
    /// Stochastic gradient descent. The buffer `b = momentum b + g` begins with the first gradient; the step is against `b`.
    case sgd(momentum: Double)
    /// Adam (Kingma & Ba, 2015): running means with the decays given, both corrected for their beginning at zero; `epsilon` is added to
    /// the square root.
    case adam(decay1: Double = 0.9, decay2: Double = 0.999, epsilon: Double = 1e-8)

    /// What the method remembers of each parameter.
    fileprivate var momentNames: [String] {
        switch self {
        case .sgd: ["sgd.momentum"]
        case .adam: ["adam.mean", "adam.square"]
        }
    }
}

/// The parameters whose names begin with a prefix, and their learning rate.
public struct ParameterGroup: Sendable, Hashable, Codable {
    /// Of the names; the empty one fits all.
    public var prefix: String
    /// Before the schedule's factor.
    public var learningRate: Double

    /// - Parameters:
    ///   - prefix: Of the names; the empty one fits all.
    ///   - learningRate: Before the schedule's factor.
    public init(prefix: String = "", learningRate: Double) {
        self.prefix = prefix
        self.learningRate = learningRate
    }
}

/// Moves a network's trainable parameters against their gradients.
///
/// It is a value, and all of its state is `moments` and `step`, which a checkpoint holds.
public struct Optimizer<Scalar: FloatingScalar>: Sendable, Equatable {
    /// How gradients become steps.
    public let method: OptimizerMethod
    /// The learning rates; a parameter belongs to the first group whose prefix its name has.
    public let groups: [ParameterGroup]
    /// What the method remembers of each parameter, of its shape: `sgd.momentum.NAME`, or `adam.mean.NAME` and `adam.square.NAME`.
    public var moments: Parameters<Scalar>
    /// The number of updates so far.
    public var step = 0
    /// One for each trainable parameter.
    private let learningRates: [Double]

    /// The beginning of training.
    ///
    /// - Parameters:
    ///   - method: How gradients become steps.
    ///   - groups: The learning rates. Each trainable parameter must belong to one.
    ///   - parameters: Those that will be updated.
    public init(_ method: OptimizerMethod, groups: [ParameterGroup], for parameters: Parameters<Scalar>) {
        let trainable = parameters.trainable.map { parameters.specifications[$0] }
        let moments = method.momentNames.flatMap { moment in
            trainable.map { ParameterSpecification("\(moment).\($0.name)", $0.shape, .constant(0), isTrainable: false) }
        }
        self.method = method
        self.groups = groups
        self.moments = Parameters(initializing: moments, seed: 0)
        learningRates = trainable.map { specification in
            guard let group = groups.first(where: { specification.name.hasPrefix($0.prefix) }) else {
                preconditionFailure("Optimizer: found \(specification.name), expected one of the prefixes \(groups.map(\.prefix))")
            }
            return group.learningRate
        }
    }

    /// Takes one step. Memory that nobody else refers to is changed in place.
    ///
    /// - Parameters:
    ///   - parameters: To be moved.
    ///   - gradients: One for each trainable parameter, in the order of `Parameters.trainable`.
    ///   - factor: Of all learning rates, from a schedule.
    public mutating func update(_ parameters: inout Parameters<Scalar>, gradients: [Tensor<Scalar>], factor: Double = 1) {
        let trainable = parameters.trainable
        precondition(
            gradients.map(\.shape) == trainable.map { parameters.tensors[$0].shape } && gradients.count == learningRates.count,
            "Optimizer.update: found gradients of the shapes \(gradients.map(\.shape)), expected those of the trainable parameters")
        step += 1
        // Taken apart and put together again: while both hold the tensors, each would be copied before it is changed.
        var tensors = parameters.tensors
        var first = Array(moments.tensors.prefix(gradients.count))
        var second = Array(moments.tensors.dropFirst(gradients.count))
        let specifications = (parameters: parameters.specifications, moments: moments.specifications)
        (parameters, moments) = (Parameters([], []), Parameters([], []))
        for (i, place) in trainable.enumerated() {
            let learningRate = learningRates[i] * factor
            switch method {
            case .sgd(let momentum):
                let rule = MomentumRule(momentum: Scalar(momentum), rate: Scalar(learningRate))
                rule.update(&tensors[place], gradients[i], &first[i])
            case .adam(let decay1, let decay2, let epsilon):
                let rule = AdamRule<Scalar>(decay1, decay2, epsilon, learningRate: learningRate, step: step)
                rule.update(&tensors[place], gradients[i], &first[i], &second[i])
            }
        }
        parameters = Parameters(specifications.parameters, tensors)
        moments = Parameters(specifications.moments, first + second)
    }
}

/// Elements that a thread updates at a time.
private let pieceSize = 1 << 14

private struct MomentumRule<Scalar: FloatingScalar> {
    let momentum, rate: Scalar

    func update(_ parameter: inout Tensor<Scalar>, _ gradient: Tensor<Scalar>, _ buffer: inout Tensor<Scalar>) {
        gradient.withScalars { g in
            parameter.withMutableScalars { p in
                buffer.withMutableScalars { b in
                    Threads.forEachPiece(of: p.count, size: pieceSize) { piece in
                        let start = piece.lowerBound
                        momentumPass(
                            self, p.baseAddress! + start, g.baseAddress! + start, b.baseAddress! + start, count: piece.count)
                    }
                }
            }
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func momentumPass<Scalar: FloatingScalar>(
    _ rule: MomentumRule<Scalar>, _ p: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>,
    count: Int
) {
    for i in 0..<count {
        let buffer = rule.momentum * b[i] + g[i]
        b[i] = buffer
        p[i] -= rule.rate * buffer
    }
}

private struct AdamRule<Scalar: FloatingScalar> {
    private let rule: warp_adam

    init(_ decay1: Double, _ decay2: Double, _ epsilon: Double, learningRate: Double, step: Int) {
        // learningRate (m / c1) / (sqrt(v / c2) + epsilon) with the corrections c1 and c2 moved out of the loop.
        let correction1 = 1 - pow(decay1, Double(step))
        let root2 = (1 - pow(decay2, Double(step))).squareRoot()
        rule = warp_adam(
            gain1: 1 - decay1, decay2: decay2, gain2: 1 - decay2, rate: learningRate * root2 / correction1, epsilon: epsilon * root2)
    }

    func update(
        _ parameter: inout Tensor<Scalar>, _ gradient: Tensor<Scalar>, _ mean: inout Tensor<Scalar>, _ square: inout Tensor<Scalar>
    ) {
        let kernels = Scalar.kernels
        gradient.withScalars { g in
            parameter.withMutableScalars { p in
                mean.withMutableScalars { m in
                    square.withMutableScalars { v in
                        Threads.forEachPiece(of: p.count, size: pieceSize) { piece in
                            let start = piece.lowerBound
                            withUnsafePointer(to: rule) { rule in
                                kernels.adam(
                                    rule, piece.count, g.baseAddress! + start, p.baseAddress! + start, m.baseAddress! + start,
                                    v.baseAddress! + start)
                            }
                        }
                    }
                }
            }
        }
    }
}
