/// The aspect ratios (width / height) of the images between which a transformation maps.
///
/// In normalized coordinates, -1...1 along both axes, a turn of an image that is not square is not a rotation matrix. So the parameters
/// of a family act in coordinates where both axes have one unit, half the image's height; a frame leads from there to normalized
/// coordinates and back. The default frame is square: there the two are the same.
public struct Frame: Equatable, Sendable {
    public var sourceAspect, targetAspect: Double

    public init(sourceAspect: Double = 1, targetAspect: Double = 1) {
        precondition(
            sourceAspect > 0 && targetAspect > 0, "Frame: found aspects of \(sourceAspect) and \(targetAspect), expected positive ones")
        self.sourceAspect = sourceAspect
        self.targetAspect = targetAspect
    }

    /// Both images square.
    public static let square = Frame()

    /// A family's matrix in normalized coordinates.
    public func normalized(_ matrix: Matrix3) -> Matrix3 { .scaling(1 / sourceAspect, 1) * matrix * .scaling(targetAspect, 1) }

    /// A normalized matrix in the coordinates where families act.
    public func denormalized(_ matrix: Matrix3) -> Matrix3 { .scaling(sourceAspect, 1) * matrix * .scaling(1 / targetAspect, 1) }

    var inverse: Frame { Frame(sourceAspect: targetAspect, targetAspect: sourceAspect) }
}
