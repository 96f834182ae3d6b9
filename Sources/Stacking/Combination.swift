import FoundationEssentials
import LinearAlgebra
import Sampling
import Synchronization
import Tensors

extension Stack {
    /// How aligned frames become one image: pixel by pixel, of those frames that show it with finite numbers.
    public enum Combination: String, CaseIterable, Sendable, Codable {
        /// The mean: noise falls by the root of the number of frames.
        case mean
        /// The median: what passes through the scene disappears. Frames wait on the disk meanwhile.
        case median
        /// The frame that is sharpest there: for focus series and shaken bursts.
        case sharpest
    }

    /// The part of the reference's plane that a crop stands for.
    ///
    /// - Throws: `StackError` where there is no such part, and what reading a frame throws.
    public func window(_ crop: StackWindow.Crop, of frames: [StackedFrame]) throws -> StackWindow {
        let places = frames.compactMap { frame in frame.place.map { (index: frame.index, matrix: $0) } }
        guard let first = places.first else { throw StackError.noFrameLeft(count: count) }
        let shape = try frame(first.index).shape
        return try StackWindow(crop, places: places, size: (shape[1], shape[2]))
    }

    /// The frame in the reference's place, cut to a window.
    ///
    /// - Parameters:
    ///   - frame: One that belongs to the stack.
    ///   - window: What is cut out.
    ///   - transparent: Whether what the frame does not show becomes transparent; else it is black, and transparent where frames have alpha.
    /// - Returns: [C, height, width], with alpha where frames have it or `transparent` asks for it.
    public func aligned(_ frame: StackedFrame, window: StackWindow, transparent: Bool = false) throws -> Tensor<Float> {
        let seen = try AlignedFrame(self, frame, window)
        return transparent || seen.hasAlpha ? seen.withAlpha : seen.cut
    }

    /// Brings all frames that belong to the stack to the reference's place and combines them.
    ///
    /// Two frames are read at once; with the combination and an aligned one four are in memory, whatever their number.
    ///
    /// - Parameters:
    ///   - frames: What `align` gave.
    ///   - combination: How they become one.
    ///   - window: What is cut out.
    ///   - transparent: Whether the result is transparent where no frame shows anything; else it is black, and transparent where frames have
    ///     alpha.
    ///   - scratch: The directory where a median puts frames for a while: four bytes for each of their numbers.
    ///   - progress: Called after each frame.
    /// - Returns: [C, height, width], with alpha where frames have it or `transparent` asks for it.
    /// - Throws: `StackError`, and what reading a frame throws.
    public func combined(
        _ frames: [StackedFrame], as combination: Combination, window: StackWindow, transparent: Bool = false,
        scratch: String = FileManager.default.temporaryDirectory.path, progress: (_ done: Int) throws -> Void = { _ in }
    ) throws -> Tensor<Float> {
        let placed = frames.filter { $0.place != nil }
        guard !placed.isEmpty else { throw StackError.noFrameLeft(count: count) }
        var combiner: any FrameCombiner =
            switch combination {
            case .mean: MeanCombiner(window)
            case .median: try MedianCombiner(window, frames: placed.count, scratch: scratch)
            case .sharpest: SharpestCombiner(window)
            }
        // Two are read at the same time, one after the other is brought to its place by all threads.
        for first in stride(from: 0, to: placed.count, by: 2) {
            let pair = Array(placed[first..<min(first + 2, placed.count)])
            let images = OneEach<Tensor<Float>>(pair.count)
            try pair.indices.forEachConcurrently(atOnce: 2) { images.set($0, try frame(pair[$0].index)) }
            for (n, one) in pair.enumerated() {
                try combiner.add(AlignedFrame(images.take(n), one.place!, window).withoutHoles)
                try progress(first + n + 1)
            }
        }
        let hasAlpha = combiner.hasAlpha
        let result = try combiner.result()
        // The combiners' last channel is opacity.
        return transparent || hasAlpha ? result : result[0..<result.shape[0] - 1]
    }
}

/// Gathers aligned frames, in order.
protocol FrameCombiner {
    /// Whether frames have an opacity of their own.
    var hasAlpha: Bool { get }

    mutating func add(_ frame: AlignedFrame) throws

    /// Colors and, as the last channel, opacity: 0 where no frame shows anything.
    mutating func result() throws -> Tensor<Float>
}

