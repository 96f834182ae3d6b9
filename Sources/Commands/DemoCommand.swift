import ArgumentParser
import Figures
import LinWarp

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Aligns a built-in scene to a view of it that is eight times smaller, with each sampler from the same start.",
        discussion: """
            The scene is drawn from a formula, and the transformation is known: the error of each sampler is the mean distance of the \
            four corners from their true places, in normalized coordinates.

            Example: linwarp demo --out demo
            """)

    @OptionGroup var search: SearchOptions

    mutating func run() throws {
        let scene = ProceduralScene(seed: 1).image(height: 400, width: 400)
        let truth = Matrix3.translation(0.1, -0.08) * .rotation(0.45) * .scaling(0.62, 0.62)
        let full = BilinearSampler().sample(scene.reshaped([1, 3, 400, 400]), at: SamplingGrid<Float>(truth, height: 400, width: 400))
        let target = areaAveraged(full, height: 50, width: 50).reshaped([3, 50, 50])
        var search = search
        if search.sampler.isEmpty { search.sampler = SamplerName.allCases }
        search.family = search.family ?? .similarity
        search.initial = search.initial ?? .scaling(0.5, 0.5)
        let images = AlignmentPair(source: scene, target: target, sourceName: "built-in scene", targetName: "built-in scene, 8x smaller")
        try search.alignAsPaper(images, truth: truth)
    }
}
