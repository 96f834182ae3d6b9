import LinearAlgebra

// Masks, tensors of ones and zeros, and the choice that they make. Masks are constants for gradients.

private struct IsGreater: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x > y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is greater than that of `b`, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .> (a: Tensor, b: Tensor) -> Tensor { combined(".>", a, b, IsGreater()) }

    /// 1 where the element is greater than the number, else 0.
    public static func .> (a: Tensor, b: Scalar) -> Tensor { a .> Tensor(b) }
}

private struct IsGreaterOrEqual: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x >= y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is greater than or equal to that of `b`, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { combined(".>=", a, b, IsGreaterOrEqual()) }

    /// 1 where the element is greater than or equal to the number, else 0.
    public static func .>= (a: Tensor, b: Scalar) -> Tensor { a .>= Tensor(b) }
}

private struct IsLess: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x < y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is less than that of `b`, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .< (a: Tensor, b: Tensor) -> Tensor { combined(".<", a, b, IsLess()) }

    /// 1 where the element is less than the number, else 0.
    public static func .< (a: Tensor, b: Scalar) -> Tensor { a .< Tensor(b) }
}

private struct IsLessOrEqual: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x <= y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is less than or equal to that of `b`, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { combined(".<=", a, b, IsLessOrEqual()) }

    /// 1 where the element is less than or equal to the number, else 0.
    public static func .<= (a: Tensor, b: Scalar) -> Tensor { a .<= Tensor(b) }
}

private struct IsEqual: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x == y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is equal to that of `b`, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .== (a: Tensor, b: Tensor) -> Tensor { combined(".==", a, b, IsEqual()) }

    /// 1 where the element is equal to the number, else 0.
    public static func .== (a: Tensor, b: Scalar) -> Tensor { a .== Tensor(b) }
}

/// The second element where the first one, of a mask, is not 0; else 0. Unlike a product, also where the second is not finite.
private struct WhereSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ mask: Scalar, _ x: Scalar) -> Scalar { mask != 0 ? x : 0 }
}
private struct WhereNotSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ mask: Scalar, _ x: Scalar) -> Scalar { mask != 0 ? 0 : x }
}

/// The element of `a` where that of `mask` is not 0, else that of `b`; with broadcasting of all three.
///
/// Gradients flow to the chosen elements only, also where the other one is not finite; none to `mask`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func select<Scalar: FloatingScalar>(_ mask: Tensor<Scalar>, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = Broadcast.commonShape("select", mask.shape, Broadcast.commonShape("select", a.shape, b.shape))
    let result = Tensor<Scalar>(uninitialized: shape)
    let condition = mask.stopGradient().broadcast(to: shape)
    let (x, y) = (a.stopGradient().broadcast(to: shape), b.stopGradient().broadcast(to: shape))
    let (out, conditions, xs, ys) = (result.base, condition.base, x.base, y.base)
    Threads.forEachPiece(of: result.count, size: pieceSize) { piece in
        for i in piece { out[i] = conditions[i] != 0 ? xs[i] : ys[i] }
    }
    withExtendedLifetime((condition, x, y)) {}
    let (aShape, bShape) = (a.shape, b.shape)
    return result.recorded(
        from: a, b, gradients: { combined("select", condition, $0, WhereSet()).summed(to: aShape) },
        { combined("select", condition, $0, WhereNotSet()).summed(to: bShape) })
}
