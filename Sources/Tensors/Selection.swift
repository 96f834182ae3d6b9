import LinearAlgebra

// Masks, tensors of ones and zeros, and the choice that they make. Masks are constants for gradients. The maximum of a mask says whether any of it
// is set, the minimum whether all is, the sum how much.

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

private struct IsNotEqual: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x != y ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element of `a` is not equal to that of `b`, as a NaN never is, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { combined(".!=", a, b, IsNotEqual()) }

    /// 1 where the element is not equal to the number, else 0.
    public static func .!= (a: Tensor, b: Scalar) -> Tensor { a .!= Tensor(b) }
}

private struct AreBothSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x != 0 && y != 0 ? 1 : 0 }
}
private struct IsEitherSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar, _ y: Scalar) -> Scalar { x != 0 || y != 0 ? 1 : 0 }
}
extension Tensor {
    /// 1 where both masks are set, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .& (a: Tensor, b: Tensor) -> Tensor { combined(".&", a, b, AreBothSet()) }

    /// 1 where one of the masks is set or both are, else 0; with broadcasting.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public static func .| (a: Tensor, b: Tensor) -> Tensor { combined(".|", a, b, IsEitherSet()) }

    /// 1 where the mask is not set, else 0.
    public static prefix func .! (mask: Tensor) -> Tensor { mask .== 0 }
}

private struct IsFinite: UnaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x.isFinite ? 1 : 0 }
}
extension Tensor {
    /// 1 where the element is a number and not infinite, else 0.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public func isFinite() -> Tensor { mapped(self, IsFinite()) }

    /// The elements where a mask of this shape is set, in row-major order, as a tensor of one axis.
    public func elements(where mask: Tensor) -> Tensor {
        precondition(mask.shape == shape, "elements(where:): found a mask of the shape \(mask.shape) for \(shape), expected the same")
        let places = mask.withScalars { mask in mask.indices.filter { mask[$0] != 0 } }
        return reshaped([count]).gathered(axis: 0, places)
    }
}

/// The second element where the first one, of a mask, is not 0; else 0. Unlike a product, also where the second is not finite.
private struct WhereSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ mask: Scalar, _ x: Scalar) -> Scalar { mask != 0 ? x : 0 }
}
private struct WhereNotSet: BinaryFunction {
    func value<Scalar: FloatingScalar>(_ mask: Scalar, _ x: Scalar) -> Scalar { mask != 0 ? 0 : x }
}

/// The element of `a` where that of `mask` is not 0, else that of `b`; with broadcasting of all three. NumPy calls it `where`, which is a word of
/// Swift's own.
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
