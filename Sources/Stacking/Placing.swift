import LinearAlgebra
import Registration
import Sampling
import Synchronization
import Tensors

extension Stack {
    /// One step of the way to the frames' places, which `align` need not take again if it is told what it gave.
    public struct Step: Sendable, Equatable, Codable {
        /// 0; and 1 where frames are aligned a second time, to the mean of the first.
        public var round: Int
        /// What was found for one frame.
        public var frame: StackedFrame

        package init(round: Int, frame: StackedFrame) { (self.round, self.frame) = (round, frame) }
    }

    /// Finds where each frame lies.
    ///
    /// Up to three frames are worked on at once, so four are in memory with the reference. The result is the same to the bit whatever the
    /// number of threads, and whatever is `known`.
    ///
    /// - Parameters:
    ///   - settings: What to bring them to, and how.
    ///   - known: Steps that an earlier call with the same frames and settings has found.
    ///   - found: Called with each further step as it is found, in any order but one at a time. What it throws ends the work.
    /// - Returns: A result for each frame, in order. Frames that cannot be read, are of another size or show something else have a `reason`.
    /// - Throws: `StackError`, and what `found` throws.
    public func align(
        _ settings: StackSettings = StackSettings(), known: [Step] = [], found: (Step) throws -> Void = { _ in }
    ) throws -> [StackedFrame] {
        let index = settings.reference.index
        guard index >= 0, index < count else { throw StackError.noSuchReference(index, count: count) }
        var frames: [StackedFrame]
        let first = { try ReferenceFrame(self, index, mask: settings.mask) }
        func steps(_ round: Int) -> [Int: StackedFrame] {
            Dictionary(known.filter { $0.round == round }.map { ($0.frame.index, $0.frame) }, uniquingKeysWith: { $1 })
        }
        if settings.reference == .previous {
            frames = try alignInTurn(first, settings, known: steps(0)) { try found(Step(round: 0, frame: $0)) }
        } else {
            frames = try alignAll(to: first, settings, starts: [], known: steps(0)) { try found(Step(round: 0, frame: $0)) }
        }
        if settings.reference == .mean, frames.contains(where: { $0.place != nil }) {
            let places = frames
            let mean = {
                try ReferenceFrame(image: combined(places, as: .mean, window: window(.reference, of: places)), mask: settings.mask)
            }
            frames = try alignAll(to: mean, settings, starts: places, known: steps(1)) { try found(Step(round: 1, frame: $0)) }
        }
        guard frames.contains(where: { $0.place != nil && $0.index != index }) || count == 1 else {
            throw StackError.noFrameLeft(count: count)
        }
        return frames
    }

    /// Each to the same image, several at once.
    ///
    /// - Parameters:
    ///   - reference: Makes it; not called where all is known.
    ///   - starts: Where frames were found before; empty where they were not.
    private func alignAll(
        to reference: () throws -> ReferenceFrame, _ settings: StackSettings, starts: [StackedFrame], known: [Int: StackedFrame],
        found: (StackedFrame) throws -> Void
    ) throws -> [StackedFrame] {
        var frames = known
        let missing = (0..<count).filter { known[$0] == nil }
        if !missing.isEmpty {
            let reference = try reference()
            try withoutActuallyEscaping(found) { found in
                let results = Serial(found)
                try missing.forEachConcurrently(atOnce: 3) { index in
                    let frame =
                        if starts.isEmpty && index == settings.reference.index { StackedFrame.reference(index) } else {
                            placed(index, on: reference, from: starts.isEmpty ? nil : starts[index].place, settings)
                        }
                    try results.add(frame)
                }
                for frame in results.all { frames[frame.index] = frame }
            }
        }
        return (0..<count).map { frames[$0]! }
    }

    /// Each to the one before it that belongs to the stack.
    private func alignInTurn(
        _ first: () throws -> ReferenceFrame, _ settings: StackSettings, known: [Int: StackedFrame],
        found: (StackedFrame) throws -> Void
    ) throws -> [StackedFrame] {
        var frames: [StackedFrame] = []
        // The last that belongs to the stack, and its image once it is needed.
        var last = StackedFrame.reference(0)
        var image: ReferenceFrame?
        for index in 0..<count {
            var frame = known[index]
            if frame == nil {
                if index == 0 {
                    (frame, image) = (last, try first())
                } else {
                    let before = try image ?? ReferenceFrame(self, last.index, mask: settings.mask)
                    image = before
                    frame = placed(index, on: before, from: nil, settings)
                    if let matrix = frame!.matrix, let way = last.matrix { frame!.matrix = (matrix * way).scaledToOne }
                    // Errors of one step and of those before are independent.
                    if let step = frame!.cornerDeviations, let sum = last.cornerDeviations {
                        frame!.cornerDeviations = zip(step, sum).map { ($0 * $0 + $1 * $1).squareRoot() }
                    }
                }
                try found(frame!)
            }
            frames.append(frame!)
            guard frame!.place != nil, index > 0 else { continue }
            (last, image) = (frame!, nil)
        }
        return frames
    }

