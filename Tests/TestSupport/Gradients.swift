import LinearAlgebra
import Tensors
import XCTest

/// Compares the gradients of `function` with central differences, for every element of every input.
///
/// What is differentiated is the sum of the function's elements times fixed random weights, so that errors which cancel in a plain sum
/// are found. Each input's gradient is also asked for alone, with the others constant, and must be the same.
/// - Parameter tolerance: Of each derivative, relative to it or to 1, whichever is larger.
public func checkGradient(
    _ name: String = "gradient", at inputs: [Tensor<Double>], tolerance: Double = 1e-6, file: StaticString = #filePath, line: UInt = #line,
    of function: ([Tensor<Double>]) -> Tensor<Double>
) {
    let weights = randomTensor(function(inputs).shape, in: -1..<1, seed: 0xFEED)
    func loss(_ inputs: [Tensor<Double>]) -> Tensor<Double> { (function(inputs) * weights).sum() }
    let (value, gradients) = valueWithGradient(at: inputs, of: loss)
    assertClose(value, loss(inputs), tolerance: 1e-12, "\(name): value while differentiating", file: file, line: line)
    for (number, input) in inputs.enumerated() {
        let gradient = gradients[number]
        guard gradient.shape == input.shape else {
            XCTFail("\(name): found a gradient of the shape \(gradient.shape) for \(input.shape)", file: file, line: line)
            continue
        }
        let alone = valueWithGradient(at: input) { variable in
            var inputs = inputs
            inputs[number] = variable
            return loss(inputs)
        }.gradient
        assertClose(alone, gradient, tolerance: 1e-12, "\(name): input \(number) alone", file: file, line: line)
        for i in 0..<input.count {
            let step = 1e-5 * max(1, abs(input.scalars[i]))
            func moved(_ step: Double) -> Double {
                var inputs = inputs
                inputs[number].withMutableScalars { $0[i] += step }
                return loss(inputs).scalar
            }
            let expected = (moved(step) - moved(-step)) / (2 * step)
            let found = gradient.scalars[i]
            if !(abs(found - expected) <= tolerance * max(1, abs(expected))) {
                XCTFail(
                    "\(name): element \(i) of input \(number) \(input.shape): found \(found), expected \(expected)", file: file, line: line)
                break
            }
        }
    }
}
