import CInterface
import CLinWarp
import Datasets
import Registration
import Sampling
import Tensors
import XCTest

final class AlignTests: XCTestCase {
    private let scene = ProceduralScene(seed: 3).image(height: 90, width: 120)
    private let truth = Matrix3.translation(0.08, -0.05) * .rotation(0.1) * .scaling(0.9, 0.9)

    private var target: Tensor<Float> { resampled(scene, truth, height: 70, width: 80) }

    private func found(
        _ options: OpaquePointer? = nil, _ source: inout CImage, _ target: inout CImage, file: StaticString = #filePath, line: UInt = #line
    ) -> OpaquePointer? {
        var alignment: OpaquePointer?
        let status = source.withImage { source in target.withImage { target in linwarp_align(options, &source, &target, &alignment) } }
        assertOK(status, file: file, line: line)
        return alignment
    }

    private func numbers(_ alignment: OpaquePointer?, _ name: String) -> [Double] {
        var values = [Double](repeating: 0, count: 100)
        var count: Int64 = -1
        assertOK(linwarp_alignment_numbers(alignment, name, &values, 100, &count))
        return Array(values.prefix(Int(count)))
    }

    private func matrix(_ alignment: OpaquePointer?, _ convention: String? = nil) -> [Double] {
        var matrix = [Double](repeating: 0, count: 9)
        assertOK(linwarp_alignment_matrix(alignment, convention, &matrix))
        return matrix
    }

    /// To the bit what Swift gets.
    func testAsTheLibrary() throws {
        for family in [TransformationFamily.similarity, .homography] {
            let expected = try align(scene, to: target, AlignmentSettings(family: family))
            var (source, target) = (CImage(scene), CImage(target))
            let alignment = withOptions(["family": family.rawValue]) { found($0, &source, &target) }
            defer { linwarp_alignment_destroy(alignment) }
            XCTAssertEqual(matrix(alignment), expected.matrix.elements)
            for convention in MatrixConvention.allCases where family == .similarity || !convention.isAffine {
                let written = try convention.matrix(of: expected.matrix, source: (90, 120), target: (70, 80))
                XCTAssertEqual(matrix(alignment, convention.rawValue), written.elements)
            }
            let confidence = try XCTUnwrap(expected.confidence)
            XCTAssertEqual(numbers(alignment, "parameters"), expected.parameters)
            XCTAssertEqual(numbers(alignment, "covariance"), confidence.covariance)
            XCTAssertEqual(numbers(alignment, "corner-deviations"), confidence.cornerDeviations)
            XCTAssertEqual(numbers(alignment, "correlation"), [confidence.correlation])
            XCTAssertEqual(numbers(alignment, "overlap"), [confidence.overlap])
            XCTAssertEqual(numbers(alignment, "steady-tiles"), [confidence.steadyTiles])
            XCTAssertEqual(numbers(alignment, "runner-up"), confidence.runnerUp.map { [$0] } ?? [])
            XCTAssertEqual(numbers(alignment, "gain"), confidence.gain)
            XCTAssertEqual(numbers(alignment, "bias"), confidence.bias)
            XCTAssertEqual(numbers(alignment, "losses"), expected.losses)
            for (name, text) in [
                ("verdict", confidence.verdict.rawValue), ("status", expected.status.rawValue), ("family", family.rawValue),
            ] {
                var value: UnsafePointer<CChar>?
                assertOK(linwarp_alignment_text(alignment, name, &value))
                XCTAssertEqual(String(cString: try XCTUnwrap(value)), text)
            }
        }
    }

    /// The same matrix whatever the memory's layout, and nearly the same from bytes.
    func testLayouts() {
        var (source, target) = (CImage(scene), CImage(self.target))
        let expected = matrix(found(nil, &source, &target))
        for layout in CImage.Layout.allCases {
            var (source, target) = (CImage(scene, LINWARP_FLOAT64, layout), CImage(self.target, LINWARP_FLOAT32, layout))
            XCTAssertEqual(matrix(found(nil, &source, &target)), expected)
            var (coarse, other) = (CImage(scene, LINWARP_UINT8, layout), CImage(self.target, LINWARP_UINT16, layout))
            for (a, b) in zip(matrix(found(nil, &coarse, &other)), expected) { XCTAssertEqual(a, b, accuracy: 1e-3) }
        }
    }

    func testStartsAndMasks() throws {
        let numbers = try MatrixConvention.opencv.matrix(of: truth, source: (90, 120), target: (70, 80)).elements
        let mask = Tensor<Float>((0..<70 * 80).map { $0 % 80 < 60 ? 1 : 0 }, shape: [70, 80])
        var settings = AlignmentSettings(family: .similarity, targetMask: mask)
        let start = try MatrixConvention.opencv.normalized(Matrix3(numbers), source: (90, 120), target: (70, 80))
        var (source, target) = (CImage(scene), CImage(target))
        for (isNear, type) in [(false, LINWARP_UINT8), (true, LINWARP_FLOAT32)] {
            var counts = CImage(mask.reshaped([1, 70, 80]), type)
            settings.start = isNear ? .only(start) : .matrix(start)
            let texts = ["family": "similarity", "convention": "opencv", "near": isNear ? "yes" : "no"]
            let alignment = withOptions(texts, numbers: ["initial": numbers]) { options in
                assertOK(counts.withImage { linwarp_options_set_image(options, "target-mask", &$0) })
                // It is copied: the caller may do with its own what it likes.
                counts.values = [Float](repeating: 0, count: mask.count)
                return found(options, &source, &target)
            }
            XCTAssertEqual(matrix(alignment), try align(scene, to: self.target, settings).matrix.elements)
            linwarp_alignment_destroy(alignment)
        }
    }

    func testBadInput() {
        var (source, target) = (CImage(scene), CImage(target))
        var alignment: OpaquePointer?
        source.withImage { source in
            target.withImage { target in
                assertFails(linwarp_align(nil, nil, &target, &alignment), naming: "linwarp_align", "source", "null")
                assertFails(linwarp_align(nil, &source, nil, &alignment), naming: "target", "null")
                assertFails(linwarp_align(nil, &source, &target, nil), naming: "alignment", "null")
                func refused(_ names: String..., change: (inout linwarp_image) -> Void, line: UInt = #line) {
                    var image = source
                    change(&image)
                    let status = linwarp_align(nil, &image, &target, &alignment)
                    for name in names { assertFails(status, naming: name, line: line) }
                }
                refused("source.data", "null") { $0.data = nil }
                refused("source.type", "9") { $0.type = linwarp_type(rawValue: 9) }
                refused("source.height", "0") { $0.height = 0 }
                refused("source.width", "-3") { $0.width = -3 }
                refused("source.width", "2^31") { $0.width = 1 << 40 }
                refused("source.channels", "0") { $0.channels = 0 }
                refused("target.channels", "1 or 2") { $0.channels = 2 }
                refused("strides") { $0.row_stride = .max }
                for (name, value) in [
                    ("family", "round"), ("comparing", ""), ("convention", "matlab"), ("near", "maybe"), ("famly", "affine"),
                ] {
                    withOptions([name: value]) {
                        assertFails(linwarp_align($0, &source, &target, &alignment), naming: "option \(name)", "expected")
                    }
                }
            }
        }
        XCTAssertNil(alignment)
    }
}
