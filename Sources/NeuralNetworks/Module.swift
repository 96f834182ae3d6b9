import LinearAlgebra
import Tensors

/// A part of a network: a layer, or layers put together. It holds its configuration only; the parameters are kept apart, so that they can be
/// differentiated, saved and shared.
public protocol Module: Sendable {
    /// What it needs among the parameters, in a fixed order.
    var specifications: [ParameterSpecification] { get }

    /// Its output for an input, with the parameters in `context`.
    func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar>
}

extension Module {
    /// The parameters at the beginning of training.
    public func initialParameters<Scalar: FloatingScalar>(seed: UInt64, as type: Scalar.Type = Scalar.self) -> Parameters<Scalar> {
        Parameters(initializing: specifications, seed: seed)
    }

    /// The output for an input outside of training, with transformers that begin at `starts`, [N, 3, 3], if any.
    public func evaluated<Scalar: FloatingScalar>(
        _ x: Tensor<Scalar>, _ parameters: Parameters<Scalar>, starts: Tensor<Scalar>? = nil
    ) -> Tensor<Scalar> {
        var context = Context(parameters, isTraining: false)
        context.starts = starts
        return self(x, &context)
    }
}

/// What a network's evaluation needs and leaves behind.
public struct Context<Scalar: FloatingScalar>: Sendable {
    /// Those of the whole network: a module finds its own by their names.
    public var parameters: Parameters<Scalar>
    /// Whether dropout drops and batch normalization takes the batch's statistics.
    public var isTraining: Bool
    /// Tells the samplers' noise of one step from that of the next.
    public var call: Int
    /// Of dropout.
    public var random: RandomSource
    /// The place in the batch of the first image, where the input is a part of a batch: each image gets the samplers' noise of its place.
    public var firstImage: Int
    /// Where transformers begin, [N, 3, 3] in normalized coordinates; nil for the identity.
    public var starts: Tensor<Scalar>?
    /// New values of parameters that are tracked without a gradient, by name.
    public var tracked: [String: Tensor<Scalar>] = [:]

    /// - Parameters:
    ///   - parameters: Those of the whole network.
    ///   - isTraining: Whether dropout drops and batch normalization takes the batch's statistics.
    ///   - call: The training step, say: tells the samplers' noise of one step from that of the next.
    ///   - random: What dropout draws from; it moves on as it is drawn from.
    ///   - firstImage: The place in the batch of the first image, where the input is a part of a batch.
    public init(
        _ parameters: Parameters<Scalar>, isTraining: Bool, call: Int = 0, random: RandomSource = RandomSource(seed: 0), firstImage: Int = 0
    ) {
        self.parameters = parameters
        self.isTraining = isTraining
        self.call = call
        self.random = random
        self.firstImage = firstImage
    }
}

/// Modules one after the other.
public struct Chain: Module {
    /// In the order in which the input goes through them.
    public var modules: [any Module]

    /// - Parameter modules: Each takes what the one before it gives. The names of their parameters must differ.
    public init(_ modules: [any Module]) { self.modules = modules }

    public var specifications: [ParameterSpecification] { modules.flatMap(\.specifications) }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        var x = x
        for module in modules { x = module(x, &context) }
        return x
    }
}
