import Files
import LinWarp

/// Variants of the linearized sampler that align the same pairs by the paper's search: what its ablations of alignment (6.5) share.
struct AlignmentAblation {
    struct Variant {
        var name: String
        /// Of gnuplot's, as `Plot` defines them.
        var lineType: Int
        /// Draws the noise of the pair's seed, whatever is set.
        var sampler: LinearizedSampler
    }

    struct Condition {
        /// Source pixels a target pixel at the start.
        var downsampling: Double
        /// Photographs are averaged to so many times fewer pixels along each axis first.
        var reduction = 1

        var title: String { rateTitle(downsampling) + (reduction == 1 ? "" : " (size 1/\(reduction))") }
    }

    /// Of the table of trials.
    var name: ExperimentName
    var variants: [Variant]
    var conditions: [Condition]
    /// The share of each side that the start shows.
    var region: Double
    var iterations: Int
    /// Of each image.
    var views: Int

    /// The errors by condition and variant.
    func errors(_ images: [Tensor<Float>], _ settings: ExperimentSettings) throws -> [[AlignmentErrors]] {
        var trials = try TrialTable(
            "\(name.rawValue)-trials.csv", keys: ["reduction", "downsampling", "variant", "pair", "protocol"], values: ["error"],
            settings)
        let pairs = AlignmentTask.pairs(of: images.count, views: views)
        return try conditions.map { condition in
            let images = images.map { $0.reduced(condition.reduction) }
            let digests = images.map(\.digest)
            return try variants.map { variant in
                settings.progress("\(condition.title): \(variant.name)")
                let keys = pairs.map { pair in
                    let name = protocolName(
                        digests[pair.image], region, AlignmentTask.ViewProtocol(),
                        AlignmentSettings.paper(variant.sampler, iterations: iterations))
                    return ["\(condition.reduction)", "\(condition.downsampling)", variant.name, "\(pair.number)", name]
                }
                let errors = try trials.values(keys) { i in
                    let (image, number) = pairs[i]
                    let task = AlignmentTask(images[image], pair: number, region: region, downsampling: condition.downsampling, settings)
                    var sampler = variant.sampler
                    sampler.noise = .seed(settings.seed &+ UInt64(number))
                    return [task.error(.paper(sampler, iterations: iterations))]
                }.map { $0[0] }
                return AlignmentErrors(viewByView: errors, images: images.count)
            }
        }
    }

    /// The recall curves, a panel for each condition.
    func figure(_ errors: [[AlignmentErrors]], columns: Int) -> RecallFigure {
        RecallFigure(
            curves: variants.map { .init(name: $0.name, lineType: $0.lineType) },
            panels: zip(conditions, errors).map { .init(title: $0.title, errors: $1) }, columns: columns)
    }

    /// Recalls at a strict, the usual and a loose threshold, and how exact those are that come close at all.
    func table(_ errors: [[AlignmentErrors]]) -> String {
        let head = ["", "", "recall at \(strict)", "at \(usual)", "at \(loose)", "median error within \(loose)"]
        let rows = zip(conditions, errors).flatMap { condition, errors in
            zip(variants, errors).map { variant, errors in
                [condition.title, variant.name] + [strict, usual, loose].map { errors.estimate(recall(at: $0)).text(2) }
                    + [errors.estimate(medianWithinLoose).text(4)]
            }
        }
        return markdownTable([head] + rows)
    }

    /// Says how the pairs are made and searched for, the same for all ablations.
    func setUp(images: Int) -> String {
        """
        \(images) images and \(views == 1 ? "a view" : "\(views) views") of each, turned, scaled along each axis and moved at random (standard deviations \
        π/4, a factor of √2, 0.2). The start shows the middle of the image, \(fixed(region, 2)) of each side. Adam, \(iterations) steps at a rate \
        of 0.02. Intervals are 95 % percentiles of a bootstrap over the images.
        """
    }
}

extension Tensor {
    /// An image, averaged to so many times fewer pixels along each axis.
    func reduced(_ reduction: Int) -> Tensor {
        reduction == 1 ? self : areaAveraged(self, height: Swift.max(1, shape[1] / reduction), width: Swift.max(1, shape[2] / reduction))
    }
}

/// "4× downsampling", or "2× upsampling" for 1/2.
func rateTitle(_ downsampling: Double) -> String {
    if downsampling == 1 { return "1×" }
    return downsampling > 1 ? "\(fixed(downsampling, 0))× downsampling" : "\(fixed(1 / downsampling, 0))× upsampling"
}