    /// Aligns one frame: from where it was before or from the identity, and where that leads to nothing that can be trusted, from anywhere.
    private func placed(_ index: Int, on reference: ReferenceFrame, from start: Matrix3?, _ settings: StackSettings) -> StackedFrame {
        do {
            let image = try frame(index)
            guard image.shape == reference.shape else {
                return StackedFrame(
                    index: index, reason: "found \(described(image.shape)), expected \(described(reference.shape)), as the reference")
            }
            var search = AlignmentSettings(family: settings.family, start: .only(start ?? .identity), targetMask: reference.mask)
            search.sourceMask = both(settings.mask, opacity(of: image))
            let seen = colors(of: image)
            var alignment = try Registration.align(seen, to: reference.image, search)
            if alignment.verdict != .trusted {
                search.start = .search
                let other = try Registration.align(seen, to: reference.image, search)
                if other.verdict == .trusted { alignment = other }
            }
            let verdict = alignment.verdict ?? .failed
            return StackedFrame(
                index: index, matrix: alignment.status == .noOverlap || !alignment.matrix.isFinite ? nil : alignment.matrix,
                verdict: verdict, cornerDeviations: alignment.confidence?.cornerDeviations,
                reason: verdict == .trusted ? nil : "found a \(verdict.rawValue) alignment to the reference, expected a trusted one")
        } catch {
            return StackedFrame(index: index, reason: "\(error)")
        }
    }
}

extension StackedFrame {
    fileprivate static func reference(_ index: Int) -> StackedFrame {
        StackedFrame(index: index, matrix: .identity, verdict: .trusted, cornerDeviations: [0, 0, 0, 0])
    }
}

/// What frames are aligned to.
private struct ReferenceFrame: Sendable {
    /// Of the frame, with alpha.
    let shape: [Int]
    /// Colors alone.
    let image: Tensor<Float>
    let mask: Tensor<Float>?

    init(_ stack: Stack, _ index: Int, mask: Tensor<Float>?) throws {
        let frame: Tensor<Float>
        do { frame = try stack.frame(index) } catch { throw StackError.unusableReference(index, reason: "\(error)") }
        try self.init(image: frame, mask: mask)
    }

    init(image: Tensor<Float>, mask: Tensor<Float>?) throws {
        precondition(
            image.rank == 3 && (1...4).contains(image.shape[0]) && image.count > 0,
            "Stack.align: found a frame of the shape \(image.shape), expected [1 to 4 channels, H, W] and at least one pixel")
        shape = image.shape
        if let mask {
            guard mask.shape == Array(image.shape[1...]) else {
                throw StackError.wrongMaskSize(found: mask.shape, expected: Array(image.shape[1...]))
            }
            guard mask.scalars.contains(where: { $0 > 0.5 }) else { throw StackError.nothingCounts }
        }
        self.image = colors(of: image)
        self.mask = both(mask, opacity(of: image))
    }
}

private func described(_ shape: [Int]) -> String {
    "\(shape[2])x\(shape[1]) pixels of \(shape[0]) channel\(shape[0] == 1 ? "" : "s")"
}

private func colors(of image: Tensor<Float>) -> Tensor<Float> { image[0..<(image.shape[0] < 3 ? 1 : 3)] }

private func opacity(of image: Tensor<Float>) -> Tensor<Float>? {
    image.shape[0] % 2 == 1 ? nil : image[image.shape[0] - 1..<image.shape[0]].reshaped(Array(image.shape[1...]))
}

private func both(_ mask: Tensor<Float>?, _ other: Tensor<Float>?) -> Tensor<Float>? {
    guard let mask, let other else { return mask ?? other }
    return minimum(mask, other)
}

/// Results that arrive from several threads.
private final class Serial: Sendable {
    private let state: Mutex<[StackedFrame]> = Mutex([])
    private nonisolated(unsafe) let found: (StackedFrame) throws -> Void

    init(_ found: @escaping (StackedFrame) throws -> Void) { self.found = found }

    var all: [StackedFrame] { state.withLock { $0 } }

    func add(_ frame: StackedFrame) throws {
        try state.withLock {
            $0.append(frame)
            try found(frame)
        }
    }
}
