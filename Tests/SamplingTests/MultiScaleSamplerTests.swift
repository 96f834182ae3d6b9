import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class MultiScaleSamplerTests: XCTestCase {
    func testIsTheMeanOfTheImageAndItsBlurs() {
        for padding in Padding.allCases {
            for scene in Scene.all {
                let (image, grid, _) = scene.make(seed: 700)
                let bilinear = BilinearSampler(padding: padding, alignCorners: scene.alignCorners)
                let multiScale = MultiScaleSampler(padding: padding, alignCorners: scene.alignCorners)
                let levels = ([image] + [1, 5, 10].map { gaussianBlur(image, sigma: $0) }).map { bilinear.linearization(of: $0, at: grid) }
                func mean(_ part: (Linearization<Double>) -> Tensor<Double>) -> Tensor<Double> {
                    levels.map(part).reduce(Tensor(0), +) / 4
                }
                let found = multiScale.linearization(of: image, at: grid)
                assertClose(found.values, mean { $0.values }, tolerance: 1e-12, "\(scene.name), \(padding): values")
                assertClose(found.slopeU!, mean { $0.slopeU! }, tolerance: 1e-11, "\(scene.name), \(padding): slopes along u")
                assertClose(found.slopeV!, mean { $0.slopeV! }, tolerance: 1e-11, "\(scene.name), \(padding): slopes along v")
                assertClose(multiScale.sample(image, at: grid), found.values, tolerance: 0, "\(scene.name), \(padding)")
            }
        }
    }

    func testSameBitsOnAnyNumberOfThreads() { assertSameBitsOnAnyNumberOfThreads(MultiScaleSampler()) }

    func testWithoutBlursItIsBilinear() {
        let (image, grid, _) = Scene.all[0].make(seed: 701)
        XCTAssertEqual(MultiScaleSampler(sigmas: []).sample(image, at: grid), BilinearSampler().sample(image, at: grid))
    }

    func testTheImagesGradientCanBeSwitchedOff() {
        let (image, grid, _) = Scene.all[0].make(seed: 702)
        func gradients(_ propagates: Bool) -> [Tensor<Double>] {
            let sampler = MultiScaleSampler(propagatesToImage: propagates)
            return valueWithGradient(at: [image, grid.points]) {
                sampler.sample($0[0], at: SamplingGrid(points: $0[1])).squared().sum()
            }.gradients
        }
        let (on, off) = (gradients(true), gradients(false))
        XCTAssert(on[0].scalars.contains { $0 != 0 })
        XCTAssert(off[0].scalars.allSatisfy { $0 == 0 })
        XCTAssertEqual(on[1], off[1])
    }
}
