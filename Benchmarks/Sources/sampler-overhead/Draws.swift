import Cases
import LinWarp

/// What evenly spread samples give for their time.
extension SamplerOverhead {
    /// By how samples are drawn and by their number: the time of a forward pass, and the error of the slopes, relative to that of 8 independent samples:
    /// their distance from the mean of many draws, on drawn scenes that are shrunk by 1.4 and by 8.
    func reportDraws(_ shape: SamplingCase.Shape) {
        let samplers = [3, 4, 5, 6, 8, 12, 16].flatMap { count in
            LinearizedSampler.Draws.allCases.map { LinearizedSampler(sampleCount: count, draws: $0) }
        }
        let times = timed(samplers.map { SamplingCase($0, shape, .forward, .points) }, repetitions: 1)
        let errors = [1.4, 8].map { factor in
            let scenes = (0..<8).map { ProceduralScene(seed: $0).image(height: 240, width: 320).mean(axes: [0], keepingAxes: true) }
            let images = stack(scenes)
            let grid = SamplingGrid<Float>(.scaling(factor / 10, factor / 10), height: 24, width: 32)
            let mean = slopes(LinearizedSampler(), of: images, at: grid, calls: 400..<1200).mean(axes: [0])
            let errors = samplers.map { sampler in
                (slopes(sampler, of: images, at: grid, calls: 0..<60) - mean).squared().mean().sqrt().scalar
            }
            let base = errors[samplers.firstIndex { $0.sampleCount == 8 && $0.draws == .independent }!]
            return errors.map { $0 / base }
        }
        print("\(shape), points, by draws: forward; error of the slopes where the image shrinks by 1.4 and by 8")
        for (i, sampler) in samplers.enumerated() {
            print("  K = \(sampler.sampleCount), \(sampler.draws): \(Summary(times[i])); \(errors[0][i]), \(errors[1][i])")
        }
    }

    /// The slopes along both axes, of one call after the other.
    private func slopes(
        _ sampler: LinearizedSampler, of images: Tensor<Float>, at grid: SamplingGrid<Float>, calls: Range<Int>
    ) -> Tensor<Float> {
        stack(
            calls.map { call in
                let result = sampler.linearization(of: images, at: grid, call: call)
                return stack([result.slopeU!, result.slopeV!])
            })
    }
}
