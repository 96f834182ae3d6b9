import Figures
import Files
import Foundation
import LinWarp

/// What an alignment found, as text and as JSON.
struct AlignmentReport {
    struct Result {
        var sampler: SamplerName
        var alignment: Alignment
        var seconds: Double
        /// The true transformation, where it is known.
        var truth: Matrix3?

        /// The mean distance of the target's corners from their true places, in normalized source coordinates.
        var cornerError: Double? { truth.map { alignment.matrix.cornerDistance(to: $0) } }

        /// As a row of the figure.
        var shown: ShownAlignment {
            let found = cornerError.map { "corner error \(fixed($0, 4))" } ?? alignment.losses.last.map { "loss \(fixed($0, 5))" }
            let caption = ([sampler.rawValue] + [found].compactMap { $0 }).joined(separator: ": ")
            return ShownAlignment(caption: caption, color: sampler.color, alignment: alignment, truth: truth)
        }
    }

    var source, target: String
    var family: TransformationFamily
    var optimizer: String
    var seed: UInt64
    var truth: Matrix3?
    var results: [Result]

    /// For people to read.
    func lines(directory: String) -> [String] {
        results.flatMap { result in
            let a = result.alignment
            var line = "\(result.sampler.rawValue): \(a.status.rawValue) after \(a.losses.count) iterations, \(fixed(result.seconds, 2)) s"
            if let loss = a.losses.last { line += ", mean squared difference \(fixed(loss, 6))" }
            if let error = result.cornerError { line += ", corner error \(fixed(error, 4))" }
            return [line, "  matrix \(a.matrix.elements.map { fixed($0, 6) }.joined(separator: ","))"]
        } + ["\(directory)/figure.png"]
    }

    /// One JSON object: the first sampler's result at the top, all results in `results`.
    func json() throws -> String {
        struct Body: Encodable {
            var sampler, status: String
            var matrix: [[Double]]
            var parameters: [Double]
            var loss: Double?
            var losses: [Double]
            var corners: [[[Double]]]
            var iterations: Int
            var seconds: Double
            var cornerError: Double?

            init(_ result: Result) {
                let a = result.alignment
                sampler = result.sampler.rawValue
                status = a.status.rawValue
                matrix = rows(a.matrix)
                parameters = a.parameters
                loss = a.losses.last
                losses = a.losses
                corners = a.cornerPath.map { $0.map { [$0.x, $0.y] } }
                iterations = a.losses.count
                seconds = result.seconds
                cornerError = result.cornerError
            }
        }
        struct Whole: Encodable {
            var source, target, family, optimizer, sampler, status: String
            var seed: UInt64
            var matrix: [[Double]]
            var truth: [[Double]]?
            var cornerError: Double?
            var results: [Body]
        }
        let bodies = results.map(Body.init)
        let whole = Whole(
            source: source, target: target, family: family.rawValue, optimizer: optimizer, sampler: bodies[0].sampler,
            status: bodies[0].status, seed: seed, matrix: bodies[0].matrix, truth: truth.map(rows), cornerError: bodies[0].cornerError,
            results: bodies)
        return try encodedJSON(whole)
    }
}

private func rows(_ matrix: Matrix3) -> [[Double]] { (0..<3).map { row in (0..<3).map { matrix[row, $0] } } }
