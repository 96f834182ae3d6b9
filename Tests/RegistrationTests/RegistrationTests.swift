import Datasets
import Foundation
import LinearAlgebra
import Registration
import Sampling
import TestSupport
import Tensors
import XCTest

/// `align` without a start.
final class RegistrationTests: XCTestCase {
    private let size = (height: 150, width: 200)
    private var scene: Tensor<Float> { ProceduralScene(seed: 1).image(height: size.height, width: size.width) }

    private func view(_ source: Tensor<Float>, _ matrix: Matrix3, height: Int = 120, width: Int = 160) -> Tensor<Float> {
        BilinearSampler().sample(source.reshaped([1] + source.shape), at: SamplingGrid<Float>(matrix, height: height, width: width))
            .reshaped([source.shape[0], height, width])
    }

    /// A similarity between the pixels of the scene and of a target, around their middles.
    private func motion(_ degrees: Double, _ scale: Double, _ x: Double, _ y: Double, height: Int = 120, width: Int = 160) -> Matrix3 {
        let frame = Frame(sourcePixels: size, targetPixels: (height, width))
        let unit = 2 / Double(size.height)
        return frame.normalized(TransformationFamily.similarity.matrix([degrees * .pi / 180, log2(scale), x * unit, y * unit]))
    }

    /// The mean distance of the corners from their true places, in source pixels.
    private func error(_ found: Alignment, _ truth: Matrix3) -> Double {
        zip(found.matrix.corners, truth.corners).map { a, b in
            hypot((a.x - b.x) * Double(size.width) / 2, (a.y - b.y) * Double(size.height) / 2)
        }.reduce(0, +) / 4
    }

    private func assertFound(
        _ source: Tensor<Float>, _ target: Tensor<Float>, _ truth: Matrix3, within pixels: Double = 0.05,
        _ settings: AlignmentSettings = AlignmentSettings(family: .similarity), _ message: String = "", line: UInt = #line
    ) throws {
        let found = try align(source, to: target, settings)
        XCTAssertLessThan(error(found, truth), pixels, message, line: line)
        XCTAssertEqual(found.verdict, .trusted, message, line: line)
        XCTAssertEqual(found.status, .converged, message, line: line)
    }

    func testAnyTurnAndScale() throws {
        for (degrees, scale) in [(0.0, 1.0), (40, 0.8), (100, 1.2), (180, 0.6), (-130, 0.9)] {
            let truth = motion(degrees, scale, 8, -5, height: 100, width: 110)
            try assertFound(
                scene, view(scene, truth, height: 100, width: 110), truth, AlignmentSettings(family: .similarity),
                "\(degrees) degrees, scale \(scale)")
        }
    }

    func testEveryFamily() throws {
        let truths: [(TransformationFamily, Matrix3)] = [
            (.translation, motion(0, 1, 7.3, -4.6)), (.euclidean, motion(25, 1, 7.3, -4.6)), (.similarity, motion(25, 0.8, 7.3, -4.6)),
            (.rotationScaleTranslation, motion(25, 0.8, 7.3, -4.6) * .scaling(1, 0.9)),
            (.affine, Matrix3([0.8, -0.2, 0.05, 0.15, 0.75, -0.03, 0, 0, 1])),
            (.homography, Matrix3([0.8, -0.2, 0.05, 0.15, 0.75, -0.03, 0.06, -0.05, 1])),
        ]
        for (family, truth) in truths {
            try assertFound(scene, view(scene, truth), truth, within: 0.1, AlignmentSettings(family: family), "\(family)")
        }
    }

    /// Brightness and contrast of each channel, inverted brightness, a curve, light that falls off.
    func testExposure() throws {
        let truth = motion(20, 0.8, 5, 4)
        let target = view(scene, truth)
        let gains = Tensor<Float>([0.6, 0.9, 0.8], shape: [3, 1, 1])
        let fall = Tensor<Float>((0..<120 * 160).map { 1 - 0.4 * Float($0 % 160) / 160 }, shape: [1, 120, 160])
        for (name, changed) in [
            ("exposure", target * gains + 0.05), ("inverted", 1 - target), ("curve", target * target), ("light", target * fall),
        ] {
            try assertFound(scene, changed, truth, within: 0.1, AlignmentSettings(family: .similarity), name)
        }
        let found = try align(scene, to: target * gains + 0.05, AlignmentSettings(family: .similarity))
        for c in 0..<3 {
            XCTAssertEqual(found.confidence!.gain[c], Double(gains.scalars[c]), accuracy: 0.01)
            XCTAssertEqual(found.confidence!.bias[c], 0.05, accuracy: 0.01)
        }
    }

