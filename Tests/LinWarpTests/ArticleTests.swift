import Foundation
import LinWarp
import XCTest

/// The code of the articles, to the letter: `testArticlesShowThisCode` compares.
final class ArticleTests: XCTestCase {
    private let directory = FileManager.default.currentDirectoryPath
    private let threads = Threads.count

    /// Articles write into the directory where they are.
    override func setUpWithError() throws {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        XCTAssert(FileManager.default.changeCurrentDirectoryPath(scratch.path))
    }

    override func tearDownWithError() throws {
        let scratch = FileManager.default.currentDirectoryPath
        XCTAssert(FileManager.default.changeCurrentDirectoryPath(directory))
        try FileManager.default.removeItem(atPath: scratch)
        Threads.count = threads
    }

    func testStartHere() throws {
        let scene = ProceduralScene().image(height: 120, width: 160)  // or Tensor<Float>(imageAt: "photo.jpg")
        let place = Matrix3.translation(0.2, 0.1) * .rotation(0.2) * .scaling(0.6, 0.6)
        let view = resampled(scene, place, height: 80, width: 100)

        let alignment = try align(scene, to: view)
        if alignment.verdict == .trusted {
            let aligned = resampled(scene, alignment.matrix, height: 80, width: 100)
            try aligned.writeImage(to: "aligned.png")
        }
        XCTAssertEqual(alignment.verdict, .trusted)
        XCTAssertLessThan(alignment.matrix.cornerDistance(to: place), 0.01)
        XCTAssertEqual(try Tensor<Float>(imageAt: "aligned.png").shape, view.shape)

        let (length, gradient) = valueWithGradient(at: Tensor<Float>([3, 4])) { x in x.squared().sum().sqrt() }
        print(length.scalar, gradient.scalars)  // 5.0 [0.6, 0.8]
        XCTAssertEqual(length.scalar, 5)
        XCTAssertEqual(gradient.scalars, [0.6, 0.8])
    }

    func testSamplers() throws {
        let scene = ProceduralScene().image(height: 120, width: 160).reshaped([1, 3, 120, 160])
        let grid = SamplingGrid<Float>(Matrix3.scaling(0.9, 0.9), height: 15, width: 20)
        let small = LinearizedSampler(sigma: 1).sample(scene, at: grid, call: 0)  // [1, 3, 15, 20]
        XCTAssertEqual(small.shape, [1, 3, 15, 20])

        let bytes = [UInt8](repeating: 128, count: 480 * 640 * 3)
        let frames = InterleavedImages(bytes, shape: [1, 480, 640, 3])
        let half = BilinearSampler().sample(frames, at: SamplingGrid<Float>(.identity, height: 240, width: 320))  // [1, 3, 240, 320]
        XCTAssertEqual(half.shape, [1, 3, 240, 320])
    }

    func testReadTheVerdict() throws {
        let source = ProceduralScene(seed: 5).image(height: 140, width: 140)
        let target = resampled(source, .translation(0.1, 0) * .rotation(0.3) * .scaling(0.7, 0.7), height: 100, width: 100)

        let alignment = try align(source, to: target, AlignmentSettings(family: .similarity))
        switch alignment.verdict {
        case .trusted: print("use", alignment.matrix)
        case .doubtful: print("look at it first:", alignment.matrix)
        case .failed, nil: print("not found:", alignment.status)
        }
        XCTAssertEqual(alignment.verdict, .trusted)

        var settings = AlignmentSettings(family: .similarity, start: .only(alignment.matrix))
        settings.targetMask = Tensor(shape: [100, 100]) { mask in
            for i in mask.indices { mask.initializeElement(at: i, to: i / 100 < 90 ? 1 : 0) }  // all but the last ten rows
        }
        let again = try align(source, to: target, settings)
        print(again.matrix.cornerDistance(to: alignment.matrix))
        XCTAssertEqual(again.verdict, .trusted)
        XCTAssertLessThan(again.matrix.cornerDistance(to: alignment.matrix), 0.01)
    }

