// A network with a layer of one's own, trained by a loop of one's own: names drawn signs.
//
//     swift run -c release custom-network
import LinWarp

/// Each number times its own sigmoid (Ramachandran et al., 2017), scaled by a parameter: a layer that the library does not have.
struct SwishLayer: Module {
    let name: String
    var specifications: [ParameterSpecification] { [ParameterSpecification(name, [1], .constant(1))] }

    func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        x * (x * context.parameters[name]).sigmoid()
    }
}

let network = Chain([
    CenteringLayer(), ConvolutionLayer("first", 3, 16, kernel: 5), ReLULayer(), MaxPoolingLayer(),
    ConvolutionLayer("second", 16, 32, kernel: 5), ReLULayer(), MaxPoolingLayer(), FlattenLayer(),
    DenseLayer("third", 32 * 5 * 5, 64), SwishLayer(name: "swish"), DenseLayer("last", 64, SyntheticSigns.classNames.count),
])
let signs = SyntheticSigns(seed: 1, size: 32).images(0..<8000)
let batches = BatchLoader(signs, batchSize: 50, seed: 1)
var parameters = network.initialParameters(seed: 1, as: Float.self)
var optimizer = Optimizer(.adam(), groups: [ParameterGroup(learningRate: 1e-3)], for: parameters)

for step in 0...800 {
    let batch = try batches.next()
    let (loss, gradients) = valueWithGradient(at: parameters.tensors) { tensors in
        var context = Context(Parameters(parameters.specifications, tensors), isTraining: true, call: step)
        return softmaxCrossEntropy(network(batch.images, &context), batch.labels)
    }
    optimizer.update(&parameters, gradients: gradients)
    if step % 100 == 0 { print("step \(step): loss \(loss.scalar)") }
}

let unseen = SyntheticSigns(seed: 2, size: 32).images(0..<500).batch(Array(0..<500))
let named = network.evaluated(unseen.images, parameters).argmax(axis: 1)
print("named rightly: \(zip(named, unseen.labels).count { $0 == $1 }) of 500 that it has not seen")