    /// Where each intensity becomes any other, structure finds the place.
    /// Numbers of another range than 0...1 are as good: counts of a camera, or a dim measurement.
    func testAnyRangeOfNumbers() throws {
        let truth = motion(25, 0.9, 8, -5)
        let (source, target) = (scene, view(scene, truth))
        for (factor, offset) in [(255.0, 0.0), (65535, -2000), (1e-4, 0), (1, -0.5)] {
            func inOtherUnits(_ image: Tensor<Float>) -> Tensor<Float> { image * Tensor(Float(factor)) + Tensor(Float(offset)) }
            try assertFound(inOtherUnits(source), inOtherUnits(target), truth, AlignmentSettings(family: .similarity), "\(factor)")
        }
    }

    func testOtherSensor() throws {
        let truth = motion(10, 0.9, 5, 4)
        let other = view(scene, truth).mean(axes: [0], keepingAxes: true) - 0.5
        let curve = (other * other) * 4
        let grey = scene.mean(axes: [0], keepingAxes: true)
        let found = try align(grey, to: curve, AlignmentSettings(family: .similarity, comparing: .structure))
        XCTAssertLessThan(error(found, truth), 1)
    }

    /// A fifth of the target shows something else.
    func testCoveredPart() throws {
        let truth = motion(15, 0.8, 5, 4)
        for cover in [Tensor<Float>(repeating: 0.5, shape: [3, 54, 72]), ProceduralScene(seed: 9).image(height: 54, width: 72)] {
            var target = view(scene, truth)
            target.withMutableScalars { t in
                for i in 0..<cover.count {
                    let (c, y, x) = (i / (54 * 72), i / 72 % 54, i % 72)
                    t[(c * 120 + 30 + y) * 160 + 60 + x] = cover.scalars[i]
                }
            }
            try assertFound(scene, target, truth, within: 0.1)
        }
    }

    /// A pixel that is masked may be anything: no bit of the result depends on it.
    func testMaskedPixels() throws {
        let truth = motion(15, 0.8, 5, 4)
        func masked(_ image: Tensor<Float>, _ value: Float) -> (image: Tensor<Float>, mask: Tensor<Float>) {
            let (height, width) = (image.shape[1], image.shape[2])
            let mask = Tensor<Float>((0..<height * width).map { $0 % width > width / 5 ? 1 : 0 }, shape: [height, width])
            let pixels = image.scalars
            let changed = Tensor(pixels.indices.map { $0 % width > width / 5 ? pixels[$0] : value }, shape: image.shape)
            return (changed, mask)
        }
        let target = view(scene, truth)
        var results: [[Double]] = []
        for value: Float in [0, 1, 1e30, .nan, -.infinity] {
            let (s, t) = (masked(scene, value), masked(target, value))
            let settings = AlignmentSettings(family: .similarity, sourceMask: s.mask, targetMask: t.mask)
            try assertFound(s.image, t.image, truth, settings)
            results.append(try align(s.image, to: t.image, settings).parameters)
        }
        for other in results.dropFirst() { XCTAssertEqual(other, results[0]) }
        // What is no number is masked by itself.
        XCTAssertEqual(
            try align(masked(scene, .nan).image, to: masked(target, .nan).image, AlignmentSettings(family: .similarity)).parameters,
            results[0])
    }