    func testTrainATransformer() throws {
        let data = SyntheticSigns(seed: 1, size: 24).images(0..<100)
        let network = ClassificationNetwork(
            NetworkConfiguration(
                transformer: .stn, sampler: .linearized, downsampling: 2, channels: data.channels, side: data.width,
                classes: data.classCount))
        let parameters = network.initialParameters(seed: 1, as: Float.self)
        let optimizer = Optimizer(
            .adam(),
            groups: [
                ParameterGroup(prefix: "transformer.", learningRate: 1e-4), ParameterGroup(prefix: "classifier.", learningRate: 1e-3),
            ], for: parameters)
        var trainer = Trainer(network, Checkpoint(parameters: parameters, optimizer: optimizer, network: "signs, 24 pixels"))

        let batches = BatchLoader(data, batchSize: 10, seed: 1)
        for _ in 0..<3 {
            let batch = try batches.next()
            print(try trainer.step(batch.images, batch.labels))
        }
        try trainer.checkpoint.write(to: "signs.safetensors")
        XCTAssertEqual(trainer.checkpoint.iteration, 3)
        XCTAssertEqual(try CheckpointFile("signs.safetensors").iteration, 3)

        let batch = data.batch([0, 1])
        let logits = network.evaluated(batch.images, trainer.checkpoint.parameters)  // [2, 10]
        var context = Context(trainer.checkpoint.parameters, isTraining: false)
        let seen = network.transformed(batch.images, &context)  // [2, 3, 12, 12]
        XCTAssertEqual(logits.shape, [2, 10])
        XCTAssertEqual(seen.shape, [2, 3, 12, 12])
    }

    func testCoordinates() throws {
        let matrix = Matrix3.translation(0.5, 0) * .rotation(.pi / 6)
        let inSource = matrix.apply(-1, -1)  // of the target's upper left corner
        let back = matrix.inverse!.apply(inSource.x, inSource.y)  // (-1, -1)
        XCTAssertEqual(back.x, -1, accuracy: 1e-12)
        XCTAssertEqual(back.y, -1, accuracy: 1e-12)

        let sizes = (source: (height: 240, width: 320), target: (height: 120, width: 120))
        let forOpenCV = try MatrixConvention.opencv.matrix(of: matrix, source: sizes.source, target: sizes.target)
        let again = try MatrixConvention.opencv.normalized(forOpenCV, source: sizes.source, target: sizes.target)
        XCTAssertLessThan(again.cornerDistance(to: matrix), 1e-12)

        let frame = Frame(sourcePixels: (240, 320), targetPixels: (240, 320))
        let turn = Transformation<Float>(.euclidean, parameters: Tensor([0.2, 0, 0], shape: [1, 3]), frame: frame)
        print(turn.matrix(0))  // a turn of pixels: no rotation matrix here
        XCTAssertEqual(turn.matrix(0)[0, 1], -sin(0.2) * 240 / 320, accuracy: 1e-6)
    }

    func testErrorsAndLimits() throws {
        do throws(ImageError) {
            _ = try ImageFile(at: "no-such-file.png")
        } catch {
            print(error)
        }

        try Memory.require(8192 * 8192 * 3 * 4)

        try Environment.check()
    }

    func testPerformance() throws {
        Threads.count = 1
        print(Threads.count, KernelLevel.current, BLASInformation.core)
        XCTAssertEqual(Threads.count, 1)
    }

    func testStacking() throws {
        let scene = ProceduralScene().image(height: 120, width: 160)
        let burst = Stack(count: 3) { resampled(scene, .translation(0.01 * Double($0), 0), height: 120, width: 160) }
        let frames = try burst.align()
        for frame in frames where frame.reason != nil { print("left out:", frame.index, frame.reason!) }
        let mean = try burst.combined(frames, as: .mean, window: burst.window(.common, of: frames))
        XCTAssertEqual(frames.filter { $0.place != nil }.count, 3)
        XCTAssertEqual(mean.shape[0], 3)
    }

    func testArticlesShowThisCode() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func lines(_ text: String) -> String {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
        }
        let code = try lines(String(contentsOfFile: #filePath, encoding: .utf8))
        let sources = root.appendingPathComponent("Sources")
        let files = try XCTUnwrap(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "md" {
            for block in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```swift\n").dropFirst() {
                let block = lines(block.components(separatedBy: "```")[0])
                XCTAssert(code.contains(block), "\(file.lastPathComponent) shows code that is not in this file:\n\(block)")
                count += 1
            }
        }
        XCTAssertGreaterThan(count, 10)
    }
}
