import LinearAlgebra
import Tensors

/// A batch of transformations of one family: each maps normalized target coordinates to normalized source coordinates.
public struct Transformation<Scalar: FloatingScalar>: Sendable {
    /// Of all transformations of the batch.
    public let family: TransformationFamily
    /// [N, `family.parameterCount`].
    public let parameters: Tensor<Scalar>
    /// The aspect ratios of the images.
    public let frame: Frame

    /// Transformations of `family` from their parameters, [N, `family.parameterCount`], which may require gradients.
    public init(_ family: TransformationFamily, parameters: Tensor<Scalar>, frame: Frame = .square) {
        precondition(
            parameters.rank == 2 && parameters.shape[1] == family.parameterCount,
            "Transformation: found parameters of the shape \(parameters.shape), expected [N, \(family.parameterCount)] for \(family)")
        self.family = family
        self.parameters = parameters
        self.frame = frame
    }

    /// `count` identities of a family.
    public static func identity(_ family: TransformationFamily, count: Int = 1, frame: Frame = .square) -> Transformation {
        Transformation(family, parameters: .zeros([count, family.parameterCount]), frame: frame)
    }

    /// The number of transformations.
    public var count: Int { parameters.shape[0] }

    /// One transformation's matrix between normalized coordinates.
    public func matrix(_ index: Int) -> Matrix3 { frame.normalized(family.matrix(row(index))) }

    /// The matrices [N, 3, 3] between normalized coordinates; differentiable by the parameters.
    public var matrices: Tensor<Scalar> {
        let (family, frame, count) = (family, frame, count)
        let rows = (0..<count).map(row)
        let value = Tensor<Scalar>(rows.flatMap { frame.normalized(family.matrix($0)).elements.map { Scalar($0) } }, shape: [count, 3, 3])
        return value.recorded(from: [parameters]) { cotangent, _ in
            let g = cotangent.scalars.map { Double($0) }
            let gradients = rows.indices.flatMap { n in
                family.matrixDerivatives(rows[n]).map { derivative in
                    let matrix = frame.normalized(derivative)
                    return Scalar((0..<9).reduce(0) { $0 + matrix[$1 / 3, $1 % 3] * g[9 * n + $1] })
                }
            }
            return [Tensor(gradients, shape: [count, family.parameterCount])]
        }
    }

    /// The derivatives of a warped point by the parameters of one transformation: for each parameter those of u and v, normalized source
    /// coordinates, at the point (x, y) in normalized target coordinates.
    public func pointDerivatives(_ index: Int, x: Double, y: Double) -> [(u: Double, v: Double)] {
        let m = matrix(index)
        let (u, v) = m.apply(x, y)
        let d = m[2, 0] * x + m[2, 1] * y + m[2, 2]
        return family.matrixDerivatives(row(index)).map { derivative in
            let e = frame.normalized(derivative).elements
            let perspective = e[6] * x + e[7] * y + e[8]
            return ((e[0] * x + e[1] * y + e[2] - u * perspective) / d, (e[3] * x + e[4] * y + e[5] - v * perspective) / d)
        }
    }

    /// The transformations from source to target, of the family's closure; nil where one is singular. A constant for gradients.
    public var inverse: Transformation? {
        derived(family.closure, frame.inverse) { family.matrix(row($0)).inverse.map(frame.inTargetUnits) }
    }

    /// `inner` first, then this one; of the smaller closed family that holds both. A constant for gradients: networks, which need
    /// them, multiply `matrices`.
    /// - Returns: nil where the composition is singular.
    public func composed(after inner: Transformation) -> Transformation? {
        precondition(
            count == inner.count && frame.targetAspect == inner.frame.sourceAspect,
            "composed: found \(count) transformations of \(frame) after \(inner.count) of \(inner.frame), expected agreeing ones")
        let (a, b) = (family.closure, inner.family.closure)
        let composedFrame = Frame(
            sourceAspect: frame.sourceAspect, targetAspect: inner.frame.targetAspect,
            targetHeight: frame.targetHeight * inner.frame.targetHeight)
        return derived(a.includes(b) ? a : b, composedFrame) {
            family.matrix(row($0)) * frame.inSourceUnits(inner.family.matrix(inner.row($0)))
        }
    }

    private func derived(_ family: TransformationFamily, _ frame: Frame, _ matrix: (Int) -> Matrix3?) -> Transformation? {
        var parameters: [Scalar] = []
        for index in 0..<count {
            guard let m = matrix(index), let p = family.parameters(nearestTo: m) else { return nil }
            parameters += p.map { Scalar($0) }
        }
        return Transformation(family, parameters: Tensor(parameters, shape: [count, family.parameterCount]), frame: frame)
    }

    private func row(_ index: Int) -> [Double] {
        let width = family.parameterCount
        return parameters.withScalars { $0[(index * width)..<((index + 1) * width)].map { Double($0) } }
    }
}
