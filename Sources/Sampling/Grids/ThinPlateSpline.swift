import Glibc
import LinearAlgebra
import Tensors

/// The smoothest map of the plane that takes control points of the target to given points of the source (Bookstein, "Principal warps:
/// thin-plate splines and the decomposition of deformations", PAMI 1989).
///
/// Each source coordinate is a₀ + a₁x + a₂y + Σ wᵢ U(|p - pᵢ|) with U(r) = r² log r², where the wᵢ have no part that is constant or linear:
/// the surface of least bending through its values. All of this is linear in the source points, so the equations are solved once, by
/// `init`; a grid is then one product of matrices, through which gradients flow to the source points.
///
/// ```swift
/// let spline = try ThinPlateSpline<Float>(controlPoints: ThinPlateSpline.lattice(rows: 4, columns: 4), height: 120, width: 160)
/// let warped = sampler.sample(image, at: spline.grid(to: spline.controlPoints + offsets))  // offsets: [N, 16, 2]
/// ```
public struct ThinPlateSpline<Scalar: FloatingScalar>: Sendable {
    /// [K, 2]: x, y in normalized target coordinates.
    public let controlPoints: Tensor<Scalar>
    /// The target's size in pixels.
    public let height, width: Int
    /// What -1 and 1 mean in the target.
    public let alignCorners: Bool
    /// How much of each control point's place in the source each target pixel takes, [height · width, K].
    private let weights: Tensor<Scalar>

    /// Solves for the splines through these control points. Keeps `height` · `width` · K numbers.
    ///
    /// - Parameters:
    ///   - controlPoints: [K, 2]: x, y in normalized target coordinates. A constant for gradients.
    ///   - height: Of the target, in pixels.
    ///   - width: Of the target, in pixels.
    ///   - regularization: λ, added to the diagonal of the equations (Wahba, 1990): at 0 the spline meets its points; the larger, the less it
    ///     bends, and in the limit it is the affine map nearest to them.
    ///   - targetAspect: The target's width / height, as in a `Frame`: distances are those where both axes have one unit, half its height.
    ///   - alignCorners: What -1 and 1 mean in the target.
    /// - Throws: Where the points determine no affine map, or two of them are one.
    public init(
        controlPoints: Tensor<Scalar>, height: Int, width: Int, regularization: Double = 0, targetAspect: Double = 1,
        alignCorners: Bool = false
    ) throws(ThinPlateSplineError) {
        precondition(
            controlPoints.rank == 2 && controlPoints.shape[1] == 2,
            "ThinPlateSpline: found control points of the shape \(controlPoints.shape), expected [K, 2]")
        precondition(height >= 0 && width >= 0, "ThinPlateSpline: found a target of \(height)x\(width) pixels, expected no negative size")
        precondition(
            regularization >= 0 && regularization.isFinite && targetAspect > 0 && targetAspect.isFinite,
            "ThinPlateSpline: found a regularization of \(regularization) and an aspect of \(targetAspect), expected at least 0 and above 0"
        )
        let scalars = controlPoints.scalars
        let points = (0..<scalars.count / 2).map { (x: Double(scalars[2 * $0]) * targetAspect, y: Double(scalars[2 * $0 + 1])) }
        try checkControlPoints(points)
        let coefficients = try splineCoefficients(points, regularization)
        let (tx, ty) = (PixelAxis(length: width, alignCorners: alignCorners), PixelAxis(length: height, alignCorners: alignCorners))
        self.controlPoints = controlPoints.stopGradient()
        self.height = height
        self.width = width
        self.alignCorners = alignCorners
        weights = Tensor(shape: [height * width, points.count]) { out in
            let out = out.baseAddress!
            Threads.forEachPiece(of: height, size: max(1, 16384 / max(1, width * points.count))) { rows in
                for row in rows {
                    fillWeights(
                        points, coefficients, y: ty.normalized(Double(row)),
                        x: (0..<width).map { tx.normalized(Double($0)) * targetAspect },
                        into: out + row * width * points.count)
                }
            }
        }
    }

    /// A regular lattice of control points, row by row from (-1, -1) to (1, 1): [rows · columns, 2].
    public static func lattice(rows: Int, columns: Int) -> Tensor<Scalar> {
        precondition(
            rows >= 2 && columns >= 2, "ThinPlateSpline: found a lattice of \(rows)x\(columns) points, expected at least 2 along each axis")
        func place(_ index: Int, _ count: Int) -> Scalar { Scalar(2 * Double(index) / Double(count - 1) - 1) }
        let points = (0..<rows).flatMap { row in (0..<columns).flatMap { [place($0, columns), place(row, rows)] } }
        return Tensor(points, shape: [rows * columns, 2])
    }

