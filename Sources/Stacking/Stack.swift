import LinearAlgebra
import Registration
import Sampling
import Tensors

/// Frames that show the same scene, brought into one place: a burst, a time lapse, the pages of a scan.
///
/// Frames are asked for when they are needed, and again in every pass, so that a few are in memory whatever their number.
///
///     let stack = Stack(count: paths.count) { try Tensor<Float>(imageAt: paths[$0]) }
///     let frames = try stack.align()
///     let mean = try stack.combined(frames, as: .mean)
public struct Stack: Sendable {
    /// How many frames there are.
    public let count: Int
    /// Frame `index` as [C, H, W]: grey, grey and alpha, RGB or RGB and alpha, as files are read. Called from several threads at once, and
    /// more than once for a frame: always with the same result.
    public let frame: @Sendable (_ index: Int) throws -> Tensor<Float>

    /// - Parameters:
    ///   - count: How many frames there are.
    ///   - frame: Gives frame `index`, 0..<count, as [C, H, W]. Called from several threads at once, and more than once for a frame:
    ///     always with the same result. A frame for which it throws is left out.
    public init(count: Int, frame: @escaping @Sendable (_ index: Int) throws -> Tensor<Float>) {
        precondition(count >= 0, "Stack: found \(count) frames, expected at least 0")
        (self.count, self.frame) = (count, frame)
    }

    /// What all frames are brought to.
    public enum Reference: Sendable, Equatable, Codable {
        /// The frame of that index.
        case frame(Int)
        /// Each frame to the one before it, and by that to the first: for scenes that change as time goes by. Errors add up along the way.
        case previous
        /// To the first, then to the mean of all that could be: it has less noise than any frame.
        case mean

        /// The frame whose place all others are brought to.
        public var index: Int { if case .frame(let index) = self { index } else { 0 } }
    }
}

/// What is asked of a stack.
public struct StackSettings: Sendable {
    /// What frames are brought to; the default is the first.
    public var reference: Stack.Reference
    /// The kind of transformation from one frame to another.
    public var family: TransformationFamily
    /// Which pixels of every frame count, [H, W]: those above one half. For what stays in its place while the scene moves, such as a time
    /// stamp.
    public var mask: Tensor<Float>?

    /// - Parameters:
    ///   - reference: What frames are brought to.
    ///   - family: The kind of transformation from one frame to another.
    ///   - mask: Which pixels of every frame count, [H, W]: those above one half. Nil for all.
    public init(reference: Stack.Reference = .frame(0), family: TransformationFamily = .affine, mask: Tensor<Float>? = nil) {
        (self.reference, self.family, self.mask) = (reference, family, mask)
    }
}

/// Where a frame lies, or why it does not belong to the stack.
public struct StackedFrame: Sendable, Equatable, Codable {
    /// Of the frame in the stack.
    public var index: Int
    /// From the normalized coordinates of the reference to those of the frame. Of a frame that is left out it is the best that was found; nil
    /// where nothing was.
    public var matrix: Matrix3?
    /// Whether the alignment to the reference worked; nil where it did not begin.
    public var verdict: AlignmentConfidence.Verdict?
    /// The standard deviations of the places of the reference's corners (upper left, upper right, lower right, lower left), in pixels.
    public var cornerDeviations: [Double]?
    /// Why the frame is left out; nil where it belongs to the stack.
    public var reason: String?

    package init(
        index: Int, matrix: Matrix3? = nil, verdict: AlignmentConfidence.Verdict? = nil, cornerDeviations: [Double]? = nil,
        reason: String? = nil
    ) {
        (self.index, self.matrix, self.verdict) = (index, matrix, verdict)
        (self.cornerDeviations, self.reason) = (cornerDeviations, reason)
    }

    /// Where the frame lies, if it belongs to the stack.
    public var place: Matrix3? { reason == nil ? matrix : nil }
}

/// What a whole stack fails for; a frame that fails is left out with a reason instead.
public enum StackError: Error, Equatable, CustomStringConvertible {
    /// There is no frame of that index.
    case noSuchReference(Int, count: Int)
    /// The frame that others would be brought to cannot be had.
    case unusableReference(Int, reason: String)
    /// No frame but the reference belongs to the stack.
    case noFrameLeft(count: Int)
    /// The mask is not of the frames' size.
    case wrongMaskSize(found: [Int], expected: [Int])
    /// The mask leaves out every pixel.
    case nothingCounts
    /// No pixel is covered by all frames.
    case nothingInCommon
    /// The box around all frames has too many pixels, or a frame reaches to the horizon.
    case tooLarge(frame: Int?, limit: Int)
    /// What a combination puts on the disk for a while cannot be written or read.
    case scratch(directory: String, reason: String)

    public var description: String {
        switch self {
        case .noSuchReference(let index, let count): "the reference: found frame \(index + 1), expected one of 1 to \(count)"
        case .unusableReference(let index, let reason): "the reference, frame \(index + 1): \(reason)"
        case .noFrameLeft(let count):
            "found none of \(count) frames that could be brought to the reference, expected some: another reference may be one of theirs"
        case .wrongMaskSize(let found, let expected): "the mask: found the shape \(found), expected \(expected), as the frames"
        case .nothingCounts: "the mask: found one that leaves out every pixel, expected one that leaves some"
        case .nothingInCommon: "the crop to what is common: found no pixel that all frames show, expected some"
        case .tooLarge(let frame?, _):
            "the crop to all frames: found that frame \(frame + 1) reaches to the horizon, expected frames with an end"
        case .tooLarge(nil, let limit): "the crop to all frames: found a box of more than \(limit) pixels, expected at most as many"
        case .scratch(let directory, let reason): "\(directory): what the median puts there for a while: \(reason)"
        }
    }
}
