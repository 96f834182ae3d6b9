import Glibc
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
        let initial = settings.start.matrix ?? .identity
        let family = settings.family
        let unmoved = family.parameters(nearestTo: frame.denormalized(initial)) ?? [Double](repeating: 0, count: family.parameterCount)
        var result = Alignment(family, unmoved, frame)
        func ended(_ status: Alignment.Status) -> Alignment {
            result.status = status
            result.confidence = AlignmentConfidence.none(channels: min(source.shape[0], target.shape[0]))
            return result
        }
        let isLarge = max(source.count, target.count) > mostColorNumbers
        // What waits from other work would come on top of a multiple of such images.
        if isLarge { StoragePool.giveBackIdle() }
        let images = (
            source: CountedImage(source, counts: withoutBorders(source, sourceCounts)),
            target: CountedImage(target, counts: withoutBorders(target, targetCounts))
        )
        let grey = PyramidPair(images.source.grey, images.target.grey)
        guard grey.source.values.range.isFinite, grey.target.values.range.isFinite else { return ended(.notFinite) }
        // Where there are pixels enough, colors add memory but hardly any precision.
        let isGrey = source.shape[0] == 1 || target.shape[0] == 1 || isLarge
        let full = isGrey ? grey : PyramidPair(images.source, images.target, mostLevels: 1)
        guard full.source.hasContrast, full.target.hasContrast else { return ended(.noContrast) }
        var search = RegistrationSearch(grey: grey, family, frame)
        var found: (refinement: Refinement, assessment: Assessment, pair: PyramidPair, runnerUp: Double?)?
        for attempt in attempts(initial) {
            let candidates = search.best(of: attempt(search), including: found?.refinement)
            guard let best = candidates.first else { continue }
            var (pair, refined) = (full, search.refined(best, on: grey))
            var assessment = search.assessment(refined, on: grey)
            if let alike = fitted(images, under: refined.matrix) {
                let again = search.refined(refined, on: alike)
                let other = search.assessment(again, on: alike)
                // Of another sensor's image no combination may be more than a guess.
                if other.agreement.explained > assessment.agreement.explained { (pair, refined, assessment) = (alike, again, other) }
            }
            let runnerUp = candidates.count > 1 ? max(0, candidates[1].evidence / best.evidence) : nil
            if found == nil || assessment.surprise >= found!.assessment.surprise {
                found = (refined, assessment, pair, runnerUp)
            }
            if found!.assessment.verdict == .trusted { break }
        }
        guard let found else { return ended(.noOverlap) }
        return search.finished(found.refinement, found.assessment, on: found.pair, runnerUp: found.runnerUp)
    }

    /// Where one image has a single channel and the other several: the combination of these that fits it best; else nil.
    private func fitted(_ images: (source: CountedImage, target: CountedImage), under matrix: Matrix3) -> PyramidPair? {
        let channels = (images.source.planes.shape[0], images.target.planes.shape[0])
        guard channels.0 != channels.1 else { return nil }
        let target = ComparedImage(smoothing: images.target.planes, images.target.counts)
        let source = images.source.view(from: matrix, height: target.height, width: target.width)
        guard let weights = channels.1 == 1 ? channelWeights(of: source, like: target) : channelWeights(of: target, like: source) else {
            return nil
        }
        // A difference of channels is not clipped where they are.
        let clips = weights.allSatisfy { $0 > -0.05 }
        return channels.1 == 1
            ? PyramidPair(images.source.combined(weights), images.target, clips: clips)
            : PyramidPair(images.source, images.target.combined(weights), clips: clips)
    }

    private typealias Starts = [(AlignmentStart.Origin, Matrix3)]

    /// The ways to look for starts, the cheapest first.
    private func attempts(_ initial: Matrix3) -> [(RegistrationSearch) -> Starts] {
        var features: (source: Features, target: Features)?
        func region(_ search: RegistrationSearch) -> SearchRegion {
            settings.start != .search
                ? .around(initial)
                : .everywhere(source: search.grey.source.levels[0], target: search.grey.target.levels[0])
        }
        func starts(_ search: RegistrationSearch, unsigned: Bool) -> Starts {
            let both = features ?? search.features()
            features = both
            let (region, source, target) = (region(search), search.grey.source.levels[0], search.grey.target.levels[0])
            return featureStarts(
                source: both.source, target: both.target, family: settings.family, unsigned: unsigned, limit: 4
            ).filter { region.contains($0, source: source, target: target) }.map { (unsigned ? .unsignedFeatures : .features, $0) }
        }
        func correlated(_ search: RegistrationSearch, stretched: Bool) -> Starts {
            denseStarts(search.grey, in: region(search), stretched: stretched, limit: 64).map { (.correlation, $0) }
        }
        let given: Starts = [(.given, initial)]
        var attempts: [(RegistrationSearch) -> Starts] = []
        let isGiven = settings.start != .search
        if isGiven { attempts.append { _ in given } }
        if case .only = settings.start { return attempts }
        if settings.comparing != .structure { attempts.append { (isGiven ? [] : given) + starts($0, unsigned: false) } }
        if settings.comparing != .intensity { attempts.append { starts($0, unsigned: true) } }
        attempts.append { correlated($0, stretched: false) }
        if settings.family.includes(.affine) { attempts.append { correlated($0, stretched: true) } }
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