    /// Samples under the splines that take the control points to `sourcePoints`: [N, K, 2], x, y in normalized source coordinates, which may
    /// require gradients.
    public func grid(to sourcePoints: Tensor<Scalar>) -> SamplingGrid<Scalar> {
        let count = controlPoints.shape[0]
        precondition(
            sourcePoints.rank == 3 && sourcePoints.shape[1...] == [count, 2],
            "ThinPlateSpline: found source points of the shape \(sourcePoints.shape), expected [N, \(count), 2]")
        let points = matmul(weights, sourcePoints).reshaped([sourcePoints.shape[0], height, width, 2])
        return SamplingGrid(points: points, alignCorners: alignCorners)
    }
}

/// Control points through which no thin-plate spline is determined.
public enum ThinPlateSplineError: Error, Equatable, CustomStringConvertible {
    /// Fewer than three.
    case tooFew(Int)
    /// Two, counted from 0, lie nearer to each other than a ten-thousandth of the spread of all.
    case coincident(Int, Int)
    /// All lie on a line, to a ten-thousandth of their spread.
    case collinear
    /// A coordinate is infinite or not a number, or so large that its square is.
    case notFinite

    public var description: String {
        switch self {
        case .tooFew(let count): "found \(count) control points, expected at least 3"
        case .coincident(let first, let second):
            "found the control points \(first) and \(second) at the same place, expected different ones"
        case .collinear: "found control points on a line, expected at least 3 that are not"
        case .notFinite: "found control points with coordinates that are not finite, expected normalized coordinates"
        }
    }
}

private typealias Point = (x: Double, y: Double)

/// Below this share of the spread of all, the equations lose half of a Double's digits.
private let resolution = 1e-4

private func checkControlPoints(_ points: [Point]) throws(ThinPlateSplineError) {
    guard points.count >= 3 else { throw .tooFew(points.count) }
    guard points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { throw .notFinite }
    // The variances along the axes of the points' ellipse.
    let count = Double(points.count)
    let (centreX, centreY) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for point in points {
        let (x, y) = (point.x - centreX, point.y - centreY)
        xx += x * x / count
        xy += x * y / count
        yy += y * y / count
    }
    let largest = (xx + yy) / 2 + hypot((xx - yy) / 2, xy)
    for i in points.indices {
        for j in 0..<i {
            let (x, y) = (points[i].x - points[j].x, points[i].y - points[j].y)
            if x * x + y * y <= resolution * resolution * largest { throw .coincident(j, i) }
        }
    }
    if xx * yy - xy * xy <= resolution * resolution * largest * largest { throw .collinear }
}

/// U as a function of r².
private func radialBasis(_ squaredDistance: Double) -> Double { squaredDistance > 0 ? squaredDistance * log(squaredDistance) : 0 }

/// w₁...w_K, a₀, a₁, a₂ for each control point's value as 1 and all others' as 0, a column each: [K + 3, K].
private func splineCoefficients(_ points: [Point], _ regularization: Double) throws(ThinPlateSplineError) -> [Double] {
    let (count, size) = (points.count, points.count + 3)
    var matrix = [Double](repeating: 0, count: size * size)
    var coefficients = [Double](repeating: 0, count: size * count)
    for i in 0..<count {
        for j in 0..<count {
            let (x, y) = (points[i].x - points[j].x, points[i].y - points[j].y)
            matrix[i * size + j] = i == j ? regularization : radialBasis(x * x + y * y)
        }
        for (k, value) in [1, points[i].x, points[i].y].enumerated() {
            matrix[i * size + count + k] = value
            matrix[(count + k) * size + i] = value
        }
        coefficients[i * count + i] = 1
    }
    // Points that were checked make equations that can be solved, unless these leave the range of numbers.
    do { try solve(count: 1, n: size, rightHandSides: count, &matrix, &coefficients) } catch { throw .notFinite }
    guard coefficients.allSatisfy(\.isFinite) else { throw .notFinite }
    return coefficients
}

/// One row of pixels: the product of what the coefficients multiply at each pixel and the coefficients, in Double.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillWeights<Scalar: FloatingScalar>(
    _ points: [Point], _ coefficients: [Double], y: Double, x columns: [Double], into weights: UnsafeMutablePointer<Scalar>
) {
    let (count, size, width) = (points.count, points.count + 3, columns.count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: width * (size + count)) { memory in
        let basis = memory.baseAddress!
        let product = basis + width * size
        for (column, x) in columns.enumerated() {
            let row = basis + column * size
            for (i, point) in points.enumerated() {
                row[i] = radialBasis((x - point.x) * (x - point.x) + (y - point.y) * (y - point.y))
            }
            (row[count], row[count + 1], row[count + 2]) = (1, x, y)
        }
        gemmOnOneThread(
            basis, MatrixLayout(width, size), coefficients, MatrixLayout(size, count), into: product, MatrixLayout(width, count))
        for i in 0..<width * count { weights[i] = Scalar(product[i]) }
    }
}
