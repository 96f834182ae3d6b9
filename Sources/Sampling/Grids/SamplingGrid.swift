import Glibc
import LinearAlgebra
import Tensors

/// Where each pixel of a target samples the source: by a transformation, or point by point.
///
/// Dense flows (`init(flow:)`), thin-plate splines (`ThinPlateSpline`), polar grids (`polar`, `logPolar`) and boxes (`init(boxes:)`) are such
/// grids too; any sampler takes any of them.
///
/// Coordinates are normalized, x right, y down, -1...1. With `alignCorners` false (the default) -1 and 1 are the outer edges of the
/// target's border pixels; with true, the centres of its border pixels. As in PyTorch's `affine_grid`.
public struct SamplingGrid<Scalar: FloatingScalar>: Sendable {
    enum Form: Sendable {
        /// [N, 3, 3], from normalized target to normalized source coordinates.
        case matrices(Tensor<Scalar>)
        /// [N, H, W, 2], normalized source coordinates x, y.
        case points(Tensor<Scalar>)
    }

    let form: Form
    /// The target's size in pixels. Without any, there are no samples, and gradients are zero.
    public let height, width: Int
    /// What -1 and 1 mean in the target.
    public let alignCorners: Bool
    /// The place in the batch of the image that each target samples; nil where target n samples image n, or a single image serves all.
    let images: [Int]?

    /// Samples under matrices [N, 3, 3] from normalized target to normalized source coordinates; may require gradients.
    public init(matrices: Tensor<Scalar>, height: Int, width: Int, alignCorners: Bool = false) {
        precondition(
            matrices.rank == 3 && matrices.shape[1...] == [3, 3],
            "SamplingGrid: found matrices of the shape \(matrices.shape), expected [N, 3, 3]")
        self.init(.matrices(matrices), height, width, alignCorners)
    }

    /// Samples under a batch of transformations, whose parameters may require gradients.
    public init(_ transformation: Transformation<Scalar>, height: Int, width: Int, alignCorners: Bool = false) {
        self.init(matrices: transformation.matrices, height: height, width: width, alignCorners: alignCorners)
    }

    /// Samples under one matrix.
    public init(_ matrix: Matrix3, height: Int, width: Int, alignCorners: Bool = false) {
        self.init(
            matrices: Tensor(matrix.elements.map { Scalar($0) }, shape: [1, 3, 3]), height: height, width: width,
            alignCorners: alignCorners)
    }

    /// Samples at given points [N, H, W, 2]: x, y in normalized source coordinates; may require gradients.
    public init(points: Tensor<Scalar>, alignCorners: Bool = false) {
        precondition(
            points.rank == 4 && points.shape[3] == 2, "SamplingGrid: found points of the shape \(points.shape), expected [N, H, W, 2]")
        self.init(.points(points), points.shape[1], points.shape[2], alignCorners)
    }

    init(_ form: Form, _ height: Int, _ width: Int, _ alignCorners: Bool, images: [Int]? = nil) {
        precondition(
            height >= 0 && width >= 0 && height < Int(Int32.max) / max(1, width) && width < Int(Int32.max),
            "SamplingGrid: found a target of \(height)x\(width) pixels, expected no negative size and fewer than 2^31 in all")
        self.form = form
        self.height = height
        self.width = width
        self.alignCorners = alignCorners
        self.images = images
    }

    /// The number of targets.
    public var batch: Int { variable.shape[0] }

    /// The tensor that gradients flow to: the matrices or the points.
    var variable: Tensor<Scalar> {
        switch form {
        case .matrices(let tensor), .points(let tensor): tensor
        }
    }

    var targetAxes: (x: PixelAxis, y: PixelAxis) {
        (PixelAxis(length: width, alignCorners: alignCorners), PixelAxis(length: height, alignCorners: alignCorners))
    }

    func matrix(_ index: Int) -> Matrix3? {
        guard case .matrices(let tensor) = form else { return nil }
        return Matrix3(tensor.withScalars { $0[(9 * index)..<(9 * index + 9)].map { Double($0) } })
    }

    /// The sampled positions [N, H, W, 2], x and y in normalized source coordinates; differentiable.
    public var points: Tensor<Scalar> {
        guard case .matrices(let matrices) = form else { return variable }
        let constant = matrices.stopGradient()
        let (tx, ty) = targetAxes
        let value = Tensor<Scalar>(shape: [batch, height, width, 2]) { out in
            let out = out.baseAddress!
            let all = (0..<batch).map { matrix($0)!.elements }
            Threads.forEachPiece(of: batch * height, size: max(1, 4096 / max(1, width))) { piece in
                for row in piece {
                    fillRow(all[row / height], tx, ty.normalized(Double(row % height)), width, out + row * width * 2)
                }
            }
        }
        let constantGrid = SamplingGrid(matrices: constant, height: height, width: width, alignCorners: alignCorners)
        return value.recorded(from: [matrices]) { cotangent, _ in
            [constantGrid.gradient(byPoints: cotangent)]
        }
    }

