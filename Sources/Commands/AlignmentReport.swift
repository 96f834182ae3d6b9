import Drawing
import Figures
import Files
import Foundation
import LinWarp

/// What an alignment found, as text and as JSON.
struct AlignmentReport {
    /// How a result was found.
    enum Method {
        case registration
        /// The paper's search.
        case sampler(SamplerName)

        var name: String {
            switch self {
            case .registration: "registration"
            case .sampler(let sampler): sampler.rawValue
            }
        }

        var color: Color {
            switch self {
            case .registration: .blue
            case .sampler(let sampler): sampler.color
            }
        }

        /// The name, without its extension, of the file that shows the source in the target's place.
        var file: String {
            switch self {
            case .registration: "aligned"
            case .sampler(let sampler): "aligned-\(sampler.rawValue)"
            }
        }
    }

    struct Result {
        var method: Method
        var alignment: Alignment
        var seconds: Double
        /// The true transformation, where it is known.
        var truth: Matrix3?

        /// The mean distance of the target's corners from their true places, in normalized source coordinates.
        var cornerError: Double? { truth.map { alignment.matrix.cornerDistance(to: $0) } }

        /// As a row of the figure, with the source in the target's place.
        func shown(_ aligned: Tensor<Float>) -> ShownAlignment {
            let found =
                cornerError.map { "corner error \(fixed($0, 4))" } ?? alignment.verdict?.rawValue
                ?? alignment.losses.last.map { "loss \(fixed($0, 5))" }
            let caption = ([method.name] + [found].compactMap { $0 }).joined(separator: ": ")
            return ShownAlignment(caption: caption, color: method.color, alignment: alignment, truth: truth, aligned: aligned)
        }
    }

    var source, target: String
    var sourceSize, targetSize: PixelSize
    var convention: ConventionOptions
    var family: TransformationFamily
    /// From normalized target to normalized source coordinates, before anything was found.
    var before: Matrix3
    /// Of the paper's search.
    var optimizer: String?
    var seed: UInt64?
    var truth: Matrix3?
    var results: [Result]

    /// For people to read.
    func lines(directory: String) throws -> [String] {
        try results.flatMap { result in
            let a = result.alignment
            var parts = [
                a.confidence.map { "\($0.verdict.rawValue), \(a.status.rawValue)" }
                    ?? "\(a.status.rawValue) after \(a.losses.count) iterations"
            ]
            parts.append("\(fixed(result.seconds, 2)) s")
            if let c = a.confidence {
                if let deviation = c.cornerDeviations?.max() {
                    parts.append("corners within \(fixed(deviation, 3)) pixels (standard deviation)")
                }
                parts.append("correlation \(fixed(c.correlation, 3)), overlap \(percent(c.overlap))")
            } else if let loss = a.losses.last {
                parts.append("mean squared difference \(fixed(loss, 6))")
            }
            if let error = result.cornerError { parts.append("corner error \(fixed(error, 4))") }
            return [
                "\(result.method.name): \(parts.joined(separator: ", "))",
                "  \(convention.convention.rawValue) matrix \(try rows(a.matrix).joined().map { significant($0) }.joined(separator: ","))",
            ]
        } + ["\(directory)/figure.png"]
    }

    /// One JSON object: the first result at the top, all in `results`.
    func json() throws -> String {
        struct Whole: Encodable {
            var source, target, family: String
            var convention: MatrixConvention
            var sourceSize, targetSize: PixelSize
            var optimizer: String?
            var method, status: String
            var verdict: String?
            var seed: UInt64?
            var matrix: [[Double]]
            var truth: [[Double]]?
            var cornerError: Double?
            var results: [Body]
        }
        let bodies = try results.map { try Body($0, rows) }
        let whole = Whole(
            source: source, target: target, family: family.rawValue, convention: convention.convention, sourceSize: sourceSize,
            targetSize: targetSize, optimizer: optimizer, method: bodies[0].method,
            status: bodies[0].status, verdict: bodies[0].verdict, seed: seed, matrix: bodies[0].matrix, truth: try truth.map(rows),
            cornerError: bodies[0].cornerError, results: bodies)
        return try encodedJSON(whole)
    }

    private func rows(_ matrix: Matrix3) throws -> [[Double]] { try convention.rows(matrix, source: sourceSize, target: targetSize) }
}

/// A result in JSON.
private struct Body: Encodable {
    struct Start: Encodable {
        var origin: String
        var matrix: [[Double]]
        var evidence: Double
    }

    var method, status: String
    var matrix: [[Double]]
    var parameters: [Double]
    var loss: Double?
    var losses: [Double]
    var corners: [[[Double]]]
    var iterations: Int
    var seconds: Double
    var cornerError: Double?
    // Of a registration:
    var verdict: String?
    /// Row by row, of the parameters.
    var covariance: [[Double]]?
    /// In source pixels.
    var cornerDeviations: [Double]?
    var correlation, overlap, steadyTiles, runnerUp: Double?
    var gain, bias: [Double]?
    var starts: [Start]?

    /// - Parameter rows: Writes a normalized matrix.
    init(_ result: AlignmentReport.Result, _ rows: (Matrix3) throws -> [[Double]]) throws {
        let a = result.alignment
        method = result.method.name
        status = a.status.rawValue
        matrix = try rows(a.matrix)
        parameters = a.parameters
        loss = a.losses.last
        losses = a.losses
        corners = a.cornerPath.map { $0.map { [$0.x, $0.y] } }
        iterations = a.losses.count
        seconds = result.seconds
        cornerError = result.cornerError
        guard let c = a.confidence else { return }
        let count = a.parameters.count
        verdict = c.verdict.rawValue
        covariance = c.covariance.map { all in (0..<count).map { Array(all[$0 * count..<($0 + 1) * count]) } }
        cornerDeviations = c.cornerDeviations
        (correlation, overlap, steadyTiles, runnerUp) = (c.correlation, c.overlap, c.steadyTiles, c.runnerUp)
        (gain, bias) = (c.gain, c.bias)
        starts = try c.starts.map { Start(origin: $0.origin.rawValue, matrix: try rows($0.matrix), evidence: $0.evidence) }
    }
}

/// Nine significant digits: a homography's last row is small.
private func significant(_ number: Double) -> String { String(format: "%.9g", number) }
