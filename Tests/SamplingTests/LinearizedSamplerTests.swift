import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class LinearizedSamplerTests: XCTestCase {
    /// Values and slopes of every solver against the naive reference, in Double and in Float.
    private func check(_ scene: Scene, _ options: LinearizedSampler, seed: UInt64, line: UInt = #line) {
        for solver in LinearizedSampler.Solver.allCases {
            var options = options
            options.solver = solver
            checkSolver(scene, options, seed: seed, line: line)
        }
    }

    private func checkSolver(_ scene: Scene, _ options: LinearizedSampler, seed: UInt64, line: UInt) {
        var (scene, options) = (scene, options)
        let (image, grid, matrices) = scene.make(seed: seed)
        scene.name += ", \(options.solver)"
        var numbers = RandomSource(seed: seed &+ 1)
        let isShared = options.solver == .sharedNoise
        let drawn = Tensor<Double>.normal(
            [scene.image[0], options.sampleCount - 1, 4] + (isShared ? [1, 1] : [grid.height, grid.width]), from: &numbers)
        options.noise = .normals(drawn)
        // The reference takes normals for every pixel.
        let normals = drawn + Tensor.zeros([grid.height, grid.width])
        options.alignCorners = scene.alignCorners
        let expected = naiveLinearized(image, grid, matrices: matrices, options, normals: normals)
        let found = options.linearization(of: image, at: grid)
        assertClose(found.values, expected.values, tolerance: 1e-10, "\(scene.name): values", line: line)
        assertClose(found.slopeU!, expected.slopeU, tolerance: 1e-10, "\(scene.name): slopes along u", line: line)
        assertClose(found.slopeV!, expected.slopeV, tolerance: 1e-10, "\(scene.name): slopes along v", line: line)
        // Without slopes values go another way.
        assertClose(options.sample(image, at: grid), expected.values, tolerance: 1e-10, "\(scene.name): values alone", line: line)
        // In Float, of the inputs as Float holds them.
        let single = options.linearization(of: image.cast(to: Float.self), at: grid.single(matrices: matrices))
        let valuesSingle = options.sample(image.cast(to: Float.self), at: grid.single(matrices: matrices))
        let (imageSingle, normalsSingle) = (
            image.cast(to: Float.self).cast(to: Double.self), normals.cast(to: Float.self).cast(to: Double.self)
        )
        let (gridSingle, matricesSingle) = grid.roundedToSingle(matrices: matrices)
        let expectedSingle = naiveLinearized(imageSingle, gridSingle, matrices: matricesSingle, options, normals: normalsSingle)
        for (found, expected, name) in [
            (single.values, expectedSingle.values, "values"), (single.slopeU!, expectedSingle.slopeU, "slopes along u"),
            (single.slopeV!, expectedSingle.slopeV, "slopes along v"), (valuesSingle, expectedSingle.values, "values alone"),
        ] {
            // A shared pattern whose samples are nearly on a line is so at every pixel: there relative to the largest.
            let largest = isShared ? expected.scalars.map(abs).max()! : 1
            assertClose(
                found.cast(to: Double.self), expected, tolerance: 1e-4 * max(1, largest), "\(scene.name), Float: \(name)", line: line)
        }
    }

    func testDefaultsOnEveryScene() {
        for (i, scene) in Scene.all.enumerated() { check(scene, LinearizedSampler(), seed: UInt64(i)) }
    }

    func testEveryPadding() {
        for padding in Padding.allCases {
            for (i, scene) in Scene.all.enumerated() { check(scene, LinearizedSampler(padding: padding), seed: 100 + UInt64(i)) }
        }
    }

    func testSampleCounts() {
        for count in [2, 3, 4, 5, 8, 16, 33, 64] {
            for (i, scene) in Scene.all.enumerated() where i % 3 == 0 {
                check(scene, LinearizedSampler(sampleCount: count), seed: 200 + UInt64(i))
            }
        }
    }

    func testNoiseRegularizationCollapseAndBias() {
        for (i, scene) in Scene.all.enumerated() {
            let seed = 300 + UInt64(i)
            check(scene, LinearizedSampler(sigma: 3), seed: seed)
            check(scene, LinearizedSampler(regularization: 1), seed: seed)
            check(scene, LinearizedSampler(preventsCollapse: false), seed: seed)
            check(scene, LinearizedSampler(bias: .excluded), seed: seed)
        }
    }

    func testNoiseOfTheSourcesFrameSamplesOutsideAndMeans() {
        for (i, scene) in Scene.all.enumerated() {
            let seed = 350 + UInt64(i)
            check(scene, LinearizedSampler(sigma: 0.5, noiseFrame: .source), seed: seed)
            check(scene, LinearizedSampler(bias: .mean), seed: seed)
            for padding in Padding.allCases {
                check(scene, LinearizedSampler(noiseFrame: .source, bias: .mean, outside: .counted, padding: padding), seed: seed)
            }
        }
    }

    /// Where nothing is transformed the noise is the same in either frame, to the bit; a map that shrinks the view makes that of the target's alone narrower.
    func testFramesOfTheNoise() {
        let image: Tensor<Double> = randomTensor([1, 2, 20, 24], in: 0..<1)
        func slopes(_ scale: Double, _ frame: LinearizedSampler.NoiseFrame) -> [Double] {
            let grid = SamplingGrid<Double>(.scaling(scale, scale), height: 5, width: 6)
            return LinearizedSampler(noiseFrame: frame).linearization(of: image, at: grid).slopeU!.scalars
        }
        XCTAssertEqual(slopes(1, .source), slopes(1, .target))
        XCTAssertNotEqual(slopes(0.5, .source), slopes(0.5, .target))
    }

    func testWithoutNoiseTheSlopesAreZero() {
        let (image, grid, _) = Scene.all[0].make(seed: 5)
        let found = LinearizedSampler(sigma: 0, preventsCollapse: false).linearization(of: image, at: grid)
        XCTAssert(found.slopeU!.scalars.allSatisfy { $0 == 0 } && found.slopeV!.scalars.allSatisfy { $0 == 0 })
        assertClose(found.values, BilinearSampler().linearization(of: image, at: grid).values, tolerance: 0, "values")
    }

    func testAllSamplesOutsideGiveExactlyZeroSlopes() {
        let (image, grid, _) = Scene.all.first { $0.name == "all outside" }!.make(seed: 6)
        let found = LinearizedSampler().linearization(of: image, at: grid)
        for tensor in [found.values, found.slopeU!, found.slopeV!] { XCTAssert(tensor.scalars.allSatisfy { $0 == 0 }) }
    }

    func testWithoutBiasTheValueIsExactlyBilinears() {
        let (image, grid, _) = Scene.all[0].make(seed: 7)
        for padding in Padding.allCases {
            let linearized = LinearizedSampler(bias: .excluded, padding: padding).linearization(of: image, at: grid).values
            let bilinear = BilinearSampler(padding: padding).linearization(of: image, at: grid).values
            XCTAssertEqual(linearized.scalars, bilinear.scalars)
        }
    }

    /// A plane is recovered up to the regularization.
    func testSlopeOfAPlane() {
        let (height, width) = (40, 40)
        let plane = Tensor<Double>(
            (0..<height * width).map { 0.3 + 0.02 * Double($0 % width) - 0.01 * Double($0 / width) }, shape: [1, 1, height, width])
        let grid = SamplingGrid<Double>(.scaling(0.5, 0.5), height: 10, width: 10)
        let found = LinearizedSampler().linearization(of: plane, at: grid)
        for (u, v) in zip(found.slopeU!.scalars, found.slopeV!.scalars) {
            XCTAssertEqual(u, 0.02 * 20, accuracy: 2e-3)  // 20 pixels a unit
            XCTAssertEqual(v, -0.01 * 20, accuracy: 2e-3)
        }
    }

    func testSameSeedSameBitsOnAnyNumberOfThreads() {
        let (image, grid, matrices) = Scene.all.last!.make(seed: 8)
        let sampler = LinearizedSampler(imageGradient: .allSamples, noise: .seed(42))
        let before = Threads.count
        defer { Threads.count = before }
        func run() -> [[Float]] {
            let single = image.cast(to: Float.self)
            let grid = grid.single(matrices: matrices)
            let result = sampler.linearization(of: single, at: grid, call: 3)
            let (_, gradients) = valueWithGradient(at: [single, grid.points]) { variables in
                let sampled = sampler.sample(variables[0], at: SamplingGrid(points: variables[1]), call: 3)
                return (sampled * sampled).sum()
            }
            return ([result.values, result.slopeU!, result.slopeV!] + gradients).map(\.scalars)
        }
        Threads.count = 1
        let one = run()
        for threads in 2...4 {
            Threads.count = threads
            XCTAssertEqual(run(), one, "\(threads) threads")
        }
    }

    func testNoiseDependsOnSeedCallAndImage() {
        var numbers = RandomSource(seed: 1)
        let one = Tensor<Double>.uniform([1, 1, 16, 16], in: 0..<1, from: &numbers)
        let grid = SamplingGrid<Double>(.scaling(0.5, 0.5), height: 8, width: 8)
        func values(_ seed: UInt64, _ call: Int) -> [Double] {
            LinearizedSampler(noise: .seed(seed)).linearization(of: one, at: grid, call: call).values.scalars
        }
        XCTAssertEqual(values(1, 0), values(1, 0))
        XCTAssertNotEqual(values(1, 0), values(2, 0))
        XCTAssertNotEqual(values(1, 0), values(1, 1))
        let twice = SamplingGrid(
            matrices: Tensor(Matrix3.scaling(0.5, 0.5).elements + Matrix3.scaling(0.5, 0.5).elements, shape: [2, 3, 3]), height: 8, width: 8
        )
        let both = LinearizedSampler().linearization(of: one, at: twice).values.scalars
        XCTAssertNotEqual(Array(both[..<64]), Array(both[64...]))
    }

    /// A batch in parts gets the values, slopes and image gradients that it gets as a whole.
    func testPartOfABatch() {
        let images: Tensor<Double> = randomTensor([5, 2, 9, 9], in: 0..<1)
        let grid = SamplingGrid<Double>(.scaling(0.5, 0.5), height: 6, width: 6)
        let sampler = LinearizedSampler(imageGradient: .allSamples, noise: .seed(4))
        func run(_ part: Range<Int>, _ sampler: some Sampler) -> [Tensor<Double>] {
            let result = sampler.linearization(of: images[part], at: grid, call: 2)
            let (_, gradients) = valueWithGradient(at: [images[part]]) { sampler.sample($0[0], at: grid, call: 2).squared().sum() }
            return [result.values, result.slopeU!, result.slopeV!] + gradients
        }
        let whole = run(0..<5, sampler).map { $0[3..<5] }
        XCTAssertEqual(run(3..<5, sampler.withFirstImage(3)), whole)
        XCTAssertNotEqual(run(3..<5, sampler), whole)
    }

    /// However samples are drawn, their planes tend to the same one the more there are. Those of a lattice are nearer to it, each of them and in the mean.
    func testALatticeScattersLess() {
        let image = gaussianBlur(randomTensor([1, 1, 40, 40], in: 0..<1, seed: 5) as Tensor<Double>, sigma: 2)
        for (matrix, name) in [
            (Matrix3.rotation(0.3) * .scaling(0.6, 0.5), "affine"), (Matrix3([0.6, 0.1, 0, -0.1, 0.5, 0, 0.1, 0.15, 1]), "homography"),
        ] {
            let grid = SamplingGrid<Double>(matrix, height: 6, width: 6)
            func results(_ samples: Int, _ draws: LinearizedSampler.Draws) -> Tensor<Double> {
                let sampler = LinearizedSampler(sampleCount: samples, draws: draws)
                return stack(
                    (0..<400).map { call in
                        let result = sampler.linearization(of: image, at: grid, call: call)
                        return stack([result.values, result.slopeU!, result.slopeV!])
                    })
            }
            let limit = results(64, .independent).mean(axes: [0])
            let (independent, lattice) = (results(8, .independent), results(8, .lattice))
            // Of the values, and of the slopes along both axes.
            func errors(_ results: Tensor<Double>) -> [Double] { (results - limit).squared().mean(axes: [-1, -2, -3, -4]).scalars }
            func spreads(_ results: Tensor<Double>) -> [Double] { results.variance(axes: [0]).mean(axes: [-1, -2, -3, -4]).scalars }
            let means = [independent, lattice].map { errors($0.mean(axes: [0])) }
            for (i, found) in means[1].enumerated() { XCTAssertLessThan(found, means[0][i], "\(name), part \(i)") }
            for (spread, narrow) in zip(spreads(independent), spreads(lattice)) { XCTAssertLessThan(narrow, 0.6 * spread, name) }
        }
    }

    /// The gradient by the positions is the sum over channels of cotangent times slope (6.1), for matrices chained by the warp.
    func testGradientByThePosition() {
        for (i, scene) in Scene.all.enumerated() {
            for sampler in [LinearizedSampler(), LinearizedSampler(noiseFrame: .source, bias: .mean, outside: .counted)] {
                checkGradientByThePosition(scene, sampler, seed: 400 + UInt64(i))
            }
        }
    }

    private func checkGradientByThePosition(_ scene: Scene, _ options: LinearizedSampler, seed: UInt64) {
        var sampler = options
        sampler.alignCorners = scene.alignCorners
        let (image, grid, matrices) = scene.make(seed: seed)
        var numbers = RandomSource(seed: 3)
        let cotangent = Tensor<Double>.uniform([scene.image[0], scene.image[1], grid.height, grid.width], in: -1..<1, from: &numbers)
        let slopes = sampler.linearization(of: image, at: grid)
        let (n, c, pixels) = (scene.image[0], scene.image[1], grid.height * grid.width)
        var expected = [Double](repeating: 0, count: n * pixels * 2)
        for n in 0..<n {
            for c in 0..<c {
                for i in 0..<pixels {
                    let j = (n * scene.image[1] + c) * pixels + i
                    expected[(n * pixels + i) * 2] += cotangent.scalars[j] * slopes.slopeU!.scalars[j]
                    expected[(n * pixels + i) * 2 + 1] += cotangent.scalars[j] * slopes.slopeV!.scalars[j]
                }
            }
        }
        let found = valueWithGradient(at: grid.points) { points in
            // The same noise needs the same local map: the points stand for the matrices' own.
            (sampler.sample(image, at: SamplingGrid(points: points, alignCorners: scene.alignCorners)) * cotangent).sum()
        }
        if matrices == nil { assertClose(found.gradient, Tensor(expected, shape: found.gradient.shape), tolerance: 1e-10, scene.name) }
        guard let matrices else { return }
        let byMatrix = valueWithGradient(at: grid.matricesTensor(matrices)) { m in
            (sampler.sample(
                image, at: SamplingGrid(matrices: m, height: grid.height, width: grid.width, alignCorners: scene.alignCorners))
                * cotangent).sum()
        }
        // The same through the differentiable positions.
        let chained = valueWithGradient(at: grid.matricesTensor(matrices)) { m in
            (SamplingGrid(matrices: m, height: grid.height, width: grid.width, alignCorners: scene.alignCorners).points
                * Tensor(expected, shape: [n, grid.height, grid.width, 2])).sum()
        }
        assertClose(byMatrix.gradient, chained.gradient, tolerance: 1e-10, scene.name)
    }

    /// All of the method is linear in the image, so its gradient is the adjoint: <g, S(I)> = <S'(g), I>, and exact differences exist.
    func testGradientByTheImage() {
        for (i, scene) in Scene.all.enumerated() {
            let (image, grid, _) = scene.make(seed: 500 + UInt64(i))
            var numbers = RandomSource(seed: 4)
            let cotangent = Tensor<Double>.uniform([scene.image[0], scene.image[1], grid.height, grid.width], in: -1..<1, from: &numbers)
            for padding in Padding.allCases {
                var sampler = LinearizedSampler(imageGradient: .allSamples, padding: padding, alignCorners: scene.alignCorners)
                var others = sampler
                (others.noiseFrame, others.bias, others.outside) = (.source, .mean, .counted)
                for sampler in [sampler, others] {
                    let all = valueWithGradient(at: image) { (sampler.sample($0, at: grid) * cotangent).sum() }
                    let inner = zip(all.gradient.scalars, image.scalars).map(*).reduce(0, +)
                    XCTAssertEqual(inner, all.value.scalar, accuracy: 1e-9 * max(1, abs(inner)), scene.name)
                }
                sampler.imageGradient = .centre
                let centre = valueWithGradient(at: image) { (sampler.sample($0, at: grid) * cotangent).sum() }
                let bilinear = BilinearSampler(padding: padding, alignCorners: scene.alignCorners)
                let plain = valueWithGradient(at: image) { (bilinear.sample($0, at: grid) * cotangent).sum() }
                XCTAssertEqual(centre.gradient.scalars, plain.gradient.scalars, scene.name)
                sampler.imageGradient = .none
                let none = valueWithGradient(at: image) { (sampler.sample($0, at: grid) * cotangent).sum() }
                XCTAssert(none.gradient.scalars.allSatisfy { $0 == 0 }, scene.name)
            }
        }
    }
}

extension SamplingGrid {
    fileprivate func matricesTensor(_ matrices: [Matrix3]) -> Tensor<Double> {
        Tensor(matrices.flatMap(\.elements), shape: [matrices.count, 3, 3])
    }
}
