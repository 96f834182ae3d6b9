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

    /// Of the table of trials.
    var name: ExperimentName
    var variants: [Variant]
    /// Source pixels a target pixel at the start.
    var downsamplings: [Double]
    /// The share of each side that the start shows.
    var region: Double
    var iterations: Int

    /// The errors by downsampling, variant and pair.
    func errors(_ images: [Tensor<Float>], _ settings: ExperimentSettings) throws -> [[[Double]]] {
        var trials = try TrialTable(
            "\(name.rawValue)-trials.csv", keys: ["downsampling", "variant", "pair"], values: ["error"], settings)
        return try downsamplings.map { downsampling in
            try variants.map { variant in
                settings.progress("\(rateTitle(downsampling)), \(variant.name)")
                return try trials.values(images.indices.map { ["\(downsampling)", variant.name, "\($0)"] }) { i in
                    let task = AlignmentTask(images[i], pair: i, region: region, downsampling: downsampling, settings)
                    var sampler = variant.sampler
                    sampler.noise = .seed(settings.seed &+ UInt64(i))
                    return [task.error(.paper(sampler, iterations: iterations))]
                }.map { $0[0] }
            }
        }
    }

    /// The recall curves, a panel for each downsampling.
    func figure(_ errors: [[[Double]]]) -> RecallFigure {
        RecallFigure(
            curves: variants.map { .init(name: $0.name, lineType: $0.lineType) },
            panels: zip(downsamplings, errors).map { .init(title: rateTitle($0), errors: $1) }, columns: errors.count)
    }

    /// Recalls at a strict, the usual and a loose threshold, and how exact those are that come close at all.
    func table(_ errors: [[[Double]]]) -> String {
        let head = ["", "", "recall at \(strict)", "at 0.1", "at \(loose)", "median error within \(loose)"]
        let rows = zip(downsamplings, errors).flatMap { downsampling, errors in
            zip(variants, errors).map { variant, errors in
                [rateTitle(downsampling), variant.name] + recall(errors, at: [strict, 0.1, loose]).map { fixed($0, 2) }
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

/// "4× downsampling", or "2× upsampling" for 1/2.
func rateTitle(_ downsampling: Double) -> String {
    if downsampling == 1 { return "1×" }
    return downsampling > 1 ? "\(fixed(downsampling, 0))× downsampling" : "\(fixed(1 / downsampling, 0))× upsampling"
}

/// The middle one; not a number where there is none.
func median(_ numbers: [Double]) -> Double { numbers.isEmpty ? .nan : numbers.sorted()[numbers.count / 2] }
