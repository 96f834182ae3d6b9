import LinearAlgebra
import NeuralNetworks
import Tensors

/// A process that computes operations as a whole, for `OperationBitsTests`: prints a line for each, its name and a digest of its bits, by the kernels
/// and threads that the environment names.
@main
enum Main {
    static func main() {
        operations(Float.self, "Float")
        operations(Double.self, "Double")
    }

    private static func operations<Scalar: FloatingScalar>(_ type: Scalar.Type, _ typeName: String) {
        func printDigest(_ name: String, _ results: [Tensor<Scalar>]) {
            var digest = Digest()
            for result in results { result.withScalars { digest.add(UnsafeRawBufferPointer($0)) } }
            print(typeName, name, digest)
        }
        /// The value of an operation and its gradients.
        func run(_ name: String, _ shapes: [[Int]], _ operation: @escaping @Sendable ([Tensor<Scalar>]) -> Tensor<Scalar>) {
            var random = RandomSource(seed: 3)
            let operands = shapes.map { Tensor<Scalar>.uniform($0, in: -3..<3, from: &random) }
            let value = operation(operands)
            let cotangent = Tensor<Scalar>.uniform(value.shape, in: -1..<1, from: &random)
            printDigest(name, [value] + valueWithGradient(at: operands) { (operation($0) * cotangent).sum() }.gradients)
        }

        for (images, kernel, geometry) in convolutions {
            run("convolution \(images) \(kernel) \(geometry)", [images, kernel, [kernel[0]]]) {
                convolution($0[0], $0[1], bias: $0[2], geometry)
            }
        }
        run("transposedConvolution", [[3, 6, 7, 5], [6, 5, 3, 3]]) {
            transposedConvolution($0[0], $0[1], ConvolutionGeometry(stride: 2, padding: 1), outputPadding: 1)
        }
        run("convolutionGlobalMax", [[9, 4, 8, 7], [37, 4, 5, 5], [37]]) {
            convolutionGlobalMax($0[0], $0[1], bias: $0[2], ConvolutionGeometry(padding: 2))
        }
        // Longer than a piece of work and than a chunk, and neither a multiple of what a kernel takes at once.
        for shape in [[5, 7003], [301, 333], [70, 3, 17]] {
            run("softmax \(shape)", [shape]) { $0[0].softmax(axis: -1) }
            run("logSumExp \(shape)", [shape]) { $0[0].logSumExp(axis: 0) }
            run("max \(shape)", [shape]) { $0[0].max(axes: [-1]) }
            run("min \(shape)", [shape]) { $0[0].min(axes: [0]) }
            run("sum of rows \(shape)", [shape]) { $0[0].sum(axes: [-1]) }
            run("sum of columns \(shape)", [shape]) { $0[0].sum(axes: [0]) }
            run("variance \(shape)", [shape]) { $0[0].variance(axes: [0]) }
            run("transposed \(shape)", [shape]) { $0[0].transposed() }
            run("exp \(shape)", [shape]) { $0[0].exp() }
            run("log \(shape)", [shape]) { ($0[0] + 4).log() }
            run("tanh \(shape)", [shape]) { $0[0].tanh() }
            run("sigmoid \(shape)", [shape]) { $0[0].sigmoid() }
            run("gelu \(shape)", [shape]) { $0[0].gelu() }
            run("sin \(shape)", [shape]) { $0[0].sin() }
        }
    }
}

/// Images, kernels and their geometry, such that each algorithm comes with channels and pixels that fill no vector.
private let convolutions: [([Int], [Int], ConvolutionGeometry)] = [
    ([3, 20, 13, 14], [18, 20, 3, 3], ConvolutionGeometry(padding: 1)),  // Winograd, 3x3
    ([3, 17, 9, 12], [34, 17, 5, 5], ConvolutionGeometry(padding: 2)),  // Winograd, 5x5
    ([5, 33, 7, 7], [50, 33, 1, 1], ConvolutionGeometry()),  // pointwise
    ([2, 3, 31, 21], [7, 3, 7, 7], ConvolutionGeometry(padding: 1)),  // direct, by rows
    ([27, 4, 9, 8], [19, 4, 7, 7], ConvolutionGeometry(padding: 3)),  // direct, several images together
    ([4, 18, 15, 16], [33, 18, 3, 3], ConvolutionGeometry(stride: 2, padding: 1)),
    ([9, 4, 11, 13], [6, 2, 3, 3], ConvolutionGeometry(stride: 3, padding: 2, dilation: 2, groups: 2)),
]
