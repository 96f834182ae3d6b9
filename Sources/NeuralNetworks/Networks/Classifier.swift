import LinearAlgebra
import Tensors

/// The paper's classifier: one hidden layer of 128. Of images [N, channels, side, side] to logits [N, classes].
public struct Classifier: Module {
    private let chain: Chain

    /// - Parameters:
    ///   - name: Before the names of its layers.
    ///   - channels: Of the images.
    ///   - side: Of the images, in pixels.
    ///   - classes: The number of classes.
    public init(_ name: String, channels: Int, side: Int, classes: Int) {
        chain = Chain([
            FlattenLayer(), DenseLayer("\(name).dense1", channels * side * side, 128), ReLULayer(),
            DenseLayer("\(name).dense2", 128, classes),
        ])
    }

    public var specifications: [ParameterSpecification] { chain.specifications }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        chain(x, &context)
    }
}
