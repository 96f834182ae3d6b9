import Drawing
import Files
import Foundation
import LinWarp
import TrainingRuns

/// Fig. 6 and Fig. 11: what transformers make of a class's images on average, with bilinear and with linearized sampling.
///
/// The networks are those of `Classification` and `PerturbedMNIST`; what these have not trained is trained here.
enum AverageImage: Experiment {
    private static let samplers: [NetworkConfiguration.SamplerKind] = [.bilinear, .linearized]
    /// Signs that differ from each other.
    private static let signs = ["Priority road", "Give way", "Stop", "No entry", "Road work", "Keep right", "Ahead only", "Roundabout"]

    static func run(_ settings: ExperimentSettings) throws {
        settings.progress("reading")
        let photographs = try Classification.data(run: 0, settings)
        let names = settings.isQuick ? Array(photographs.test.classNames.prefix(signs.count)) : signs
        let traffic = Averages(
            title: "\(settings.isQuick ? "Drawn signs" : "GTSRB"), STN, 8x", of: photographs.test, names: names,
            trained: try samplers.map {
                let trial = Classification.Trial(transformer: .stn, sampler: $0, downsampling: 8, run: 0)
                return try Classification.trained(trial, on: photographs, reuses: true, settings)
            })
        let perturbed = try PerturbedMNIST.trained(settings)
        let digits = Averages(
            title: "\(settings.isQuick ? "Perturbed signs" : "Perturbed MNIST"), IC-STN", of: perturbed.test,
            names: perturbed.test.classNames,
            trained: perturbed.classifiers)
        try write([traffic, digits], settings)
    }

    /// The averages of the test images of some classes.
    private struct Averages {
        let title: String
        let names: [String]
        /// How many images, by class.
        let counts: [Int]
        /// By class: [C, side, side].
        let inputs: [Tensor<Float>]
        /// By sampler and class.
        let transformed: [[Tensor<Float>]]
        /// The area of the image that a unit of the transformed image's area shows, at its middle: by sampler, class and image. Below 1 the network
        /// zooms in.
        let areas: [[[Double]]]

        init(title: String, of images: LabelledImages, names: [String], trained: [TrainedClassifier]) {
            let classes = names.map { name in
                let label = images.classNames.firstIndex(of: name)!
                return images.batch(images.labels.indices.filter { images.labels[$0] == label }).images
            }
            let results = trained.map { trained in classes.map { Self.transformed($0, by: trained) } }
            self.title = title
            self.names = names
            counts = classes.map { $0.shape[0] }
            inputs = classes.map { $0.mean(axes: [0]) }
            transformed = results.map { $0.map(\.average) }
            areas = results.map { $0.map(\.areas) }
        }

        /// The geometric mean over all images of the classes.
        func area(_ sampler: Int) -> Double { geometricMean(areas[sampler].flatMap { $0 }) }

        /// By which factor the second sampler's area is smaller than the first one's, as a logarithm: over the images.
        var zoom: Estimate {
            let logarithms = areas.map { $0.flatMap { $0 }.map { log($0) } }
            return .bootstrap(zip(logarithms[0], logarithms[1]).map { $0 - $1 })
        }

        /// At the size of the image, whatever that of the classifier's input, and without the sampler's own blur: to compare what is shown.
        private static func transformed(_ images: Tensor<Float>, by trained: TrainedClassifier) -> (average: Tensor<Float>, areas: [Double])
        {
            var context = Context(trained.parameters, isTraining: false)
            let matrices = trained.network.matrices(images, &context)
            let (height, width) = (images.shape[2], images.shape[3])
            let finer = BilinearSampler().sample(images, at: SamplingGrid(matrices: matrices, height: 2 * height, width: 2 * width))
            return (
                areaAveraged(finer, height: height, width: width).mean(axes: [0]),
                (0..<matrices.shape[0]).map { pow(meanScale(matrices[$0]), 2) }
            )
        }
    }

