import Foundation
import LinWarp

/// An image, a view of it that is to be found again, and where the search starts: what the paper's alignment experiments (6.4) are made of.
struct AlignmentTask: Sendable {
    /// [C, H, W].
    let source: Tensor<Float>
    /// [C, h, w]: the view.
    let target: Tensor<Float>
    /// From normalized target to normalized source coordinates.
    let truth, start: Matrix3

    static let family = TransformationFamily.rotationScaleTranslation

    /// What the paper leaves open about the views.
    struct ViewProtocol {
        /// Standard deviations of the angle (radians), of log₂ of each of the two scales, and of the two translations.
        ///
        /// The paper's deviation of scales is damaged in print: a factor of √2 is read.
        var (angleDeviation, scaleDeviation, translationDeviation) = (Double.pi / 4, 0.5, 0.2)
        /// Whether a target pixel is the mean over its area, or the sample at its centre.
        var isAveraged = true
    }

    /// Views of each image where recalls are compared.
    static func views(_ settings: ExperimentSettings) -> Int { settings.isQuick ? 2 : 5 }

    /// Views of images, view by view: of each its image and the pair's number. The first view of an image is the pair that is numbered as the image is.
    static func pairs(of images: Int, views: Int) -> [(image: Int, number: Int)] {
        (0..<views).flatMap { view in (0..<images).map { ($0, view * images + $0) } }
    }

    /// - Parameters:
    ///   - source: [C, H, W].
    ///   - region: The start shows the middle of the source, this share of each of its sides.
    ///   - downsampling: Source pixels a target pixel at the start, along each axis; below 1 the target is larger than what it shows.
    ///   - random: Draws the view: the start, turned, scaled and moved.
    ///   - view: How the view is drawn and reduced.
    init(
        _ source: Tensor<Float>, region: Double, downsampling: Double, random: inout RandomSource, view: ViewProtocol = ViewProtocol()
    ) {
        let normals = Tensor<Double>.normal([5], from: &random).withScalars { Array($0) }
        let (height, width) = (source.shape[1], source.shape[2])
        let frame = Frame(sourceAspect: Double(width) / Double(height), targetAspect: Double(width) / Double(height))
        let atStart = [0, log2(region), log2(region), 0, 0]
        let deviations =
            [view.angleDeviation] + [view.scaleDeviation, view.translationDeviation].flatMap { [$0, $0] }
        let parameters = (0..<5).map { atStart[$0] + deviations[$0] * normals[$0] }
        self.source = source
        start = frame.normalized(Self.family.matrix(atStart))
        truth = frame.normalized(Self.family.matrix(parameters))
        let size = [height, width].map { max(1, Int((region * Double($0) / downsampling).rounded())) }
        // The view may show more of the source than the start: fine enough that no source pixel is skipped there either.
        let finer = view.isAveraged ? max(1, Int((2 * downsampling).rounded(.up))) : 1
        let grid = SamplingGrid<Float>(truth, height: size[0] * finer, width: size[1] * finer)
        let samples = BilinearSampler().sample(source.reshaped([1] + source.shape), at: grid)
        target = areaAveraged(samples, height: size[0], width: size[1]).reshaped([source.shape[0]] + size)
    }

    /// The pair with a number: an experiment's trials at different settings have the same views.
    init(
        _ source: Tensor<Float>, pair: Int, region: Double, downsampling: Double, view: ViewProtocol = ViewProtocol(),
        _ settings: ExperimentSettings
    ) {
        var random = RandomSource(seed: settings.seed, stream: UInt32(100 + pair))
        self.init(source, region: region, downsampling: downsampling, random: &random, view: view)
    }

    /// The mean distance of the corners from their true places after a search, in normalized source coordinates.
    func error(_ search: AlignmentSettings) -> Double { alignment(search).matrix.cornerDistance(to: truth) }

    /// What a search finds that begins at the start.
    func alignment(_ search: AlignmentSettings) -> Alignment {
        var search = search
        search.family = Self.family
        search.sampled?.initial = start
        do { return try align(source, to: target, search) } catch { preconditionFailure("AlignmentTask: \(error)") }
    }
}

extension AlignmentSettings {
    /// The paper's way: gradient steps by Adam, which the paper names for its networks, with fixed noise.
    static func paper(_ sampler: any Sampler, iterations: Int, learningRate: Double = 0.02) -> AlignmentSettings {
        .paper(sampler: sampler, optimizer: .adam(learningRate: learningRate), iterations: iterations)
    }
}
