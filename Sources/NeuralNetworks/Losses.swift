import LinearAlgebra
import Tensors

// Means: of an empty batch they are NaN.

/// The mean over a batch of minus the logarithm of the probability that the softmax of `logits` [N, classes] gives to each label.
public func softmaxCrossEntropy<Scalar: FloatingScalar>(_ logits: Tensor<Scalar>, _ labels: [Int]) -> Tensor<Scalar> {
    precondition(
        logits.rank == 2 && logits.shape[0] == labels.count && labels.allSatisfy { (0..<logits.shape[1]).contains($0) },
        "softmaxCrossEntropy: found logits of \(logits.shape) and \(labels.count) labels, expected [N, classes] and N labels of 0..<classes"
    )
    let classes = logits.shape[1]
    var oneHot = Tensor<Scalar>.zeros(logits.shape)
    oneHot.withMutableScalars { oneHot in
        for (i, label) in labels.enumerated() { oneHot[i * classes + label] = 1 }
    }
    return (logits.logSumExp(axis: 1) - (logits * oneHot).sum(axes: [1])).mean()
}

/// The mean of the squared differences.
public func meanSquaredError<Scalar: FloatingScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
    precondition(a.shape == b.shape, "meanSquaredError: found the shapes \(a.shape) and \(b.shape), expected the same")
    return (a - b).squared().mean()
}

/// The mean of the differences' magnitudes.
public func meanAbsoluteError<Scalar: FloatingScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
    precondition(a.shape == b.shape, "meanAbsoluteError: found the shapes \(a.shape) and \(b.shape), expected the same")
    return (a - b).abs().mean()
}
