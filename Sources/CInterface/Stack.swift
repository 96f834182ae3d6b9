import CLinWarp
import LinearAlgebra
import Sampling
import Stacking
import Tensors

/// What `linwarp_stack_align` has found, and the texts as C has them.
private final class FoundStack: Sendable {
    let stack: Stack
    let frames: [StackedFrame]
    nonisolated(unsafe) let reasons: [UnsafePointer<CChar>]

    init(_ stack: Stack, _ frames: [StackedFrame]) {
        (self.stack, self.frames) = (stack, frames)
        reasons = frames.map { copied($0.reason ?? "") }
    }

    deinit { for reason in reasons { reason.deallocate() } }
}

private func found(_ handle: OpaquePointer?) throws -> FoundStack {
    try object(handle, as: FoundStack.self, "stack", from: "linwarp_stack_align")
}

/// The caller's functions, which may be called from several threads at once.
private struct FrameSource: @unchecked Sendable {
    let frames: linwarp_frames

    func frame(_ index: Int) throws -> Tensor<Float> {
        var image = linwarp_image()
        guard frames.frame(frames.context, Int64(index), &image) == 0 else {
            throw Failure(status: LINWARP_FAILED, text: "there is no image")
        }
        defer { if let release = frames.release { release(frames.context, Int64(index), &image) } }
        let view = try View(&image, "frame \(index)")
        guard view.shape[0] <= 4 else { throw Failure.invalid("frame \(index).channels", found: "\(view.shape[0])", expected: "1 to 4") }
        return try view.tensor(as: Float.self, copies: true)
    }
}

extension Failure: CustomStringConvertible {
    /// Also the reason why a frame is left out.
    var description: String { text }
}

@c @implementation public func linwarp_stack_align(
    _ options: OpaquePointer!, _ frames: UnsafePointer<linwarp_frames>!, _ stack: UnsafeMutablePointer<OpaquePointer?>!
) -> linwarp_status {
    status {
        guard let stack else { throw Failure.invalid("stack", found: "null", expected: "where to write a handle") }
        guard let frames = frames?.pointee, frames.frame != nil else {
            throw Failure.invalid("frames", found: "null", expected: "a function that gives frames")
        }
        guard (2...1_000_000).contains(frames.count) else {
            throw Failure.invalid("frames.count", found: "\(frames.count)", expected: "2 to 1000000")
        }
        var options = try TakenOptions(options)
        var settings = StackSettings()
        settings.family = try options.choice("family", .affine)
        settings.reference = try options.reference()
        settings.mask = try options.image("mask")
        try options.finish()
        let source = FrameSource(frames: frames)
        let made = Stack(count: Int(frames.count)) { try source.frame($0) }
        stack.pointee = handle(FoundStack(made, try made.align(settings)))
    }
}

extension TakenOptions {
    fileprivate mutating func reference() throws -> Stack.Reference {
        switch try text("reference") {
        case nil, "first": return .frame(0)
        case "previous": return .previous
        case "mean": return .mean
        case let other?:
            guard let index = Int(other) else {
                throw Failure.invalid("option reference", found: "\"\(other)\"", expected: "first, previous, mean or a number")
            }
            return .frame(index)
        }
    }
}

@c @implementation public func linwarp_stack_destroy(_ stack: OpaquePointer!) { release(stack, FoundStack.self) }

@c @implementation public func linwarp_stack_frame(
    _ stack: OpaquePointer!, _ index: Int64, _ matrix: UnsafeMutablePointer<Double>!, _ deviations: UnsafeMutablePointer<Double>!,
    _ reason: UnsafeMutablePointer<UnsafePointer<CChar>?>!
) -> linwarp_status {
    status {
        let found = try found(stack)
        guard (0..<Int64(found.frames.count)).contains(index) else {
            throw Failure.invalid("index", found: "\(index)", expected: "0 to \(found.frames.count - 1)")
        }
        let frame = found.frames[Int(index)]
        let numbers = frame.matrix?.elements ?? [Double](repeating: .nan, count: 9)
        if let matrix { for (i, number) in numbers.enumerated() { matrix[i] = number } }
        let corners = frame.cornerDeviations ?? [Double](repeating: .nan, count: 4)
        if let deviations { for (i, number) in corners.enumerated() { deviations[i] = number } }
        if let reason { reason.pointee = found.reasons[Int(index)] }
    }
}

@c @implementation public func linwarp_stack_window(
    _ stack: OpaquePointer!, _ crop: UnsafePointer<CChar>!, _ window: UnsafeMutablePointer<Int64>!
) -> linwarp_status {
    status {
        let found = try found(stack)
        guard let crop, let window else {
            throw Failure.invalid(crop == nil ? "crop" : "window", found: "null", expected: "a name and a place")
        }
        let part = try found.stack.window(try oneOf("crop", String(cString: crop)), of: found.frames)
        for (i, number) in [part.x, part.y, part.width, part.height].enumerated() { window[i] = Int64(number) }
    }
}

@c @implementation public func linwarp_stack_combine(
    _ stack: OpaquePointer!, _ combination: UnsafePointer<CChar>!, _ window: UnsafePointer<Int64>!, _ target: UnsafePointer<linwarp_image>!
) -> linwarp_status {
    status {
        let found = try found(stack)
        guard let combination, let window else {
            throw Failure.invalid(combination == nil ? "combination" : "window", found: "null", expected: "a name and four numbers")
        }
        let way: Stack.Combination = try oneOf("combination", String(cString: combination))
        let target = try View(target, "target")
        try target.checkWritable()
        let numbers = (0..<4).map { Int(clamping: window[$0]) }
        let part = StackWindow(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
        let farthest = 1 << 28
        guard target.shape[1] == part.height, target.shape[2] == part.width, part.x.magnitude < farthest, part.y.magnitude < farthest else {
            throw Failure.invalid(
                "target", found: "\(target.shape)",
                expected: "the window's \(part.width) x \(part.height) pixels, within \(farthest) of the reference")
        }
        try Memory.require(4 * target.count * MemoryLayout<Float>.stride)
        let image = try found.stack.combined(found.frames, as: way, window: part)
        guard image.shape == target.shape else {
            throw Failure.invalid("target.channels", found: "\(target.shape[0])", expected: "\(image.shape[0]), as the frames")
        }
        target.write(image)
    }
}
