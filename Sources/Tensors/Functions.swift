import CWarpKernels
import LinearAlgebra
import RealModule

// Functions of each element. Those of one tensor are its methods, under the names that RealModule has for numbers.

/// The derivative of a function.
private protocol Derivative: Sendable {
    /// Whether `slope` is a function of the value rather than of the argument. Only that one is then kept for the gradient.
    static var slopeIsOfValue: Bool { get }
    func slope<Scalar: FloatingScalar>(_ argumentOrValue: Scalar) -> Scalar
}

/// A function with its derivative.
private typealias DifferentiableFunction = UnaryFunction & Derivative

/// What the gradient by the value becomes as the gradient by the argument.
private struct SlopeTimes<Function: Derivative>: BinaryFunction {
    let function: Function
    func value<Scalar: FloatingScalar>(_ cotangent: Scalar, _ argumentOrValue: Scalar) -> Scalar {
        cotangent * function.slope(argumentOrValue)
    }
}

extension Tensor {
    @inline(__always)
    fileprivate func applying(_ function: some DifferentiableFunction, as name: StaticString = #function) -> Tensor {
        recording(mapped(self, function), function, as: name)
    }

    /// Through a kernel.
    @inline(__always)
    fileprivate func applying(_ function: warp_function, _ derivative: some Derivative, as name: StaticString = #function) -> Tensor {
        recording(mapped(self, function), derivative, as: name)
    }

    @inline(__always)
    private func recording<Function: Derivative>(_ value: Tensor, _ derivative: Function, as name: StaticString) -> Tensor {
        guard requiresGradient else { return value }
        let kept = Function.slopeIsOfValue ? value : stopGradient()
        return value.recorded(from: self, as: name) { combined("gradient", $0, kept, SlopeTimes(function: derivative)) }
    }
}

/// `function` of each element; a constant for gradients.
private func mapped<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ function: warp_function) -> Tensor<Scalar> {
    let result = Tensor<Scalar>(uninitialized: x.shape)
    let (out, source, apply) = (result.base, x.base, Scalar.kernels.apply!)
    Threads.forEachPiece(of: result.count, size: pieceSize) { piece in
        apply(function, piece.count, source + piece.lowerBound, out + piece.lowerBound)
    }
    withExtendedLifetime(x) {}
    return result
}

private struct Negation: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { -x }
    func slope<Scalar: FloatingScalar>(_ _: Scalar) -> Scalar { -1 }
}
extension Tensor {
    /// The elements with the opposite sign.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static prefix func - (x: Tensor) -> Tensor { x.applying(Negation()) }
}

private struct Exponential: Derivative {
    static var slopeIsOfValue: Bool { true }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { y }
}
extension Tensor {
    /// e to the power of each element, to within one unit in the last place.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func exp() -> Tensor { applying(warp_exp, Exponential()) }
}

private struct Logarithm: Derivative {
    static var slopeIsOfValue: Bool { false }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { 1 / x }
}
extension Tensor {
    /// The natural logarithm of each element, to within one unit in the last place.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func log() -> Tensor { applying(warp_log, Logarithm()) }
}

private struct SquareRoot: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .sqrt(x) }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { 0.5 / y }
}
extension Tensor {
    /// The square root of each element. The gradient at 0 is infinite.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func sqrt() -> Tensor { applying(SquareRoot()) }
}

private struct Square: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x * x }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { 2 * x }
}
extension Tensor {
    /// Each element times itself.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func squared() -> Tensor { applying(Square()) }
}

private struct Magnitude: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { Swift.abs(x) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x > 0 ? 1 : x < 0 ? -1 : 0 }
}
extension Tensor {
    /// The magnitude of each element. The gradient at 0 is 0.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func abs() -> Tensor { applying(Magnitude()) }
}

extension Tensor {
    /// The sine of each element, in radians, to within one unit in the last place.
    public func sin() -> Tensor {
        let x = stopGradient()
        return mapped(x, warp_sin).recorded(from: self) { $0 * mapped(x, warp_cos) }
    }

    /// The cosine of each element, in radians, to within one unit in the last place.
    public func cos() -> Tensor {
        let x = stopGradient()
        return mapped(x, warp_cos).recorded(from: self) { -($0 * mapped(x, warp_sin)) }
    }
}

private struct HyperbolicTangent: Derivative {
    static var slopeIsOfValue: Bool { true }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { 1 - y * y }
}
extension Tensor {
    /// The hyperbolic tangent of each element, to within 2.5 units in the last place.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func tanh() -> Tensor { applying(warp_tanh, HyperbolicTangent()) }
}

private struct Rectifier: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x < 0 ? 0 : x }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { y > 0 ? 1 : 0 }
}
extension Tensor {
    /// Each element, or 0 where it is negative. The gradient at 0 is 0.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func relu() -> Tensor { applying(Rectifier()) }
}

private struct LeakyRectifier: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    let negativeSlope: Double
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x < 0 ? Scalar(negativeSlope) * x : x }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x > 0 ? 1 : Scalar(negativeSlope) }
}
extension Tensor {
    /// Each element, or `negativeSlope` times it where it is negative (Maas et al., 2013). The gradient at 0 is `negativeSlope`.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func leakyReLU(negativeSlope: Scalar = 0.01) -> Tensor { applying(LeakyRectifier(negativeSlope: Double(negativeSlope))) }
}

extension Tensor {
    /// The Gaussian error linear unit (Hendrycks & Gimpel, 2016): each element times the probability that a standard normal number is below
    /// it. By the error function itself, not its approximation by a hyperbolic tangent; to within 6 units in the last place.
    public func gelu() -> Tensor {
        let x = stopGradient()
        return mapped(x, warp_gelu).recorded(from: self) { $0 * mapped(x, warp_gelu_slope) }
    }
}

private struct LogisticSigmoid: Derivative {
    static var slopeIsOfValue: Bool { true }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { y * (1 - y) }
}
extension Tensor {
    /// The logistic function 1 / (1 + exp(-x)) of each element, to within 2.5 units in the last place.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func sigmoid() -> Tensor { applying(warp_sigmoid, LogisticSigmoid()) }
}

private struct Reciprocal: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { 1 / x }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { -y * y }
}
extension Tensor {
    /// 1 divided by each element.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func reciprocal() -> Tensor { applying(Reciprocal()) }
}

private struct Limits: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    // Double holds the bounds of both scalar types exactly.
    let low, high: Double
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x < Scalar(low) ? Scalar(low) : x > Scalar(high) ? Scalar(high) : x }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x >= Scalar(low) && x <= Scalar(high) ? 1 : 0 }
}
extension Tensor {
    /// Each element, or the nearest bound where it is outside of `range`. The gradient is 0 outside, and flows at the bounds themselves.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func clamped(to range: ClosedRange<Scalar>) -> Tensor {
        applying(Limits(low: Double(range.lowerBound), high: Double(range.upperBound)))
    }
}

private struct Power: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    let exponent: Double
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { power(x, exponent) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar {
        exponent == 0 ? 0 : Scalar(exponent) * power(x, exponent - 1)
    }

    /// RealModule's `pow` of a whole exponent takes negative bases as well.
    private func power<Scalar: FloatingScalar>(_ x: Scalar, _ exponent: Double) -> Scalar {
        Int(exactly: exponent).map { .pow(x, $0) } ?? .pow(x, Scalar(exponent))
    }
}
extension Tensor {
    /// Each element to the power of `exponent`. Negative elements give NaN, unless the exponent is a whole number.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func pow(_ exponent: Scalar) -> Tensor { applying(Power(exponent: Double(exponent))) }
}
