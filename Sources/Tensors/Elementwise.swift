import LinearAlgebra

// Arithmetic of tensors, element by element, with broadcasting as in NumPy.
//
// A function of elements is a type rather than a closure: the compiler specializes the loops below for a type reliably, while a closure
// would be called once an element. The public operations carry `@specialized`, and the loops are inlined into them.

/// A function of one element.
protocol UnaryFunction: Sendable {
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar
}

/// A function of two elements.
protocol BinaryFunction: Sendable {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar
}

/// `function` of each element; a constant for gradients.
@inline(__always)
func mapped<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ function: some UnaryFunction) -> Tensor<Scalar> {
    let result = Tensor<Scalar>(uninitialized: x.shape)
    let (out, source) = (result.base, x.base)
    Threads.forEachPiece(of: result.count, size: pieceSize) { piece in
        for i in piece { out[i] = function.value(source[i]) }
    }
    withExtendedLifetime(x) {}
    return result
}

/// `function` of each pair of elements that broadcasting brings together; a constant for gradients.
@inline(__always)
func combined<Scalar: FloatingScalar>(
    _ operation: String, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ function: some BinaryFunction
) -> Tensor<Scalar> {
    let broadcast = Broadcast(operation, a.shape, b.shape)
    let result = Tensor<Scalar>(uninitialized: broadcast.shape)
    let (out, aBase, bBase) = (result.base, a.base, b.base)
    broadcast.forEachRun { position, aStart, bStart, count in
        let (out, x, y) = (out + position, aBase + aStart, bBase + bStart)
        if broadcast.aStep == 0 {
            let x = x[0]
            for i in 0..<count { out[i] = function.value(x, y[i]) }
        } else if broadcast.bStep == 0 {
            let y = y[0]
            for i in 0..<count { out[i] = function.value(x[i], y) }
        } else {
            for i in 0..<count { out[i] = function.value(x[i], y[i]) }
        }
    }
    withExtendedLifetime((a, b)) {}
    return result
}

private struct Sum: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x + y }
}
private struct Difference: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x - y }
}
private struct Product: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x * y }
}
private struct Quotient: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x / y }
}

// Two tensors. What broadcasting repeats, the gradient adds up.
extension Tensor {
    /// The sums of the elements, with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        let (aShape, bShape) = (a.shape, b.shape)
        return combined("+", a, b, Sum())
            .recorded(from: a, b, gradients: { $0.summed(to: aShape) }, { $0.summed(to: bShape) })
    }

    /// The differences of the elements, with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        let (aShape, bShape) = (a.shape, b.shape)
        return combined("-", a, b, Difference())
            .recorded(from: a, b, gradients: { $0.summed(to: aShape) }, { -$0.summed(to: bShape) })
    }

    /// The products of the elements, with broadcasting. For the product of matrices see `matmul`.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let (x, y) = (a.stopGradient(), b.stopGradient())
        return combined("*", a, b, Product())
            .recorded(from: a, b, gradients: { ($0 * y).summed(to: x.shape) }, { ($0 * x).summed(to: y.shape) })
    }

    /// The quotients of the elements, with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let (aShape, y) = (a.shape, b.stopGradient())
        let quotient = combined("/", a, b, Quotient())
        return quotient.recorded(
            from: a, b, gradients: { ($0 / y).summed(to: aShape) }, { -($0 * quotient / y).summed(to: y.shape) })
    }
}

// A tensor and a number, which acts as a tensor without axes.
extension Tensor {
    /// Adds the number to each element.
    public static func + (a: Tensor, b: Scalar) -> Tensor { a + Tensor(b) }
    /// Adds the number to each element.
    public static func + (a: Scalar, b: Tensor) -> Tensor { Tensor(a) + b }
    /// Subtracts the number from each element.
    public static func - (a: Tensor, b: Scalar) -> Tensor { a - Tensor(b) }
    /// Subtracts each element from the number.
    public static func - (a: Scalar, b: Tensor) -> Tensor { Tensor(a) - b }
    /// Multiplies each element by the number.
    public static func * (a: Tensor, b: Scalar) -> Tensor { a * Tensor(b) }
    /// Multiplies each element by the number.
    public static func * (a: Scalar, b: Tensor) -> Tensor { Tensor(a) * b }
    /// Divides each element by the number.
    public static func / (a: Tensor, b: Scalar) -> Tensor { a / Tensor(b) }
    /// Divides the number by each element.
    public static func / (a: Scalar, b: Tensor) -> Tensor { Tensor(a) / b }
}

// Compound assignment: recorded like the operator itself, since a variable is only a name for the newest value.
extension Tensor {
    /// Adds `b`, broadcast to `a`'s shape.
    public static func += (a: inout Tensor, b: Tensor) { a = keepingShape("+=", a, a + b) }
    /// Subtracts `b`, broadcast to `a`'s shape.
    public static func -= (a: inout Tensor, b: Tensor) { a = keepingShape("-=", a, a - b) }
    /// Multiplies by `b`, broadcast to `a`'s shape.
    public static func *= (a: inout Tensor, b: Tensor) { a = keepingShape("*=", a, a * b) }
    /// Divides by `b`, broadcast to `a`'s shape.
    public static func /= (a: inout Tensor, b: Tensor) { a = keepingShape("/=", a, a / b) }
    /// Adds the number to each element.
    public static func += (a: inout Tensor, b: Scalar) { a = a + b }
    /// Subtracts the number from each element.
    public static func -= (a: inout Tensor, b: Scalar) { a = a - b }
    /// Multiplies each element by the number.
    public static func *= (a: inout Tensor, b: Scalar) { a = a * b }
    /// Divides each element by the number.
    public static func /= (a: inout Tensor, b: Scalar) { a = a / b }

    private static func keepingShape(_ operation: String, _ a: Tensor, _ result: Tensor) -> Tensor {
        precondition(
            result.shape == a.shape, "\(operation): found a result of the shape \(result.shape), expected the variable's, \(a.shape)")
        return result
    }
}

/// The first element where `isFirst` of both is 1, else the second one.
private struct Choice<Condition: BinaryFunction>: BinaryFunction {
    let isFirst: Condition
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { isFirst.value(x, y) != 0 ? x : y }
}
// A NaN among the two is the result, as in IEEE 754's maximum and minimum.
private struct FirstIsMaximum: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x >= y || x != x ? 1 : 0 }
}
private struct FirstIsMinimum: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x <= y || x != x ? 1 : 0 }
}

@inline(__always)
private func extremum<Scalar: FloatingScalar>(
    _ operation: String, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ isFirst: some BinaryFunction
) -> Tensor<Scalar> {
    let (x, y) = (a.stopGradient(), b.stopGradient())
    return combined(operation, a, b, Choice(isFirst: isFirst)).recorded(
        from: a, b, gradients: { ($0 * combined(operation, x, y, isFirst)).summed(to: x.shape) },
        { ($0 * (1 - combined(operation, x, y, isFirst))).summed(to: y.shape) })
}

/// The larger of the two elements, with broadcasting; NaN where either is. Where they are equal, the gradient goes to `a`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func maximum<Scalar: FloatingScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
    extremum("maximum", a, b, FirstIsMaximum())
}

/// The smaller of the two elements, with broadcasting; NaN where either is. Where they are equal, the gradient goes to `a`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func minimum<Scalar: FloatingScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
    extremum("minimum", a, b, FirstIsMinimum())
}
