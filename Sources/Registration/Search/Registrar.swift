import Foundation
import LinearAlgebra
import Sampling
import Tensors

/// Aligns one pair by registration: looks for starts in ever costlier ways until one leads to a place that can be trusted, and goes down from
/// there to the full size.
struct Registrar {
    private let source, target: Tensor<Float>
    private let sourceCounts, targetCounts: [UInt8]?
    private let frame: Frame
    private let settings: AlignmentSettings

    /// - Parameters:
    ///   - source: [C, H, W].
    ///   - sourceCounts: 1 where a pixel counts; nil where all do.
    ///   - target: [C, h, w].
    ///   - targetCounts: As of the source.
    init(
        source: Tensor<Float>, sourceCounts: [UInt8]?, target: Tensor<Float>, targetCounts: [UInt8]?, frame: Frame,
        settings: AlignmentSettings
    ) {
        (self.source, self.sourceCounts, self.target, self.targetCounts) = (source, sourceCounts, target, targetCounts)
        (self.frame, self.settings) = (frame, settings)
    }

    func alignment() -> Alignment {
        let initial = if case .matrix(let matrix) = settings.start { matrix } else { Matrix3.identity }
        let family = settings.family
        let unmoved = family.parameters(nearestTo: frame.denormalized(initial)) ?? [Double](repeating: 0, count: family.parameterCount)
        var result = Alignment(family, unmoved, frame)
        func ended(_ status: Alignment.Status) -> Alignment {
            result.status = status
            result.confidence = AlignmentConfidence.none(channels: source.shape[0])
            return result
        }
        let masks = (withoutBorders(source, sourceCounts), withoutBorders(target, targetCounts))
        func pyramids(_ image: (Tensor<Float>) -> Tensor<Float>) -> PyramidPair {
            PyramidPair(
                source: ComparedPyramid(image(source), counts: masks.0), target: ComparedPyramid(image(target), counts: masks.1),
                clips: true)
        }
        let grey = pyramids { $0.shape[0] == 1 ? $0 : $0.mean(axes: [0], keepingAxes: true) }
        // Where there are pixels enough, colors add memory but hardly any precision.
        let isGrey = source.shape[0] == 1 || max(source.count, target.count) > mostColorNumbers
        let full = isGrey ? grey : pyramids { $0 }
        guard grey.source.range.isFinite, grey.target.range.isFinite else { return ended(.notFinite) }
        guard full.source.hasContrast, full.target.hasContrast else { return ended(.noContrast) }
        var search = RegistrationSearch(full, grey: grey, family, frame)
        var found: (refinement: Refinement, assessment: Assessment, runnerUp: Double?)?
        for attempt in attempts(initial) {
            let candidates = search.best(of: attempt(search), including: found?.refinement)
            guard let best = candidates.first else { continue }
            let refined = search.refined(best)
            let assessment = search.assessment(refined)
            let runnerUp = candidates.count > 1 ? max(0, candidates[1].evidence / best.evidence) : nil
            if found == nil || assessment.surprise >= found!.assessment.surprise { found = (refined, assessment, runnerUp) }
            if found!.assessment.verdict == .trusted { break }
        }
        guard let found else { return ended(.noOverlap) }
        return search.finished(found.refinement, runnerUp: found.runnerUp)
    }

    private typealias Starts = [(AlignmentStart.Origin, Matrix3)]

    /// The ways to look for starts, the cheapest first.
    private func attempts(_ initial: Matrix3) -> [(RegistrationSearch) -> Starts] {
        if case .matrix = settings.start {
            return [
                { _ in [(.given, initial)] },
                { search in
                    let around = denseStarts(search.grey, around: initial, turns: -.pi / 4 ... .pi / 4, octaves: -1...1, limit: 48)
                    return [(.given, initial)] + around.filter { $0.cornerDistance(to: initial) < 1 }.map { (.correlation, $0) }
                },
            ]
        }
        var features: (source: Features, target: Features)?
        func starts(_ search: RegistrationSearch, unsigned: Bool) -> Starts {
            let both = features ?? search.features()
            features = both
            return featureStarts(
                source: both.source, target: both.target, family: settings.family, unsigned: unsigned, limit: 4
            ).map { (unsigned ? .unsignedFeatures : .features, $0) }
        }
        var attempts: [(RegistrationSearch) -> Starts] = []
        if settings.comparing != .structure { attempts.append { [(.given, .identity)] + starts($0, unsigned: false) } }
        if settings.comparing != .intensity { attempts.append { starts($0, unsigned: true) } }
        attempts.append { search in
            // As many octaves in pixels as in what the images show.
            let shown = log2(Double(target.shape[1]) / Double(source.shape[1]))
            let octaves = min(-2, -2 + shown)...max(2, 2 + shown)
            return denseStarts(search.grey, around: .identity, turns: -.pi ... .pi, octaves: octaves, limit: 64).map { (.correlation, $0) }
        }
        return attempts
    }
}

/// Numbers of an image up to which all its channels are compared at the end.
private let mostColorNumbers = 6_000_000

extension AlignmentConfidence {
    /// Of what can't be compared.
    static func none(channels: Int) -> AlignmentConfidence {
        AlignmentConfidence(
            verdict: .failed, covariance: nil, cornerDeviations: nil, correlation: 0, overlap: 0, steadyTiles: 0,
            gain: [Double](repeating: 1, count: channels), bias: [Double](repeating: 0, count: channels), runnerUp: nil, starts: [])
    }
}
