import LinearAlgebra
import Tensors

/// A fully connected layer: [N, inputs] to [N, outputs], x Wᵀ + b.
public struct DenseLayer: Module {
    /// What the names of its parameters begin with.
    public let name: String
    /// The numbers of features that come in and go out.
    public let inputs, outputs: Int
    private let initializer: Initializer

    /// - Parameters:
    ///   - name: Of the layer; its parameters are NAME.weight [outputs, inputs] and NAME.bias [outputs].
    ///   - inputs: The number of features that come in.
    ///   - outputs: The number of features that go out.
    ///   - initializer: Of the weights; nil for He's.
    public init(_ name: String, _ inputs: Int, _ outputs: Int, initializer: Initializer? = nil) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.initializer = initializer ?? .he(fanIn: inputs)
    }

    public var specifications: [ParameterSpecification] {
        [
            ParameterSpecification("\(name).weight", [outputs, inputs], initializer),
            ParameterSpecification("\(name).bias", [outputs], .constant(0)),
        ]
    }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(x.rank == 2 && x.shape[1] == inputs, "DenseLayer \(name): found \(x.shape), expected [N, \(inputs)]")
        return matmul(x, context.parameters["\(name).weight"], transposeB: true) + context.parameters["\(name).bias"]
    }
}
