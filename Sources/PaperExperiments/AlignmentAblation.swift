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

    /// The errors by condition, variant and pair.
    func errors(_ images: [Tensor<Float>], _ settings: ExperimentSettings) throws -> [[[Double]]] {
        var trials = try TrialTable(
            "\(name.rawValue)-trials.csv", keys: ["reduction", "downsampling", "variant", "pair", "protocol"], values: ["error"],
            settings)
        return try conditions.map { condition in
            let images = images.map { $0.reduced(condition.reduction) }
            let digests = images.map(\.digest)
            return try variants.map { variant in
                settings.progress("\(condition.title): \(variant.name)")
                let keys = images.indices.map { i in
                    let name = protocolName(
                        digests[i], region, AlignmentTask.ViewProtocol(),
                        AlignmentSettings.paper(variant.sampler, iterations: iterations))
                    return ["\(condition.reduction)", "\(condition.downsampling)", variant.name, "\(i)", name]
                }
                return try trials.values(keys) { i in
                    let task = AlignmentTask(images[i], pair: i, region: region, downsampling: condition.downsampling, settings)
                    var sampler = variant.sampler
                    sampler.noise = .seed(settings.seed &+ UInt64(i))
                    return [task.error(.paper(sampler, iterations: iterations))]
                }.map { $0[0] }
            }
        }
    }

    /// The recall curves, a panel for each condition.
    func figure(_ errors: [[[Double]]], columns: Int) -> RecallFigure {
        RecallFigure(
            curves: variants.map { .init(name: $0.name, lineType: $0.lineType) },
            panels: zip(conditions, errors).map { .init(title: $0.title, errors: $1) }, columns: columns)
    }

    /// Recalls at a strict, the usual and a loose threshold, and how exact those are that come close at all.
    func table(_ errors: [[[Double]]]) -> String {
        let head = ["", "", "recall at \(strict)", "at 0.1", "at \(loose)", "median error within \(loose)"]
        let rows = zip(conditions, errors).flatMap { condition, errors in
            zip(variants, errors).map { variant, errors in
                [condition.title, variant.name] + recall(errors, at: [strict, 0.1, loose]).map { fixed($0, 2) }
                    + [fixed(median(errors.filter { $0 <= loose }), 4)]
            }
        }
        return markdownTable([head] + rows)
    }

    /// Says how the pairs are made and searched for, the same for all ablations.
    func setUp(pairs: Int) -> String {
        """
        \(pairs) pairs of an image and a view of it, turned, scaled along each axis and moved at random (standard deviations π/4, a factor of \
        √2, 0.2). The start shows the middle of the image, \(fixed(region, 2)) of each side. Adam, \(iterations) steps at a rate of 0.02.
        """
    }
}

/// The corner error within which an alignment is exact, and that within which it has come close: a start outside of the basin of convergence
/// ends further away.
let strict = 0.02, loose = 0.2

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

/// The middle one; not a number where there is none.
func median(_ numbers: [Double]) -> Double { numbers.isEmpty ? .nan : numbers.sorted()[numbers.count / 2] }