    /// The same black, white frame in both images pulls nobody; nor does what lies outside of a turned photograph.
    func testBorders() throws {
        let truth = motion(4, 0.95, 5, 4, height: 150, width: 200)
        func framed(_ image: Tensor<Float>, _ value: Float) -> Tensor<Float> {
            let (height, width, pixels) = (image.shape[1], image.shape[2], image.scalars)
            return Tensor(
                pixels.indices.map { i in
                    let (y, x) = (i / width % height, i % width)
                    return y < 10 || x < 10 || y >= height - 10 || x >= width - 10 ? value : pixels[i]
                }, shape: image.shape)
        }
        let target = view(scene, truth, height: 150, width: 200)
        for value: Float in [0, 1] { try assertFound(framed(scene, value), framed(target, value), truth) }
        let outside = motion(-12, 1.1, 60, 30, height: 150, width: 200)
        try assertFound(scene, view(scene, outside, height: 150, width: 200), outside, within: 0.1)
    }

    func testGivenStart() throws {
        let truth = motion(30, 0.5, 10, 4)
        let target = view(scene, truth)
        let settings = AlignmentSettings(family: .similarity, start: .matrix(motion(10, 0.6, 0, 0)))
        try assertFound(scene, target, truth, settings)
        XCTAssertEqual(try align(scene, to: target, settings).confidence!.starts.first?.origin, .given)
        XCTAssertThrowsError(try align(scene, to: target, AlignmentSettings(family: .similarity, start: .matrix(.scaling(-1, 1))))) {
            XCTAssertEqual($0 as? AlignmentError, .initialMatrixOutsideFamily(.similarity))
        }
    }

    /// A start beside which nothing else is tried.
    func testOnlyAGivenStart() throws {
        let truth = motion(8, 0.9, 4, 3)
        let target = view(scene, truth)
        let near = try align(scene, to: target, AlignmentSettings(family: .similarity, start: .only(motion(6, 0.9, 3, 3))))
        XCTAssertLessThan(error(near, truth), 0.1)
        XCTAssertEqual(near.verdict, .trusted)
        let far = try align(scene, to: target, AlignmentSettings(family: .similarity, start: .only(motion(150, 0.5, 0, 0))))
        XCTAssertNotEqual(far.verdict, .trusted)
        XCTAssertEqual(far.confidence!.starts.map(\.origin), [.given])
    }

    /// A small target, as the paper's eight times smaller ones.
    func testShrunkenTarget() throws {
        let truth = Matrix3.translation(0.1, -0.08) * .rotation(0.45) * .scaling(0.62, 0.62)
        let square = ProceduralScene(seed: 3).image(height: 256, width: 256)
        let target = areaAveraged(view(square, truth, height: 256, width: 256), height: 32, width: 32)
        let found = try align(square, to: target, AlignmentSettings(family: .similarity, start: .matrix(.scaling(0.5, 0.5))))
        XCTAssertLessThan(found.matrix.cornerDistance(to: truth), 0.001)
        XCTAssertEqual(found.verdict, .trusted)
    }

    /// Sixteen times fewer pixels along each axis, and stretched: 16x12 pixels say where they lie to a fraction of one.
    func testTinyTarget() throws {
        let truth = Matrix3.translation(0.06, -0.04) * .rotation(-0.5) * .scaling(0.6, 0.45)
        let large = ProceduralScene(seed: 3).image(height: 384, width: 512)
        let target = areaAveraged(view(large, truth, height: 192, width: 256), height: 12, width: 16)
        let found = try align(large, to: target, AlignmentSettings(family: .affine, start: .matrix(.scaling(0.5, 0.5))))
        XCTAssertLessThan(found.matrix.cornerDistance(to: truth), 0.01)
        XCTAssertEqual(found.verdict, .trusted)
        // A covariance: no combination of parameters has a variance below zero.
        let covariance = try XCTUnwrap(found.confidence?.covariance)
        var random = RandomSource(seed: 1)
        for _ in 0..<1000 {
            let x = (0..<6).map { covariance[7 * $0] > 0 ? Double.random(in: -1...1, using: &random) / covariance[7 * $0].squareRoot() : 0 }
            let variance = (0..<36).reduce(0) { $0 + x[$1 / 6] * covariance[$1] * x[$1 % 6] }
            XCTAssertGreaterThan(variance, -1e-9)
        }
    }

