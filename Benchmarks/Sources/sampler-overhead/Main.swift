import LinWarp

/// Forward and backward time of the linearized sampler against bilinear, in one run: repetitions in turn, medians, and their ratios.
@main
enum SamplerOverhead {
    struct Shape {
        var image: [Int]  // [N, C, H, W]
        var target: (height: Int, width: Int)
    }

    static let shapes = [
        Shape(image: [64, 3, 50, 50], target: (50, 50)), Shape(image: [64, 3, 50, 50], target: (7, 7)),
        Shape(image: [8, 3, 512, 512], target: (256, 256)), Shape(image: [16, 64, 56, 56], target: (28, 28)),
    ]
    static let repetitions = 15

    static func main() {
        print(
            "kernels \(KernelLevel.current), threads \(Threads.count), OpenBLAS core \(BLASInformation.core), Float, K = 8, ms (lowest-median-highest)"
        )
        for shape in shapes {
            var random = RandomSource(seed: 1)
            let image = Tensor<Float>.uniform(shape.image, in: 0..<1, from: &random)
            let offsets = Tensor<Float>.uniform([shape.image[0], 3, 3], in: -0.1..<0.1, from: &random)
            let mask = Tensor<Float>([1, 1, 1, 1, 1, 1, 0, 0, 0], shape: [3, 3])
            let points = SamplingGrid(
                matrices: Tensor(Matrix3.identity.elements.map { Float($0) }, shape: [3, 3]) + offsets * mask,
                height: shape.target.height, width: shape.target.width
            ).points
            var bilinear = Times(), linearized = Times()
            for repetition in 0...repetitions {
                let a = measure(BilinearSampler(propagatesToImage: false), image, points, repetition)
                let b = measure(LinearizedSampler(), image, points, repetition)
                guard repetition > 0 else { continue }  // warm-up
                bilinear.add(a)
                linearized.add(b)
            }
            print("\(shape.image) -> \(shape.target.height)x\(shape.target.width)")
            print("  bilinear    forward \(summary(bilinear.forward))  backward \(summary(bilinear.backward))")
            print("  linearized  forward \(summary(linearized.forward))  backward \(summary(linearized.backward))")
            print(
                "  ratio       forward \(rounded(median(linearized.forward) / median(bilinear.forward)))",
                " backward \(rounded(median(linearized.backward) / median(bilinear.backward)))")
        }
    }

    struct Times {
        var forward: [Double] = [], backward: [Double] = []

        mutating func add(_ time: (forward: Double, backward: Double)) {
            forward.append(time.forward)
            backward.append(time.backward)
        }
    }

    /// Milliseconds forward, with what training keeps for the gradient, and back to the positions.
    static func measure(
        _ sampler: some Sampler, _ image: Tensor<Float>, _ points: Tensor<Float>, _ call: Int
    ) -> (forward: Double, backward: Double) {
        let clock = ContinuousClock()
        let start = clock.now
        var middle = start
        let result = valueWithGradient(at: points) { points in
            let sampled = sampler.sample(image, at: SamplingGrid(points: points), call: call)
            middle = clock.now
            return sampled.sum()
        }
        precondition(result.gradient.shape == points.shape)
        return ((middle - start) / .milliseconds(1), (clock.now - middle) / .milliseconds(1))
    }

    static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

    static func summary(_ times: [Double]) -> String {
        "\(rounded(times.min()!))-\(rounded(median(times)))-\(rounded(times.max()!))"
    }

    static func rounded(_ x: Double) -> Double { (x * 100).rounded() / 100 }
}
