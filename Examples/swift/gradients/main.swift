// Which way to go, says the gradient. A scene is seen smaller and shifted, and the gradient of the difference by the shift should have the
// shift's own sign, so that a step against it leads back. How often it has, by how much smaller the scene is seen:
//
//     swift run -c release gradients
import LinWarp

let (height, width) = (30, 40)

/// The gradient of the mean squared difference by a shift along x, in normalized source coordinates.
func gradient(_ sampler: some Sampler, _ scene: Tensor<Float>, _ target: Tensor<Float>, at shift: Float) -> Float {
    valueWithGradient(at: Tensor([shift, 0], shape: [1, 2])) { parameters in
        let grid = SamplingGrid(Transformation(.translation, parameters: parameters), height: height, width: width)
        return (sampler.sample(scene, at: grid) - target).squared().mean()
    }.gradient[0, 0]
}

var random = RandomSource(seed: 1)
for factor in [1, 2, 4, 8, 16] {
    var (bilinear, linearized) = (0, 0)
    for seed in 0..<5 {
        let scene = ProceduralScene(seed: UInt32(seed)).image(height: factor * height, width: factor * width)
        let target = resampled(scene, .identity, height: height, width: width)
        let image = scene.reshaped([1] + scene.shape)
        for _ in 0..<20 {
            // Up to five pixels of the target, which are 0.05 wide.
            let shift = Float.random(in: -0.25...0.25, using: &random)
            if gradient(BilinearSampler(), image, target, at: shift) * shift > 0 { bilinear += 1 }
            if gradient(LinearizedSampler(sigma: 2), image, target, at: shift) * shift > 0 { linearized += 1 }
        }
    }
    print("\(factor) times smaller: \(bilinear) of 100 are right with bilinear sampling, \(linearized) with linearized")
}