    private static func write(_ blocks: [Averages], _ settings: ExperimentSettings) throws {
        var table = "images,class,sampler,count,area\n"
        for block in blocks {
            for (i, sampler) in samplers.enumerated() {
                for (j, name) in block.names.enumerated() {
                    table +=
                        "\"\(block.title)\",\(name),\(sampler.rawValue),\(block.counts[j]),\(fixed(geometricMean(block.areas[i][j]), 4))\n"
                }
            }
        }
        try writeFile(table, to: settings.path("average-image.csv"))
        try montage(blocks).writeImage(to: settings.path("average-image.png"))
        try ExperimentReport(
            title: "Fig. 6 and Fig. 11: average transformed images",
            setUp: """
                The test images of a class, averaged: as they are, and as the trained transformers show them to the classifier. They are \
                sampled anew at the size of the image, bilinearly, so that the rows differ only in where the network looks. The area is the \
                part of the image that is shown, as the predicted matrix has it at the middle: geometric means, below 1 where the network \
                zooms in. A single training with each sampler: intervals are 95 % percentiles of a bootstrap over the images, and other seeds are \
                not in them; for signs they are in the scales of `better-sampler`.
                """,
            pictures: [("average-image.png", "Average images by class, and how large a part of the image the network shows on average")],
            findings: blocks.map { block in
                .init(
                    claim: "the network that was trained with linearized sampling zooms in more (\(block.title))",
                    found: samplers.indices.map { "\(samplers[$0].rawValue) shows \(fixed(block.area($0), 3)) of the area" }
                        .joined(separator: ", ")
                        + ", a factor of \(block.zoom.on { exp($0) }.text(3)) between them",
                    verdict: block.zoom.isPositive)
            }
        ).write(.averageImage, settings)
    }

    private static func geometricMean(_ numbers: [Double]) -> Double { exp(average(numbers.map { log($0) })) }

    /// A block of rows for each data set: the classes' names, the input, and a row for each sampler.
    private static func montage(_ blocks: [Averages]) -> Tensor<Float> {
        let layouts = blocks.map(Layout.init)
        let canvas = Canvas(width: layouts.map(\.width).max()!, height: layouts.map(\.height).reduce(0, +))
        var top = 0
        for (block, layout) in zip(blocks, layouts) {
            canvas.text(block.title, at: (Layout.gap, top + Layout.gap))
            for (column, name) in layout.names.enumerated() {
                for (i, line) in name.enumerated() {
                    let y = layout.top(row: 0) - (name.count - i) * Layout.line
                    canvas.text(line, at: (layout.left(column), top + y))
                }
                for (row, images) in ([block.inputs] + block.transformed).enumerated() {
                    let image = images[column]
                    canvas.paste(
                        image, at: (layout.left(column), top + layout.top(row: row)), scale: layout.side / image.shape[1])
                }
            }
            for (row, name) in (["input"] + samplers.map(\.rawValue)).enumerated() {
                let y = top + layout.top(row: row) + layout.side / 2 - Layout.line
                canvas.text(name, at: (Layout.gap, y))
                if row > 0 {
                    canvas.text("area \(fixed(block.area(row - 1), 2))", at: (Layout.gap, y + Layout.line))
                }
            }
            top += layout.height
        }
        return canvas.image
    }

    /// Where the parts of a block are, in pixels from its upper left corner.
    private struct Layout {
        static let gap = 10, margin = 150
        static let line = Canvas.lineHeight() + 4

        /// Of each image: a whole factor of its own, so that pixels stay squares.
        let side: Int
        /// The classes' names, broken into lines.
        let names: [[String]]

        init(_ block: Averages) {
            let pixels = block.inputs[0].shape[1]
            let side = pixels * max(1, (1280 / block.names.count - Self.gap) / pixels)
            self.side = side
            names = block.names.map { name in
                name.split(separator: " ").reduce(into: []) { lines, word in
                    if let last = lines.last, Canvas.width(of: "\(last) \(word)") <= side {
                        lines[lines.count - 1] += " \(word)"
                    } else {
                        lines.append(String(word))
                    }
                }
            }
        }

        func left(_ column: Int) -> Int { Self.margin + column * (side + Self.gap) }
        func top(row: Int) -> Int { 2 * Self.gap + (1 + names.map(\.count).max()!) * Self.line + row * (side + Self.gap) }
        var width: Int { left(names.count) }
        var height: Int { top(row: 1 + AverageImage.samplers.count) }
    }
}
