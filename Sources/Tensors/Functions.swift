import LinearAlgebra
import RealModule

// Functions of each element. Those of one tensor are its methods, under the names that RealModule has for numbers.

/// A function with its derivative.
private protocol DifferentiableFunction: UnaryFunction {
    /// Whether `slope` is a function of the value rather than of the argument. Only that one is then kept for the gradient.
    static var slopeIsOfValue: Bool { get }
    func slope<Scalar: FloatingScalar>(_ argumentOrValue: Scalar) -> Scalar
}

/// What the gradient by the value becomes as the gradient by the argument.
private struct SlopeTimes<Function: DifferentiableFunction>: BinaryFunction {
    let function: Function
    func value<Scalar: FloatingScalar>(_ cotangent: Scalar, _ argumentOrValue: Scalar) -> Scalar {
        cotangent * function.slope(argumentOrValue)
    }
}

extension Tensor {
    @inline(__always)
    fileprivate func applying<Function: DifferentiableFunction>(_ function: Function) -> Tensor {
        let value = mapped(self, function)
        guard requiresGradient else { return value }
        let kept = Function.slopeIsOfValue ? value : stopGradient()
        return value.recorded(from: self) { combined("gradient", $0, kept, SlopeTimes(function: function)) }
    }
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

private struct Exponential: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .exp(x) }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { y }
}
extension Tensor {
    /// e to the power of each element.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func exp() -> Tensor { applying(Exponential()) }
}

private struct Logarithm: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .log(x) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { 1 / x }
}
extension Tensor {
    /// The natural logarithm of each element.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func log() -> Tensor { applying(Logarithm()) }
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

private struct Sine: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .sin(x) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .cos(x) }
}
extension Tensor {
    /// The sine of each element, in radians.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func sin() -> Tensor { applying(Sine()) }
}

private struct Cosine: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .cos(x) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { -.sin(x) }
}
extension Tensor {
    /// The cosine of each element, in radians.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func cos() -> Tensor { applying(Cosine()) }
}

private struct HyperbolicTangent: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { .tanh(x) }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { 1 - y * y }
}
extension Tensor {
    /// The hyperbolic tangent of each element.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func tanh() -> Tensor { applying(HyperbolicTangent()) }
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

private struct GaussianErrorLinearUnit: DifferentiableFunction {
    static var slopeIsOfValue: Bool { false }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x * probability(below: x) }
    func slope<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar {
        probability(below: x) + x * .exp(-x * x / 2) / .sqrt(2 * .pi)
    }

    /// Of a standard normal number. Through erfc, as 1 + erf would cancel where `x` is far below 0.
    private func probability<Scalar: FloatingScalar>(below x: Scalar) -> Scalar { .erfc(-x / .sqrt(2)) / 2 }
}
extension Tensor {
    /// The Gaussian error linear unit (Hendrycks & Gimpel, 2016): each element times the probability that a standard normal number is below
    /// it. By the error function itself, not its approximation by a hyperbolic tangent.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func gelu() -> Tensor { applying(GaussianErrorLinearUnit()) }
}

private struct LogisticSigmoid: DifferentiableFunction {
    static var slopeIsOfValue: Bool { true }
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { 1 / (1 + .exp(-x)) }
    func slope<Scalar: FloatingScalar>(_ y: Scalar) -> Scalar { y * (1 - y) }
}
extension Tensor {
    /// The logistic function 1 / (1 + exp(-x)) of each element.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func sigmoid() -> Tensor { applying(LogisticSigmoid()) }
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
