import LinearAlgebra
import Sampling
import Tensors

/// The paper's localization network: C(4)R C(8)RP C(16)RP C(32)RP C(1024), the largest of each channel, 48, parameters.
///
/// Convolutions are 7x7. The paper does not name their padding; without one the fifth would have nothing left, so it is 3. The last layer
/// begins at zero, so that training begins at the identity.
public struct LocalizationNetwork: Module {
    private let chain: Chain

    /// - Parameters:
    ///   - name: Before the names of its layers.
    ///   - channels: Of the images, [N, channels, H, W] of at least 8x8.
    ///   - outputs: The number of parameters that come out: [N, outputs].
    public init(_ name: String, channels: Int, outputs: Int) {
        func convolution(_ i: Int, _ inputs: Int, _ outputs: Int) -> ConvolutionLayer {
            ConvolutionLayer("\(name).convolution\(i)", inputs, outputs, kernel: 7, geometry: ConvolutionGeometry(padding: 3))
        }
        chain = Chain([
            convolution(1, channels, 4), ReLULayer(),
            convolution(2, 4, 8), ReLULayer(), MaxPoolingLayer(),
            convolution(3, 8, 16), ReLULayer(), MaxPoolingLayer(),
            convolution(4, 16, 32), ReLULayer(), MaxPoolingLayer(),
            GlobalMaxConvolutionLayer(convolution(5, 32, 1024)),
            DenseLayer("\(name).dense1", 1024, 48), ReLULayer(),
            DenseLayer("\(name).dense2", 48, outputs, initializer: .constant(0)),
        ])
    }

    public var specifications: [ParameterSpecification] { chain.specifications }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        chain(x, &context)
    }
}
