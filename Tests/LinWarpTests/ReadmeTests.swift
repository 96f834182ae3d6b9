import Foundation
import LinWarp
import XCTest

final class ReadmeTests: XCTestCase {
    /// The README's example, to the letter: `testReadmeShowsThisExample` compares.
    func testExample() throws {
        // example
        let scene = ProceduralScene().image(height: 240, width: 320)  // or Tensor<Float>(imageAt: "photo.jpg"): [3, H, W], 0...1
        let truth = Matrix3.translation(0.1, 0) * .rotation(0.3) * .scaling(0.6, 0.6)
        let grid = SamplingGrid<Float>(truth, height: 120, width: 120)
        let view = BilinearSampler().sample(scene.reshaped([1, 3, 240, 320]), at: grid).reshaped([3, 120, 120])

        let alignment = try align(scene, to: view, AlignmentSettings(family: .affine))
        print(alignment.verdict!, alignment.matrix.cornerDistance(to: truth))  // trusted, 0.000…

        let (loss, gradient) = valueWithGradient(at: alignment.transformation(as: Float.self).parameters) { parameters in
            let warp = SamplingGrid(Transformation(.affine, parameters: parameters, frame: alignment.frame), height: 120, width: 120)
            return (LinearizedSampler().sample(scene.reshaped([1, 3, 240, 320]), at: warp) - view).squared().mean()
        }
        // end of example
        XCTAssertLessThan(alignment.matrix.cornerDistance(to: truth), 1e-3)
        XCTAssertEqual(gradient.shape, [1, 6])
        XCTAssertLessThan(loss.scalar, 0.01)
    }

    func testReadmeShowsThisExample() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let example = source.components(separatedBy: "// example\n")[1].components(separatedBy: "        // end of example")[0]
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasPrefix("        ") ? $0.dropFirst(8) : $0 }
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        XCTAssert(readme.contains("import LinWarp\n\n" + lines.joined(separator: "\n")), "README.md does not show the example above")
    }
}