    /// The gradient by the grid's variable from the gradient by its points, [N, H, W, 2].
    func gradient(byPoints cotangent: Tensor<Scalar>) -> Tensor<Scalar> {
        guard case .matrices = form else { return cotangent }
        return Tensor(shape: [batch, 3, 3]) { out in
            cotangent.withScalars { g in
                for n in 0..<batch {
                    let sums = matrixGradient(matrix(n)!, UnsafeBufferPointer(rebasing: g[(n * height * width * 2)...]))
                    for j in 0..<9 { out.initializeElement(at: 9 * n + j, to: Scalar(sums[j])) }
                }
            }
        }
    }

    /// Σ over pixels of the gradient by u and v times the derivatives of u and v by the nine elements. Rows are summed apart from each
    /// other and added in order: the same bits on any number of threads.
    private func matrixGradient(_ matrix: Matrix3, _ cotangent: UnsafeBufferPointer<Scalar>) -> [Double] {
        let (tx, ty) = targetAxes
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 9 * height) { rows in
            rows.initialize(repeating: 0)
            Threads.forEachPiece(of: height, size: max(1, 4096 / max(1, width))) { piece in
                for row in piece {
                    accumulateRow(
                        matrix.elements, tx, ty.normalized(Double(row)), UnsafeBufferPointer(rebasing: cotangent[(row * width * 2)...]),
                        width, rows.baseAddress! + 9 * row)
                }
            }
            return (0..<9).map { j in (0..<height).reduce(0.0) { $0 + rows[9 * $1 + j] } }
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillRow<Scalar: FloatingScalar>(
    _ m: [Double], _ tx: PixelAxis, _ y: Double, _ width: Int, _ points: UnsafeMutablePointer<Scalar>
) {
    m.withUnsafeBufferPointer { m in
        for column in 0..<width {
            let x = tx.normalized(Double(column))
            let d = m[6] * x + m[7] * y + m[8]
            points[2 * column] = Scalar((m[0] * x + m[1] * y + m[2]) / d)
            points[2 * column + 1] = Scalar((m[3] * x + m[4] * y + m[5]) / d)
        }
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func accumulateRow<Scalar: FloatingScalar>(
    _ m: [Double], _ tx: PixelAxis, _ y: Double, _ cotangent: UnsafeBufferPointer<Scalar>, _ width: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    m.withUnsafeBufferPointer { m in
        for column in 0..<width {
            let (gu, gv) = (Double(cotangent[2 * column]), Double(cotangent[2 * column + 1]))
            if gu == 0 && gv == 0 { continue }  // also where the position is not finite
            let x = tx.normalized(Double(column))
            let d = 1 / (m[6] * x + m[7] * y + m[8])
            let (u, v) = ((m[0] * x + m[1] * y + m[2]) * d, (m[3] * x + m[4] * y + m[5]) * d)
            let (a, b) = (gu * d, gv * d)
            let c = -(u * a + v * b)
            sums[0] += a * x
            sums[1] += a * y
            sums[2] += a
            sums[3] += b * x
            sums[4] += b * y
            sums[5] += b
            sums[6] += c * x
            sums[7] += c * y
            sums[8] += c
        }
    }
}

/// One axis of an image: pixel centres at 0, 1, 2, ... against normalized coordinates.
struct PixelAxis {
    /// pixel = scale · normalized + shift.
    let scale, shift: Double

    init(length: Int, alignCorners: Bool) {
        scale = Double(alignCorners ? length - 1 : length) / 2
        shift = Double(length - 1) / 2
    }

    /// Of a single pixel under `alignCorners` the one centre is 0.
    func normalized(_ pixel: Double) -> Double { scale == 0 ? 0 : (pixel - shift) / scale }

    /// What one pixel is in normalized coordinates.
    var pitch: Double { scale == 0 ? 0 : 1 / scale }
}

/// What a pixel of the source is in normalized coordinates.
func sourcePitch(_ source: (height: Int, width: Int), alignCorners: Bool) -> (x: Double, y: Double) {
    (
        PixelAxis(length: source.width, alignCorners: alignCorners).pitch,
        PixelAxis(length: source.height, alignCorners: alignCorners).pitch
    )
}
