/// The shapes and sizes of the images between which a transformation maps.
///
/// In normalized coordinates, -1...1 along both axes, a turn of an image that is not square is not a rotation matrix. So the parameters
/// of a family act in coordinates where both axes have one unit, half the source's height; a frame leads from there to normalized
/// coordinates and back. The default frame is square: there the two are the same.
public struct Frame: Equatable, Sendable {
    /// Width / height of each image.
    public var sourceAspect, targetAspect: Double
    /// Half the target's height, in that unit: the target's height over the source's where a pixel of one is as large as a pixel of the other;
    /// 1 where the two images are taken to show as much.
    public var targetHeight: Double

    /// Images that are taken to show as much: each one's parameters act in units of half its own height.
    public init(sourceAspect: Double = 1, targetAspect: Double = 1) {
        self.init(sourceAspect: sourceAspect, targetAspect: targetAspect, targetHeight: 1)
    }

    /// Images whose pixels are equally large: a translation or a turn keeps pixels as they are, so that a part cut out of an image is found
    /// by a translation.
    ///
    /// - Parameters:
    ///   - source: Of the source, in pixels.
    ///   - target: Of the target, in pixels.
    public init(sourcePixels source: (height: Int, width: Int), targetPixels target: (height: Int, width: Int)) {
        self.init(
            sourceAspect: Double(source.width) / Double(source.height), targetAspect: Double(target.width) / Double(target.height),
            targetHeight: Double(target.height) / Double(source.height))
    }

    init(sourceAspect: Double, targetAspect: Double, targetHeight: Double) {
        precondition(
            sourceAspect > 0 && targetAspect > 0 && targetHeight > 0,
            "Frame: found aspects of \(sourceAspect) and \(targetAspect) and a height of \(targetHeight), expected positive ones")
        self.sourceAspect = sourceAspect
        self.targetAspect = targetAspect
        self.targetHeight = targetHeight
    }

    /// Both images square.
    public static let square = Frame()

    /// A family's matrix in normalized coordinates.
    public func normalized(_ matrix: Matrix3) -> Matrix3 {
        .scaling(1 / sourceAspect, 1) * matrix * .scaling(targetAspect * targetHeight, targetHeight)
    }

    /// A normalized matrix in the coordinates where families act.
    public func denormalized(_ matrix: Matrix3) -> Matrix3 {
        .scaling(sourceAspect, 1) * matrix * .scaling(1 / (targetAspect * targetHeight), 1 / targetHeight)
    }

    var inverse: Frame { Frame(sourceAspect: targetAspect, targetAspect: sourceAspect, targetHeight: 1 / targetHeight) }

    /// A matrix between coordinates in this frame's unit, in the unit of half the target's height.
    func inTargetUnits(_ matrix: Matrix3) -> Matrix3 {
        .scaling(1 / targetHeight, 1 / targetHeight) * matrix * .scaling(targetHeight, targetHeight)
    }

    /// A matrix between coordinates in units of half the target's height, in this frame's unit.
    func inSourceUnits(_ matrix: Matrix3) -> Matrix3 {
        .scaling(targetHeight, targetHeight) * matrix * .scaling(1 / targetHeight, 1 / targetHeight)
    }
}
