import Foundation
import LinearAlgebra
import Tensors

/// One differentiable operation at inputs of some shapes: a target's tests hold a list of them, one or more for each of its operations.
public struct GradientSample: Sendable {
    public typealias Function = @Sendable ([Tensor<Double>]) -> Tensor<Double>

    /// The operation's name in the sources.
    public var name: String
    /// Which of its cases this is.
    public var detail: String
    public var shapes: [[Int]]
    public var range: Range<Double>
    public var function: Function

    public init(
        _ name: String, _ shapes: [[Int]], in range: Range<Double> = -2..<2, case detail: String = "", _ function: @escaping Function
    ) {
        (self.name, self.detail, self.shapes, self.range, self.function) = (name, detail, shapes, range, function)
    }

    /// Compares with central differences at random inputs.
    public func check() {
        let inputs = shapes.enumerated().map { randomTensor($1, in: range, seed: UInt64($0) + 5) }
        checkGradient("\(name) \(detail) \(shapes)", at: inputs, of: function)
    }
}

/// The public functions, subscripts and computed properties that record a gradient, themselves or through functions that are not public, in the
/// sources of a target. A prefix operator is `prefix -`.
/// - Parameter excluded: Files that hold the recording itself.
public func operationsWithGradient(inSourcesOf target: String, excluding excluded: [String] = []) throws -> Set<String> {
    let declaration = /(?<modifiers>(?:\w+ )*)(?:func (?<function>[^\s<(]+)|(?<subscript>subscript)\(|var (?<property>\w+): [^=]*\{)/
    var declared: [(name: String, isPublic: Bool, body: String)] = []
    for line in try sourceLines(of: target, excluding: excluded) {
        if line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") { continue }
        if let match = try declaration.firstMatch(in: line), let name = match.function ?? match.subscript ?? match.property {
            let isPrefix = match.modifiers.contains("prefix ")
            let body = String(line[match.range.upperBound...])
            declared.append(((isPrefix ? "prefix " : "") + name, match.modifiers.contains("public "), body))
        } else if !declared.isEmpty {
            declared[declared.count - 1].body += "\n" + line
        }
    }
    var recording = ["recorded"]
    func records(_ body: String) -> Bool { recording.contains { body.contains("\($0)(") } }
    var known = 0
    while known < recording.count {
        known = recording.count
        recording += declared.filter { !$0.isPublic && !recording.contains($0.name) && records($0.body) }.map(\.name)
    }
    return Set(declared.filter { $0.isPublic && records($0.body) }.map(\.name))
}

/// All lines of a target's Swift files, in whatever folder.
public func sourceLines(of target: String, excluding excluded: [String] = []) throws -> [String] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(target)").standardized
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).map { folder.appending(path: $0) }
        .filter { $0.pathExtension == "swift" && !excluded.contains($0.lastPathComponent) }
        .flatMap { try String(contentsOf: $0, encoding: .utf8).components(separatedBy: "\n") }
}
