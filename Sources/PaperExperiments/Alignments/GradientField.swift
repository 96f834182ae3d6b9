import Figures
import Files
import LinWarp

/// Fig. 8: whether the negative gradient by the place of a window points to where the window belongs.
enum GradientField: Experiment {
    /// Of each side, the window's: the central two thirds are the target.
    private static let part = 2.0 / 3
    private static let downsamplings = [1.0, 8]
    /// How far the window's centre lies from the image's, along each axis in normalized coordinates.
    private static let offsets = (-4...4).map { Double($0) * 0.2 }
    /// An arrow is right within 45 degrees.
    private static let right = Double.pi / 4

    /// How the target is made smaller.
    private enum Reduction: String, CaseIterable {
        /// The paper's bilinear interpolation: a sample at each pixel's centre.
        case interpolated
        /// The mean over each pixel's area.
        case averaged
    }

    private struct Variant: Equatable {
        var reduction: Reduction
        var outside: OutsidePixels

        static let all = Reduction.allCases.flatMap { reduction in
            OutsidePixels.allCases.map { Variant(reduction: reduction, outside: $0) }
        }
        /// What the picture shows.
        static let shown = Variant(reduction: .interpolated, outside: .leftOut)
    }

    static func run(_ settings: ExperimentSettings) throws {
        let name = ExperimentName.gradientField
        let images = try ImageSource.photographs(40, quick: 2, settings)
        let digests = images.map(\.digest)
        var trials = try TrialTable(
            "\(name.rawValue)-trials.csv", keys: ["target", "outside", "downsampling", "sampler", "image", "protocol"],
            values: ["share"], settings)
        var rows: [[String]] = []
        var shown: [[[Double]]] = []
        for variant in settings.isQuick ? [.shown] : Variant.all {
            let shares = try downsamplings.map { downsampling in
                try SamplerName.allCases.map { kind in
                    settings.progress(
                        "\(variant.reduction.rawValue), \(variant.outside.rawValue), \(fixed(downsampling, 0))x, \(kind.rawValue)")
                    let key = [variant.reduction.rawValue, variant.outside.rawValue, fixed(downsampling, 0), kind.rawValue]
                    let keys = images.indices.map { i in
                        key + ["\(i)", protocolName(digests[i], part, offsets, right, kind.forAlignment(seed: settings.seed))]
                    }
                    return try trials.values(keys) { i in
                        [rightShare(arrows(images[i], kind, downsampling, variant, seed: settings.seed &+ UInt64(i)))]
                    }.map { $0[0] }
                }
            }
            for (downsampling, shares) in zip(downsamplings, shares) {
                rows.append(
                    ["\(variant.reduction.rawValue)", "\(variant.outside.rawValue)", "\(fixed(downsampling, 0))×"]
                        + shares.map { Estimate.bootstrap($0).text(3) })
            }
            if variant == .shown { shown = shares }
        }
        try draw(images[0], settings)
        try ExperimentReport(
            title: "Fig. 8: where gradients point",
            setUp: """
                The central two thirds of an image are the target, at full size and with 8 times fewer pixels along each axis. A window of that \
                size lies at \(offsets.count * offsets.count - 1) places around the middle, and the gradient of the mean squared difference \
                by its place is taken there: one evaluation, no search. A share is that of the arrows within 45° of the way back, over \
                \(images.count) images, with 95 % percentiles of a bootstrap over the images. The paper reduces the target by bilinear interpolation and does not \
                say what pixels outside of the image count for: the picture leaves them out; "counted" takes them as black.
                """,
            pictures: [("\(name.rawValue).png", "Negative gradients over an image, blue where they point to the middle")],
            table: markdownTable([["target", "outside", "downsampling"] + SamplerName.allCases.map(\.rawValue)] + rows),
            findings: zip(downsamplings, shown).map { downsampling, shares in
                .init(
                    claim: downsampling == 1
                        ? "even without downsampling linearized sampling gives better gradients than bilinear"
                        : "at \(fixed(downsampling, 0))× its gradients point to the middle from much further away",
                    gains: [("at \(fixed(downsampling, 0))×", .bootstrap(zip(shares[2], shares[0]).map { $0 - $1 }))], digits: 3,
                    note: "by how much the share is above bilinear's")
            }
        ).write(name, settings)
    }

    private static func rightShare(_ arrows: [GradientArrow]) -> Double {
        Double(arrows.count { $0.angle <= right }) / Double(arrows.count)
    }

    /// At all places but the middle, which has no direction.
    private static func arrows(
        _ image: Tensor<Float>, _ kind: SamplerName, _ downsampling: Double, _ variant: Variant, seed: UInt64
    ) -> [GradientArrow] {
        let (height, width) = (image.shape[1], image.shape[2])
        let size = [height, width].map { max(1, Int((part * Double($0) / downsampling).rounded())) }
        let batch = image.reshaped([1] + image.shape)
        let finer = variant.reduction == .averaged ? Int(downsampling) : 1
        let grid = SamplingGrid<Float>(.scaling(part, part), height: size[0] * finer, width: size[1] * finer)
        let target = areaAveraged(BilinearSampler().sample(batch, at: grid), height: size[0], width: size[1])
        let sampler = kind.forAlignment(seed: seed)
        let prepared = sampler.prepare(batch)
        let places = offsets.flatMap { y in offsets.map { x in (x: x, y: y) } }.filter { $0.x != 0 || $0.y != 0 }
        return places.enumerated().map { i, place in
            GradientArrow(
                at: place, of: .scaling(part, part), source: prepared, target: target, sampler: sampler, outside: variant.outside, call: i)
        }
    }

    /// The arrows over one image, a row for each sampler, a column for each downsampling; and their table.
    private static func draw(_ image: Tensor<Float>, _ settings: ExperimentSettings) throws {
        let name = ExperimentName.gradientField.rawValue
        var figure = GradientFieldFigure(image: image, columns: downsamplings.count)
        var table = "downsampling,sampler,offset x,offset y,direction x,direction y,degrees\n"
        for kind in SamplerName.allCases {
            for downsampling in downsamplings {
                let arrows = arrows(image, kind, downsampling, .shown, seed: settings.seed)
                figure.add("\(kind.rawValue) \(fixed(downsampling, 0))x: \(fixed(100 * rightShare(arrows), 0)) % right", arrows)
                for arrow in arrows {
                    let numbers = [arrow.place.x, arrow.place.y, arrow.direction.x, arrow.direction.y, arrow.angle * 180 / .pi]
                    table += ([fixed(downsampling, 0), kind.rawValue] + numbers.map { fixed($0, 4) }).joined(separator: ",") + "\n"
                }
            }
        }
        try writeFile(table, to: settings.path("\(name).csv"))
        try figure.image.writeImage(to: settings.path("\(name).png"))
    }
}
