import CLinWarp
import LinearAlgebra
import Registration
import Sampling
import Tensors

/// What `linwarp_align` has found, and its texts as C has them.
private final class FoundAlignment: Sendable {
    let alignment: Alignment
    let source, target: (height: Int, width: Int)
    private nonisolated(unsafe) let texts: [String: UnsafePointer<CChar>]

    init(_ alignment: Alignment, source: (height: Int, width: Int), target: (height: Int, width: Int)) {
        (self.alignment, self.source, self.target) = (alignment, source, target)
        texts = [
            "verdict": copied((alignment.verdict ?? .failed).rawValue), "status": copied(alignment.status.rawValue),
            "family": copied(alignment.family.rawValue),
        ]
    }

    deinit { for text in texts.values { text.deallocate() } }

    func text(_ name: String) throws -> UnsafePointer<CChar> {
        guard let text = texts[name] else {
            throw Failure.invalid("name", found: "\"\(name)\"", expected: "one of \(texts.keys.sorted().joined(separator: ", "))")
        }
        return text
    }

    func numbers(_ name: String) throws -> [Double] {
        let confidence = alignment.confidence
        switch name {
        case "parameters": return alignment.parameters
        case "covariance": return confidence?.covariance ?? []
        case "corner-deviations": return confidence?.cornerDeviations ?? []
        case "correlation": return confidence.map { [$0.correlation] } ?? []
        case "overlap": return confidence.map { [$0.overlap] } ?? []
        case "steady-tiles": return confidence.map { [$0.steadyTiles] } ?? []
        case "runner-up": return confidence?.runnerUp.map { [$0] } ?? []
        case "gain": return confidence?.gain ?? []
        case "bias": return confidence?.bias ?? []
        case "losses": return alignment.losses
        default:
            throw Failure.invalid(
                "name", found: "\"\(name)\"",
                expected:
                    "one of parameters, covariance, corner-deviations, correlation, overlap, steady-tiles, runner-up, gain, bias, losses")
        }
    }
}

private func found(_ handle: OpaquePointer?) throws -> FoundAlignment {
    try object(handle, as: FoundAlignment.self, "alignment", from: "linwarp_align")
}

@c @implementation public func linwarp_align(
    _ options: OpaquePointer!, _ source: UnsafePointer<linwarp_image>!, _ target: UnsafePointer<linwarp_image>!,
    _ alignment: UnsafeMutablePointer<OpaquePointer?>!
) -> linwarp_status {
    status {
        guard let alignment else { throw Failure.invalid("alignment", found: "null", expected: "where to write a handle") }
        let (source, target) = (try View(source, "source"), try View(target, "target"))
        guard source.shape[0] == target.shape[0] || min(source.shape[0], target.shape[0]) == 1 else {
            throw Failure.invalid("target.channels", found: "\(target.shape[0])", expected: "1 or \(source.shape[0]), as the source")
        }
        var options = try TakenOptions(options)
        var settings = AlignmentSettings()
        settings.family = try options.choice("family", .affine)
        settings.comparing = try options.choice("comparing", .auto)
        let convention = try options.choice("convention", MatrixConvention.normalized)
        let initial = try options.numbers("initial")
        let isNear = try options.isOn("near", false)
        settings.sourceMask = try options.image("source-mask")
        settings.targetMask = try options.image("target-mask")
        try options.finish()
        guard initial == nil || initial!.count == 9 else {
            throw Failure.invalid("option initial", found: "\(initial!.count) numbers", expected: "nine")
        }
        let start = try initial.map { try normalized($0, convention, source: source.size, target: target.size) }
        settings.start = isNear ? .only(start ?? .identity) : start.map { .matrix($0) } ?? .search
        try Memory.require(alignmentCopies * MemoryLayout<Float>.stride * (source.count + target.count))
        let result = try align(try source.tensor(as: Float.self), to: try target.tensor(as: Float.self), settings)
        alignment.pointee = handle(FoundAlignment(result, source: source.size, target: target.size))
    }
}

/// How many times the two images are in memory at once, as numbers of 32 bits.
private let alignmentCopies = 6

@c @implementation public func linwarp_alignment_destroy(_ alignment: OpaquePointer!) { release(alignment, FoundAlignment.self) }

@c @implementation public func linwarp_alignment_matrix(
    _ alignment: OpaquePointer!, _ convention: UnsafePointer<CChar>!, _ matrix: UnsafeMutablePointer<Double>!
) -> linwarp_status {
    status {
        let found = try found(alignment)
        guard let matrix else { throw Failure.invalid("matrix", found: "null", expected: "room for nine numbers") }
        let convention: MatrixConvention = try convention.map { try oneOf("convention", String(cString: $0)) } ?? .normalized
        let numbers = try convention.matrix(of: found.alignment.matrix, source: found.source, target: found.target).elements
        for (i, number) in numbers.enumerated() { matrix[i] = number }
    }
}

@c @implementation public func linwarp_alignment_text(
    _ alignment: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: UnsafeMutablePointer<UnsafePointer<CChar>?>!
) -> linwarp_status {
    status {
        let found = try found(alignment)
        guard let name, let value else {
            throw Failure.invalid(name == nil ? "name" : "value", found: "null", expected: "a text's name and place")
        }
        value.pointee = try found.text(String(cString: name))
    }
}

@c @implementation public func linwarp_alignment_numbers(
    _ alignment: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ values: UnsafeMutablePointer<Double>!, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>!
) -> linwarp_status {
    status {
        let found = try found(alignment)
        guard let name, let count else {
            throw Failure.invalid(name == nil ? "name" : "count", found: "null", expected: "a name and a place")
        }
        guard capacity >= 0, values != nil || capacity == 0 else {
            throw Failure.invalid("capacity", found: "\(capacity)", expected: "how many numbers there is room for")
        }
        let numbers = try found.numbers(String(cString: name))
        for (i, number) in numbers.prefix(Int(capacity)).enumerated() { values[i] = number }
        count.pointee = Int64(numbers.count)
    }
}
