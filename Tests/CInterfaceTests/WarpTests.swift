import CInterface
import CLinWarp
import Datasets
import Sampling
import Tensors
import XCTest

final class WarpTests: XCTestCase {
    private let scene = ProceduralScene(seed: 5).image(height: 30, width: 40)
    private let matrix = Matrix3.translation(0.1, 0) * .rotation(0.4) * .scaling(0.8, 0.9)

    /// Every type from and to every layout: what the library gives, rounded.
    func testTypesAndLayouts() {
        let types = [LINWARP_UINT8, LINWARP_UINT16, LINWARP_FLOAT32, LINWARP_FLOAT64]
        for layout in CImage.Layout.allCases {
            for (from, to) in types.flatMap({ from in types.map { (from, $0) } }) {
                var (source, target) = (CImage(scene, from, layout), CImage([3, 22, 25], to, layout))
                let pixels = Tensor(source.values, shape: scene.shape)
                let expected = resampled(pixels, matrix, height: 22, width: 25, interpolation: .cubic).scalars
                let untouched = target.bytes
                withOptions(["interpolation": "cubic"]) { options in
                    assertOK(source.withImage { s in target.withImage { t in linwarp_warp(options, &s, matrix.elements, &t) } })
                }
                let step: Float = to == LINWARP_UINT8 ? 0.5 / 255 : to == LINWARP_UINT16 ? 0.5 / 65535 : 0
                for (a, b) in zip(target.values, expected) { XCTAssertEqual(a, step > 0 ? min(max(b, 0), 1) : b, accuracy: step + 2e-6) }
                // What lies between the numbers stays.
                if layout == .padded { XCTAssertEqual(target.bytes.prefix(24), untouched.prefix(24)) }
            }
        }
    }

    func testOptions() throws {
        let opaque = Tensor<Float>((0..<30 * 40).map { Float($0 % 40) / 40 }, shape: [1, 30, 40])
        let image = concatenate([scene, opaque], axis: 0)
        let pixels = try MatrixConvention.skimage.matrix(of: matrix, source: (30, 40), target: (20, 20))
        var (source, target) = (CImage(image), CImage([4, 20, 20], LINWARP_FLOAT32))
        for padding in Padding.allCases {
            for interpolation in Interpolation.allCases {
                let options = [
                    "padding": padding.rawValue, "interpolation": interpolation.rawValue, "convention": "skimage", "alpha": "yes",
                ]
                withOptions(options) { options in
                    assertOK(source.withImage { s in target.withImage { t in linwarp_warp(options, &s, pixels.elements, &t) } })
                }
                let normalized = try MatrixConvention.skimage.normalized(pixels, source: (30, 40), target: (20, 20))
                let expected = resampled(
                    image, normalized, height: 20, width: 20, interpolation: interpolation, padding: padding, hasAlpha: true)
                XCTAssertEqual(target.values, expected.scalars)
            }
        }
    }

    func testBadInput() {
        var (source, target) = (CImage(scene), CImage([3, 20, 20], LINWARP_FLOAT32))
        source.withImage { s in
            target.withImage { t in
                assertFails(linwarp_warp(nil, &s, nil, &t), naming: "matrix", "null")
                var other = matrix.elements
                other[4] = .nan
                assertFails(linwarp_warp(nil, &s, other, &t), naming: "matrix", "nan")
                assertFails(linwarp_warp(nil, &s, [Double](repeating: 0, count: 9), &t), naming: "matrix", "singular")
                var overlapping = t
                overlapping.row_stride = 4
                assertFails(linwarp_warp(nil, &s, matrix.elements, &overlapping), naming: "target strides", "overlap")
                overlapping = t
                overlapping.channel_stride = 0
                assertFails(linwarp_warp(nil, &s, matrix.elements, &overlapping), naming: "target strides", "overlap")
                overlapping.width = 1
                overlapping.column_stride = .min
                assertFails(linwarp_warp(nil, &s, matrix.elements, &overlapping), naming: "target strides", "overlap")
                var grey = t
                grey.channels = 1
                assertFails(linwarp_warp(nil, &s, matrix.elements, &grey), naming: "target.channels")
                grey = s
                grey.channels = 1
                withOptions(["alpha": "yes"]) { options in
                    var out = t
                    out.channels = 1
                    assertFails(linwarp_warp(options, &grey, matrix.elements, &out), naming: "option alpha")
                }
                withOptions(["convention": "torch"]) { options in
                    let homography: [Double] = [1, 0, 0, 0, 1, 0, 0.1, 0, 1]
                    assertFails(linwarp_warp(options, &s, homography, &t), naming: "matrix", "torch", "homography")
                }
            }
        }
    }
}