    /// A start says roughly where the target lies, not how it is turned; what is far away is not looked at.
    func testAroundAGivenStart() throws {
        let truth = motion(95, 0.5, 14, -6, height: 100, width: 110) * .scaling(1.25, 0.9)
        let target = view(scene, truth, height: 100, width: 110)
        func found(_ start: Matrix3) throws -> Alignment { try align(scene, to: target, AlignmentSettings(start: .matrix(start))) }
        let near = try found(.scaling(0.5, 0.5))
        XCTAssertLessThan(error(near, truth), 0.1)
        XCTAssertEqual(near.verdict, .trusted)
        for start in try found(.translation(-0.7, 0.6) * .scaling(0.3, 0.3)).confidence!.starts {
            let (x, y) = start.matrix.apply(0, 0)
            XCTAssertLessThan(hypot((x + 0.7) * Double(size.width) / Double(size.height), y - 0.6), 0.9)
        }
    }

    /// A grey image and one of its bands against the colored source, either way around.
    func testOneChannelAgainstThree() throws {
        let truth = motion(15, 0.8, 5, 4)
        let target = view(scene, truth)
        func mixed(_ image: Tensor<Float>, _ weights: [Float]) -> Tensor<Float> {
            (image * Tensor(weights, shape: [3, 1, 1])).sum(axes: [0], keepingAxes: true)
        }
        for weights: [Float] in [[0.299, 0.587, 0.114], [0, 0, 1]] {
            try assertFound(scene, mixed(target, weights), truth, within: 0.03)
            try assertFound(mixed(scene, weights), target, truth, within: 0.04)
        }
    }

    func testOtherPicturesAreNotTrusted() throws {
        for seed: UInt32 in 10..<16 {
            let found = try align(scene, to: ProceduralScene(seed: seed).image(height: 120, width: 160), AlignmentSettings(family: .affine))
            XCTAssertNotEqual(found.verdict, .trusted, "seed \(seed)")
        }
    }

    /// Constant images stay where they are; nothing is trusted, nothing traps.
    func testNothingToGoBy() throws {
        let constant = Tensor<Float>(repeating: 0.5, shape: [3, 60, 80])
        for (source, target) in [(constant, constant), (scene, constant), (constant, scene)] {
            for start in [AlignmentSettings.Start.search, .matrix(.scaling(0.7, 0.7))] {
                let found = try align(source, to: target, AlignmentSettings(family: .affine, start: start))
                XCTAssertEqual(found.status, .noContrast)
                XCTAssertEqual(found.verdict, .failed)
                let expected = if case .matrix(let matrix) = start { matrix } else { Matrix3.identity }
                XCTAssertLessThan(found.matrix.cornerDistance(to: expected), 1e-12)
            }
        }
        let nowhere = try align(scene * .nan, to: scene, AlignmentSettings(family: .affine))
        XCTAssertEqual(nowhere.verdict, .failed)
        for (source, target) in [
            ([1, 1, 1], [1, 1, 1]), ([1, 1, 2], [1, 2, 1]), ([3, 1, 9], [3, 7, 1]), ([1, 2, 2], [1, 40, 40]), ([2, 40, 40], [2, 1, 1]),
        ] {
            for family in TransformationFamily.allCases {
                let found = try align(
                    randomTensor(source, in: 0..<1, seed: 1) as Tensor<Float>, to: randomTensor(target, in: 0..<1, seed: 2),
                    AlignmentSettings(family: family))
                XCTAssert(found.matrix.isFinite)
                XCTAssertNotEqual(found.verdict, .trusted, "\(source), \(target), \(family)")
            }
        }
    }

    func testMasksThatDoNotFit() {
        let mask = Tensor<Float>.ones([10, 10])
        XCTAssertThrowsError(try align(scene, to: scene, AlignmentSettings(sourceMask: mask))) {
            XCTAssertEqual($0 as? AlignmentError, .wrongMaskSize(image: "source", found: [10, 10], expected: [150, 200]))
        }
        XCTAssertThrowsError(try align(scene, to: scene, AlignmentSettings(targetMask: .zeros([150, 200])))) {
            XCTAssertEqual($0 as? AlignmentError, .nothingCounts(image: "target"))
        }
    }

