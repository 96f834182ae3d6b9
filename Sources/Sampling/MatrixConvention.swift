/// How a program writes the matrix of a transformation between two images.
///
/// All have x to the right and y down, and act on columns (x, y, 1). Docs/Conventions.md shows each one at work.
public enum MatrixConvention: String, CaseIterable, Sendable, Codable {
    /// This library's: from the target to the source, where -1 and 1 are the outer edges of the border pixels.
    case normalized
    /// From the source's pixels to the target's, the centre of the first at 0: what `cv2.findHomography(source, target)` gives and
    /// `cv2.warpPerspective(source, matrix, size)` takes.
    case opencv
    /// From the target's (fixed) points to the source's (moving), in pixels: what `itk` and `SimpleITK` call a transform, for images with a
    /// spacing of 1 and the origin 0. Affine.
    case itk
    /// From the target's pixels to the source's, the centre of the first at 0: what `skimage.transform.warp(source, matrix)` takes.
    case skimage
    /// That of `torch.nn.functional.affine_grid(matrix[None, :2], size, align_corners=False)`. Affine; the same as `normalized` with 1 as the last
    /// element.
    case torch

    /// Whether it holds for affine maps only.
    public var isAffine: Bool { self == .itk || self == .torch }

    /// A normalized matrix as this convention writes it.
    ///
    /// - Parameters:
    ///   - normalized: From normalized target to normalized source coordinates, with an inverse.
    ///   - source: The source's size in pixels.
    ///   - target: The target's size in pixels.
    public func matrix(
        of normalized: Matrix3, source: (height: Int, width: Int), target: (height: Int, width: Int)
    ) throws(MatrixConventionError) -> Matrix3 {
        if isAffine && !normalized.isAffine { throw .homography(self) }
        let pixels = Matrix3.pixels(source) * normalized * Matrix3.pixels(target).inverse!
        switch self {
        case .normalized: return normalized
        case .torch: return normalized.scaledToOne
        case .itk, .skimage: return pixels.scaledToOne
        case .opencv:
            guard let inverse = pixels.inverse else { throw .singular(self) }
            return inverse.scaledToOne
        }
    }

    /// The normalized matrix that this convention writes as `matrix`.
    ///
    /// - Parameters:
    ///   - matrix: In this convention.
    ///   - source: The source's size in pixels.
    ///   - target: The target's size in pixels.
    public func normalized(
        _ matrix: Matrix3, source: (height: Int, width: Int), target: (height: Int, width: Int)
    ) throws(MatrixConventionError) -> Matrix3 {
        let pixels = try pixels(matrix, source: source, target: target)
        if self == .normalized || self == .torch { return matrix }
        return (Matrix3.pixels(source).inverse! * pixels * Matrix3.pixels(target)).scaledToOne
    }

    /// The matrix from the target's pixels to the source's, the centre of the first at 0, that this convention writes as `matrix`.
    ///
    /// - Parameters:
    ///   - matrix: In this convention.
    ///   - source: The source's size in pixels.
    ///   - target: The target's size in pixels.
    public func pixels(
        _ matrix: Matrix3, source: (height: Int, width: Int), target: (height: Int, width: Int)
    ) throws(MatrixConventionError) -> Matrix3 {
        if isAffine && !matrix.isAffine { throw .homography(self) }
        guard matrix.isFinite, let inverse = matrix.inverse, inverse.isFinite else { throw .singular(self) }
        switch self {
        case .normalized, .torch: return Matrix3.pixels(source) * matrix * Matrix3.pixels(target).inverse!
        case .itk, .skimage: return matrix
        case .opencv: return inverse
        }
    }
}

/// A matrix that a convention does not have.
public enum MatrixConventionError: Error, Equatable, CustomStringConvertible {
    /// The convention holds affine maps alone, and the last row is not (0, 0, c).
    case homography(MatrixConvention)
    /// The matrix has no inverse, or is not finite.
    case singular(MatrixConvention)

    public var description: String {
        switch self {
        case .homography(let convention): "\(convention.rawValue): found a homography, expected an affine map"
        case .singular(let convention): "\(convention.rawValue): found a singular matrix, expected one that can be inverted"
        }
    }
}

extension Matrix3 {
    /// From normalized coordinates to an image's pixels, the centre of the first at 0.
    package static func pixels(_ size: (height: Int, width: Int)) -> Matrix3 {
        let (x, y) = (Double(size.width) / 2, Double(size.height) / 2)
        return Matrix3([x, 0, x - 0.5, 0, y, y - 0.5, 0, 0, 1])
    }

    /// From the normalized coordinates of a part of an image to those of the whole.
    ///
    /// - Parameters:
    ///   - x: The part's leftmost column of pixels.
    ///   - y: Its upper row.
    ///   - part: Its size in pixels.
    ///   - whole: The image's size in pixels.
    package static func part(
        x: Int, y: Int, _ part: (height: Int, width: Int), of whole: (height: Int, width: Int)
    ) -> Matrix3 {
        pixels(whole).inverse! * .translation(Double(x), Double(y)) * pixels(part)
    }

    /// Whether its last row is (0, 0, c), but for rounding.
    fileprivate var isAffine: Bool { abs(self[2, 0]) + abs(self[2, 1]) <= 1e-12 * abs(self[2, 2]) }

    /// The same map with 1 as its last element, where that is not zero.
    package var scaledToOne: Matrix3 { self[2, 2] == 0 ? self : Matrix3(elements.map { $0 / self[2, 2] }) }
}