/// A frame in the reference's place.
struct AlignedFrame {
    /// Grey or RGB, then opacity where frames have it, or where this one has holes. Beyond the frame its border goes on.
    private(set) var pixels: Tensor<Float>
    /// What it shows of each row.
    let columns: [Range<Int>]
    /// Whether frames have an opacity of their own.
    let hasAlpha: Bool

    var colors: Int { pixels.shape[0] < 3 ? 1 : 3 }

    init(_ stack: Stack, _ frame: StackedFrame, _ window: StackWindow) throws {
        guard let place = frame.place else {
            preconditionFailure("Stack.aligned: found frame \(frame.index), which is left out, expected one that belongs to the stack")
        }
        self.init(try stack.frame(frame.index), place, window)
    }

    init(_ image: Tensor<Float>, _ place: Matrix3, _ window: StackWindow) {
        let size = (height: image.shape[1], width: image.shape[2])
        let outline = Outline(place, size)
        columns = (window.y..<window.y + window.height).map { y in
            let shown = outline.columns(y, in: window.x..<window.x + window.width)
            return shown.lowerBound - window.x..<shown.upperBound - window.x
        }
        hasAlpha = image.shape[0].isMultiple(of: 2)
        pixels = resampled(
            image, window.matrix(place, size: size), height: window.height, width: window.width, padding: .border,
            hasAlpha: hasAlpha)
    }

    /// Transparent where a number is not finite: what is missing in one frame is seen in others.
    var withoutHoles: AlignedFrame {
        let isFinite = pixels.withScalars { pixels in
            // Of numbers that are finite the exponent is not the largest one.
            pixels.reduce(0) { max($0, $1.magnitude.bitPattern) } < Float.infinity.bitPattern
        }
        guard !isFinite else { return self }
        let plane = pixels.shape[1] * pixels.shape[2]
        var whole = self
        if !hasAlpha { whole.pixels = concatenate([pixels, Tensor(repeating: 1, shape: [1, pixels.shape[1], pixels.shape[2]])], axis: 0) }
        whole.pixels.withMutableScalars { pixels in
            for i in 0..<plane where stride(from: i, to: pixels.count, by: plane).contains(where: { !pixels[$0].isFinite }) {
                for place in stride(from: i, to: pixels.count, by: plane) { pixels[place] = 0 }
            }
        }
        return whole
    }

    /// Black beyond the frame.
    var cut: Tensor<Float> {
        let (height, width) = (pixels.shape[1], pixels.shape[2])
        return Tensor(shape: pixels.shape) { out in
            pixels.withScalars { pixels in
                for row in 0..<pixels.count / width {
                    let shown = columns[row % height]
                    for x in 0..<width { out[row * width + x] = shown.contains(x) ? pixels[row * width + x] : 0 }
                }
            }
        }
    }

    /// With an opacity, which is 0 beyond the frame.
    var withAlpha: Tensor<Float> {
        let (height, width) = (pixels.shape[1], pixels.shape[2])
        let cut = cut
        if hasAlpha { return cut }
        let opacity = Tensor<Float>(shape: [1, height, width]) { out in
            for y in 0..<height { for x in 0..<width { out[y * width + x] = columns[y].contains(x) ? 1 : 0 } }
        }
        return concatenate([cut, opacity], axis: 0)
    }

    /// Calls `body` for each row from several threads: its number, what the frame shows of it, and its opacity where it has some; then the
    /// planes of the pixels, `plane` numbers apart.
    func forEachRow(_ body: (_ y: Int, _ columns: Range<Int>, _ pixels: UnsafePointer<Float>, _ opacity: UnsafePointer<Float>?) -> Void) {
        let (height, width, hasOpacity) = (pixels.shape[1], pixels.shape[2], pixels.shape[0] > colors)
        pixels.withScalars { pixels in
            let pixels = pixels.baseAddress!
            Threads.forEachPiece(of: height, size: max(1, 16384 / width)) { rows in
                for y in rows {
                    body(y, columns[y], pixels + y * width, hasOpacity ? pixels + (colors * height + y) * width : nil)
                }
            }
        }
    }
}

/// One value for each of a few places, written by several threads.
private final class OneEach<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    init(_ count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }

    func set(_ place: Int, _ value: Value) { values.withLock { $0[place] = value } }

    /// The value, which is then kept no longer.
    func take(_ place: Int) -> Value {
        values.withLock { values in
            defer { values[place] = nil }
            return values[place]!
        }
    }
}
