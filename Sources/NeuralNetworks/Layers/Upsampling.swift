import LinearAlgebra
import Tensors

/// How an image is made larger. Pixels are squares side by side, and the outer edges of both images are the same, as in PyTorch's
/// `interpolate` without `align_corners`.
public enum UpsamplingMethod: CaseIterable, Sendable {
    /// Each pixel is the one that its upper left corner lies in: a whole factor repeats pixels.
    case nearest
    /// Between the centres of the four nearest pixels; the border continues outwards.
    case bilinear
}

/// Images [N, C, H, W] at another size: [N, C, height, width].
///
/// - Parameters:
///   - x: The images, of at least one pixel.
///   - height: In pixels, not below H: to make images smaller there is `averagePooled`, as samples alone would alias.
///   - width: In pixels, not below W.
///   - method: How pixels are made.
public func upsampled<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, height: Int, width: Int, _ method: UpsamplingMethod) -> Tensor<Scalar> {
    precondition(
        x.rank == 4 && x.shape[2] >= 1 && x.shape[3] >= 1 && x.shape[2] <= height && x.shape[3] <= width,
        "upsampled: found \(x.shape) to become \(height) x \(width), expected [N, C, H, W] of at least one pixel that is not larger")
    return linearlyMapped(x, rows: method.map(x.shape[2], to: height), columns: method.map(x.shape[3], to: width))
}

/// Images [N, C, H, W] with `factor` times as many pixels along both axes: [N, C, factor H, factor W].
public func upsampled<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, by factor: Int, _ method: UpsamplingMethod) -> Tensor<Scalar> {
    precondition(x.rank == 4, "upsampled: found \(x.shape), expected [N, C, H, W]")
    return upsampled(x, height: factor * x.shape[2], width: factor * x.shape[3], method)
}

extension UpsamplingMethod {
    /// Positions are whole fractions, so that no rounding decides which pixel is taken.
    fileprivate func map<Scalar: FloatingScalar>(_ inputs: Int, to outputs: Int) -> AxisMap<Scalar> {
        AxisMap(
            inputs: inputs,
            (0..<outputs).map { output in
                switch self {
                case .nearest: return (output * inputs / outputs, [1])
                case .bilinear:
                    // Where the output's centre lies among the inputs' centres.
                    let (first, rest) = max(0, (2 * output + 1) * inputs - outputs).quotientAndRemainder(dividingBy: 2 * outputs)
                    let weight = Scalar(rest) / Scalar(2 * outputs)
                    return (first, first == inputs - 1 || rest == 0 ? [1] : [1 - weight, weight])
                }
            })
    }
}

/// `factor` times as many pixels along both axes: [N, C, H, W] to [N, C, factor H, factor W].
public struct UpsamplingLayer: Module {
    /// How many times as many pixels go out along each axis.
    public let factor: Int
    /// How pixels are made.
    public let method: UpsamplingMethod

    /// It has no parameters; the factor is at least 1.
    public init(factor: Int = 2, _ method: UpsamplingMethod) {
        precondition(factor >= 1, "UpsamplingLayer: found a factor of \(factor), expected at least 1")
        self.factor = factor
        self.method = method
    }

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        upsampled(x, by: factor, method)
    }
}