    func testSameBitsOnAnyNumberOfThreadsAndInABatch() throws {
        let truths = [motion(15, 0.8, 5, 4), motion(-40, 0.9, -3, 8)]
        let sources = stack([scene, 1 - scene])
        let targets = stack(truths.enumerated().map { view($0 == 0 ? scene : 1 - scene, $1) })
        let settings = AlignmentSettings(family: .homography)
        let results = try [1, 2, 3].map { count in try Threads.with(count: count) { try align(sources, toBatch: targets, settings) } }
        let alone = try align(1 - scene, to: view(1 - scene, truths[1]), settings)
        for result in results {
            for n in 0..<2 {
                XCTAssertEqual(result[n].parameters, results[0][n].parameters)
                XCTAssertEqual(result[n].confidence!.covariance, results[0][n].confidence!.covariance)
            }
            XCTAssertEqual(result[1].parameters, alone.parameters)
        }
    }

    /// Errors of many clean pairs have no mean: nothing pulls to one side, neither what lies at the edges nor how images are interpolated.
    func testNoErrorToOneSide() throws {
        let frame = Frame(sourcePixels: (96, 128), targetPixels: (96, 128))
        var random = RandomSource(seed: 11)
        var errors: [[Double]] = []
        let scenes = (0..<6).map { ProceduralScene(seed: 100 + $0).image(height: 480, width: 640) }
        for number in 0..<60 {
            let fine = scenes[number % scenes.count]
            let motion = Tensor<Float>.uniform([4], in: -1..<1, from: &random).scalars.map { Double($0) }
            let truth = frame.normalized(
                TransformationFamily.similarity.matrix([0.04 * motion[0], 0.04 * motion[1], 0.06 * motion[2], 0.06 * motion[3]]))
            // Of the middle, so that the target sees nothing from beyond.
            let middle = Matrix3.scaling(0.8, 0.8)
            func seen(_ matrix: Matrix3) -> Tensor<Float> {
                areaAveraged(view(fine, middle * matrix, height: 384, width: 512), height: 96, width: 128)
            }
            let found = try align(seen(.identity), to: seen(truth), AlignmentSettings(family: .similarity))
            let parameters = TransformationFamily.similarity.parameters(nearestTo: frame.denormalized(truth))!
            errors.append(zip(found.parameters, parameters).map(-))
        }
        for j in 0..<4 {
            let mean = errors.reduce(0) { $0 + $1[j] } / Double(errors.count)
            // Less than a thousandth of a pixel at the edges.
            XCTAssertLessThan(abs(mean), 1.5e-5, "parameter \(j)")
        }
    }

    /// The covariance says how far the parameters scatter when the noise is drawn anew.
    func testCovariance() throws {
        let small = ProceduralScene(seed: 5).image(height: 120, width: 160).mean(axes: [0], keepingAxes: true)
        let frame = Frame(sourcePixels: (120, 160), targetPixels: (120, 160))
        let truth = frame.normalized(TransformationFamily.similarity.matrix([0.1, 0.05, 0.03, -0.02]))
        let target = view(small, truth)
        var random = RandomSource(seed: 7)
        let copies = 500
        let targets = stack((0..<copies).map { _ in target + 0.03 * Tensor<Float>.normal([1, 120, 160], from: &random) })
        let sources = stack((0..<copies).map { _ in small + 0.03 * Tensor<Float>.normal([1, 120, 160], from: &random) })
        let found = try align(sources, toBatch: targets, AlignmentSettings(family: .similarity, start: .matrix(truth)))
        for j in 0..<4 {
            let values = found.map { $0.parameters[j] }
            let mean = values.reduce(0, +) / Double(copies)
            let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(copies - 1)).squareRoot()
            let said = found.map { $0.confidence!.covariance![5 * j].squareRoot() }.sorted()[copies / 2]
            XCTAssertGreaterThan(said / spread, 0.6, "parameter \(j)")
            XCTAssertLessThan(said / spread, 1.7, "parameter \(j)")
        }
    }
}
