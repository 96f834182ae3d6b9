import CInterface
import CLinWarp
import LinearAlgebra
import Sampling
import Tensors
import TestSupport
import XCTest

final class SampleTests: XCTestCase {
    private let samplers: [([String: String], any Sampler)] = [
        (["sampler": "bilinear", "padding": "border"], BilinearSampler(padding: .border)),
        (["sampler": "multi-scale", "align-corners": "yes"], MultiScaleSampler(sigmas: [1, 2], alignCorners: true)),
        (["bias": "excluded"], LinearizedSampler(sampleCount: 5, bias: .excluded, noise: .seed(9))),
        (["image-gradient": "all-samples"], LinearizedSampler(sampleCount: 5, imageGradient: .allSamples, noise: .seed(9))),
        (["draws": "lattice"], LinearizedSampler(sampleCount: 5, noise: .seed(9), draws: .lattice)),
        (["noise-frame": "source"], LinearizedSampler(sampleCount: 5, noiseFrame: .source, noise: .seed(9))),
        (["outside": "counted", "bias": "mean"], LinearizedSampler(sampleCount: 5, bias: .mean, outside: .counted, noise: .seed(9))),
    ]

    private func numbers(_ sampler: any Sampler) -> [String: [Double]] {
        sampler is MultiScaleSampler
            ? ["sigmas": [1, 2]] : sampler is LinearizedSampler ? ["samples": [5], "seed": [9], "call": [3]] : [:]
    }

    /// Values, slopes and gradients of points and of matrices of two and three rows, to the bit what Swift gets.
    private func check<Scalar: FloatingScalar>(_: Scalar.Type) {
        let image: Tensor<Scalar> = randomTensor([2, 3, 9, 11], in: 0..<1, seed: 1)
        let points: Tensor<Scalar> = randomTensor([2, 5, 6, 2], in: -0.9..<0.9, seed: 2)
        let rows: Tensor<Scalar> = randomTensor([1, 2, 3], in: -0.5..<0.5, seed: 3)
        let square = concatenate([rows, Tensor<Scalar>([0.1, -0.1, 1], shape: [1, 1, 3])], axis: 1)
        let affine = concatenate([rows, Tensor<Scalar>([0, 0, 1], shape: [1, 1, 3])], axis: 1)
        let weights: Tensor<Scalar> = randomTensor([2, 3, 5, 6], in: -1..<1, seed: 4)
        for (texts, sampler) in samplers {
            let alignCorners = texts["align-corners"] == "yes"
            for (given, variable) in [(points, points), (square, square), (rows, affine)] {
                func grid(_ variable: Tensor<Scalar>) -> SamplingGrid<Scalar> {
                    variable.rank == 4
                        ? SamplingGrid(points: variable, alignCorners: alignCorners)
                        : SamplingGrid(matrices: variable, height: 5, width: 6, alignCorners: alignCorners)
                }
                let expected = sampler.linearization(of: image, at: grid(variable), call: 3)
                let (_, pullback) = valueWithPullback(at: [image, variable]) { sampler.sample($0[0], at: grid($0[1]), call: 3) }
                let gradients = pullback(weights)
                let (input, positions) = (CArray(image), CArray(given))
                let (values, x, y) = (CArray<Scalar>([2, 3, 5, 6]), CArray<Scalar>([2, 3, 5, 6]), CArray<Scalar>([2, 3, 5, 6]))
                let (byInput, byGrid) = (CArray<Scalar>(image.shape), CArray<Scalar>(given.shape))
                let byGridAndSlopes = CArray<Scalar>(given.shape)
                withOptions(texts, numbers: numbers(sampler)) { options in
                    input.withArray { input in
                        positions.withArray { positions in
                            x.withArray { x in
                                y.withArray { y in
                                    values.withArray { assertOK(linwarp_sample(options, &input, &positions, &$0, &x, &y)) }
                                    CArray(weights).withArray { weights in
                                        byInput.withArray { byInput in
                                            byGrid.withArray { byGrid in
                                                assertOK(
                                                    linwarp_sample_gradient(
                                                        options, &input, &positions, &weights, nil, nil, &byInput, &byGrid))
                                            }
                                        }
                                        byGridAndSlopes.withArray {
                                            assertOK(
                                                linwarp_sample_gradient(options, &input, &positions, &weights, &x, &y, nil, &$0))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                XCTAssertEqual(values.numbers, expected.values.scalars)
                XCTAssertEqual(x.numbers, expected.slopeU!.scalars)
                XCTAssertEqual(y.numbers, expected.slopeV!.scalars)
                XCTAssertEqual(byInput.numbers, gradients[0].scalars)
                XCTAssertEqual(byGrid.numbers, Array(gradients[1].scalars.prefix(given.count)))
                XCTAssertEqual(byGridAndSlopes.numbers, byGrid.numbers)
            }
        }
    }

    func testAsTheLibrary() {
        check(Float.self)
        check(Double.self)
    }

    func testBadInput() {
        let (image, points) = (CArray<Float>([2, 3, 9, 11]), CArray<Float>([2, 5, 6, 2]))
        let values = CArray<Float>([2, 3, 5, 6])
        func refused(
            _ input: CArray<Float>, _ grid: CArray<Float>, _ out: CArray<Float>, _ texts: [String: String] = [:],
            numbers: [String: [Double]] = [:], naming names: String..., line: UInt = #line
        ) {
            withOptions(texts, numbers: numbers) { options in
                let status = input.withArray { a in grid.withArray { b in out.withArray { linwarp_sample(options, &a, &b, &$0, nil, nil) } }
                }
                for name in names { assertFails(status, naming: name, line: line) }
            }
        }
        refused(CArray([3, 9, 11]), points, values, naming: "input", "[3, 9, 11]")
        refused(CArray([2, 3, 0, 11]), points, values, naming: "input", "at least one pixel")
        refused(CArray([3, 3, 9, 11]), points, values, naming: "grid", "batch of 2")
        refused(image, CArray([2, 5, 6, 3]), values, naming: "grid", "[2, 5, 6, 3]")
        refused(image, points, CArray([2, 3, 5, 7]), naming: "values", "[2, 3, 5, 7]")
        refused(image, CArray([2, 3, 3]), values, naming: "grid", "finite")
        refused(image, points, values, ["sampler": "nearest"], naming: "option sampler")
        refused(image, points, values, ["sampler": "bilinear", "bias": "included"], naming: "option bias", "unknown")
        for (name, value) in [("samples", 1.0), ("samples", 2.5), ("seed", -1), ("sigma", -1), ("sigma", .nan), ("call", 1e30)] {
            refused(image, points, values, numbers: [name: [value]], naming: "option \(name)")
        }
        points.withArray { positions in
            values.withArray { values in
                assertFails(linwarp_sample(nil, nil, &positions, &values, nil, nil), naming: "input", "null")
                var wide = values
                wide.rank = 5
                assertFails(linwarp_sample(nil, &wide, &positions, &values, nil, nil), naming: "input.rank", "5")
                CArray<Double>([2, 3, 9, 11]).withArray { doubles in
                    assertFails(linwarp_sample(nil, &doubles, &positions, &values, nil, nil), naming: "grid.type")
                }
            }
        }
    }
}
