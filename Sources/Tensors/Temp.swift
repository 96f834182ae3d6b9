import LinearAlgebra
extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        var c = a.stopGradient(); c.add(b.stopGradient()); return c.recorded(from: a, b, gradients: { $0 }, { $0 })
    }
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let (x, y) = (a.stopGradient(), b.stopGradient())
        return Tensor(zip(a.scalars, b.scalars).map(*), shape: a.shape).recorded(from: a, b, gradients: { $0 * y }, { $0 * x })
    }
    public static func / (a: Tensor, b: Scalar) -> Tensor { a * Tensor(repeating: 1 / b, shape: a.shape) }
    public func sum() -> Tensor {
        let s = shape; return Tensor(scalars.reduce(0, +)).recorded(from: self) { Tensor(repeating: $0.scalar, shape: s) }
    }
    public subscript(range: Range<Int>) -> Tensor {
        let n = count / shape[0]
        return Tensor(shape: [range.count] + shape[1...], storage: storage, offset: offset + n * range.lowerBound)
    }
}
