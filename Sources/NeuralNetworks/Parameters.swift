import Files
import LinearAlgebra
import Tensors

/// How a parameter begins.
public enum Initializer: Sendable, Equatable {
    /// Normal with the variance 2 / fan-in (He et al., 2015), for layers before a ReLU.
    case he(fanIn: Int)
    /// Normal with a standard deviation.
    case normal(standardDeviation: Double)
    /// The same number everywhere.
    case constant(Double)
}

/// A parameter that a module has: its name, shape and beginning.
public struct ParameterSpecification: Sendable, Equatable {
    /// Unique in a network; parts of a network are separated by periods.
    public var name: String
    /// The length of each axis.
    public var shape: [Int]
    /// How it begins.
    public var initializer: Initializer
    /// False for what training tracks without a gradient, such as the running mean of a batch normalization.
    public var isTrainable: Bool

    /// - Parameters:
    ///   - name: Unique in a network; parts of a network are separated by periods.
    ///   - shape: The length of each axis.
    ///   - initializer: How it begins.
    ///   - isTrainable: False for what training tracks without a gradient.
    public init(_ name: String, _ shape: [Int], _ initializer: Initializer, isTrainable: Bool = true) {
        self.name = name
        self.shape = shape
        self.initializer = initializer
        self.isTrainable = isTrainable
    }
}

/// The named tensors of a network, in the order in which its modules list them.
public struct Parameters<Scalar: FloatingScalar>: Sendable, Equatable {
    /// What is known of each, in order.
    public private(set) var specifications: [ParameterSpecification]
    /// One for each specification, of its shape.
    public private(set) var tensors: [Tensor<Scalar>]
    private var places: [String: Int]

    /// - Parameters:
    ///   - specifications: With names that differ from each other.
    ///   - tensors: One for each specification, of its shape.
    public init(_ specifications: [ParameterSpecification], _ tensors: [Tensor<Scalar>]) {
        precondition(
            specifications.map(\.shape) == tensors.map(\.shape),
            "Parameters: found tensors of the shapes \(tensors.map(\.shape)), expected \(specifications.map(\.shape))")
        self.specifications = specifications
        self.tensors = tensors
        places = Dictionary(
            zip(specifications.map(\.name), specifications.indices),
            uniquingKeysWith: { first, second in preconditionFailure("Parameters: found the name \(specifications[first].name) twice") })
    }

    /// The beginning of training. What a parameter is drawn from depends on `seed` and its name alone, so that a layer begins alike
    /// whatever else is in the network.
    public init(initializing specifications: [ParameterSpecification], seed: UInt64) {
        self.init(
            specifications,
            specifications.map { specification in
                let deviation: Double
                switch specification.initializer {
                case .constant(let value): return Tensor(repeating: Scalar(value), shape: specification.shape)
                case .normal(let standardDeviation): deviation = standardDeviation
                case .he(let fanIn): deviation = (2 / Double(fanIn)).squareRoot()
                }
                var source = RandomSource(seed: seed, stream: stableHash(specification.name))
                return Tensor.normal(specification.shape, standardDeviation: Scalar(deviation), from: &source)
            })
    }

    /// A parameter by its name, which must be there.
    public subscript(name: String) -> Tensor<Scalar> {
        get { tensors[place(name)] }
        set {
            let place = place(name)
            precondition(
                newValue.shape == specifications[place].shape,
                "Parameters[\(name)]: found the shape \(newValue.shape), expected \(specifications[place].shape)")
            tensors[place] = newValue
        }
    }

    /// The number of trainable numbers.
    public var trainableCount: Int { zip(specifications, tensors).reduce(0) { $0 + ($1.0.isTrainable ? $1.1.count : 0) } }

    /// Places of the trainable parameters.
    public var trainable: [Int] { specifications.indices.filter { specifications[$0].isTrainable } }

    /// The same with other tensors at some places.
    func replacing(_ places: [Int], with replacements: [Tensor<Scalar>]) -> Parameters {
        var copy = self
        for (place, tensor) in zip(places, replacements) { copy.tensors[place] = tensor }
        return copy
    }

    private func place(_ name: String) -> Int {
        guard let place = places[name] else {
            preconditionFailure("Parameters: found no \(name), expected one of \(specifications.map(\.name))")
        }
        return place
    }
}
