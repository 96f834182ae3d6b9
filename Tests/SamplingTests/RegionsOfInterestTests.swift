import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class RegionsOfInterestTests: XCTestCase {
    private let image: Tensor<Double> = randomTensor([3, 2, 7, 9])
    /// Within the image, beyond it, of no size, mirrored.
    private let boxes = Tensor<Double>([1, 2, 6.5, 5, -2, 3, 4, 9.2, 3, 3, 3, 3, 8, 6, 2, 1.5, 0, 0, 9, 7], shape: [5, 4])
    private let images = [2, 0, 2, 2, 0]

    /// RoI align, one loop a line: the mean of samples that lie evenly within each pixel of a box.
    private func naive(_ height: Int, _ width: Int, _ ratio: Int, _ padding: Padding, _ alignCorners: Bool) -> Tensor<Double> {
        let values = indices(of: [boxes.shape[0], 2, height, width]).map { index -> Double in
            let box = (0..<4).map { boxes[index[0], $0] }
            let read = NaiveImage(pixels: image[images[index[0]], .ellipsis], padding: padding, alignCorners: alignCorners)
            let (binWidth, binHeight) = ((box[2] - box[0]) / Double(width), (box[3] - box[1]) / Double(height))
            var sum = 0.0
            for i in 0..<ratio {
                for j in 0..<ratio {
                    let x = box[0] + (Double(index[3]) + (Double(j) + 0.5) / Double(ratio)) * binWidth
                    let y = box[1] + (Double(index[2]) + (Double(i) + 0.5) / Double(ratio)) * binHeight
                    // The edges of the first pixel are at 0 and 1, its centre is at 0.5.
                    let point = naiveNormalized(x - 0.5, y - 0.5, 9, 7, alignCorners)
                    sum += read.value(index[1], point.x, point.y)
                }
            }
            return sum / Double(ratio * ratio)
        }
        return Tensor(values, shape: [boxes.shape[0], 2, height, width])
    }

    func testAgainstTheNaiveReference() {
        for alignCorners in [false, true] {
            for padding in Padding.allCases {
                for (height, width, ratio) in [(3, 4, 1), (2, 3, 2), (1, 1, 3), (4, 1, 2)] {
                    let sampler = BilinearSampler(padding: padding, alignCorners: alignCorners)
                    let found = sampler.sample(boxes: boxes, of: image, images: images, height: height, width: width, samplingRatio: ratio)
                    let message = "\(padding), \(alignCorners), \(height)x\(width), \(ratio)"
                    assertClose(found, naive(height, width, ratio, padding, alignCorners), tolerance: 1e-12, message)
                    let single = sampler.sample(
                        boxes: boxes.cast(to: Float.self), of: image.cast(to: Float.self), images: images, height: height, width: width,
                        samplingRatio: ratio)
                    assertClose(single.cast(to: Double.self), found, tolerance: 1e-4, message + ", Float")
                }
            }
        }
        XCTAssertEqual(
            BilinearSampler().sample(boxes: boxes, of: image, images: images, height: 2, width: 3),
            BilinearSampler().sample(boxes: boxes, of: image, images: images, height: 2, width: 3, samplingRatio: 2))
    }

    /// A box around all of an image gives it back.
    func testWholeImage() {
        for sampler in [BilinearSampler(), BilinearSampler(padding: .border, alignCorners: true)] {
            let found = sampler.sample(
                boxes: Tensor([0, 0, 9, 7], shape: [1, 4]), of: image, images: [1], height: 7, width: 9, samplingRatio: 1)
            assertClose(found, image[1..<2], tolerance: 1e-14)
        }
    }

    /// Every sampler: each box as if it were alone with its image, and so are the gradients.
    func testBoxesAreIndependent() {
        let samplers: [any Sampler] =
            [BilinearSampler(), MultiScaleSampler(sigmas: [0.8])]
            + LinearizedSampler.Solver.allCases.map { LinearizedSampler(sampleCount: 5, imageGradient: .allSamples, solver: $0) }
        for sampler in samplers { check(sampler) }
        func check(_ sampler: some Sampler) {
            let cotangent: Tensor<Double> = randomTensor([5, 2, 3, 4], seed: 9)
            let found = valueWithPullback(at: [image, boxes]) {
                sampler.sample(boxes: $0[1], of: $0[0], images: images, height: 3, width: 4, samplingRatio: 1, call: 5)
            }
            let gradients = found.pullback(cotangent)
            var imageGradient = Tensor<Double>.zeros(image.shape)
            for (k, n) in images.enumerated() {
                let alone = valueWithPullback(at: [image[n..<n + 1], boxes[k..<k + 1]]) {
                    sampler.withFirstImage(k).sample(boxes: $0[1], of: $0[0], images: [0], height: 3, width: 4, samplingRatio: 1, call: 5)
                }
                let message = "\(sampler), box \(k)"
                XCTAssertEqual(found.value[k..<k + 1], alone.value, message)
                let gradient = alone.pullback(cotangent[k..<k + 1])
                imageGradient += gradient[0].padded(axis: 0, before: n, after: 2 - n)
                assertClose(gradients[1][k..<k + 1], gradient[1], tolerance: 1e-12, message)
            }
            assertClose(gradients[0], imageGradient, tolerance: 1e-12, "\(sampler)")
        }
    }

    func testSameBitsOnAnyNumberOfThreads() {
        let image: Tensor<Float> = randomTensor([2, 20, 40, 50])
        let boxes: Tensor<Float> = randomTensor([60, 4], in: 0..<40, seed: 2)
        let images = (0..<60).map { $0 * 7 % 2 }
        for sampler in [BilinearSampler() as any Sampler, LinearizedSampler(imageGradient: .allSamples)] {
            func run(_ threads: Int) -> [Tensor<Float>] {
                Threads.with(count: threads) {
                    let (value, pullback) = valueWithPullback(at: [image, boxes]) {
                        sampler.sample(boxes: $0[1], of: $0[0], images: images, height: 14, width: 14)
                    }
                    return [value] + pullback(.ones(value.shape))
                }
            }
            let one = run(1)
            for threads in 2...4 { XCTAssertEqual(run(threads), one) }
        }
    }

    func testPreconditions() {
        func sample(_ boxes: [Int], of image: [Int] = [2, 1, 4, 4], _ images: [Int], ratio: Int = 2) {
            let (boxes, image) = (Tensor<Float>.zeros(boxes), Tensor<Float>.zeros(image))
            _ = BilinearSampler().sample(boxes: boxes, of: image, images: images, height: 2, width: 2, samplingRatio: ratio)
        }
        assertTraps("boxes of five numbers") { sample([1, 5], [0]) }
        assertTraps("two boxes of one image") { sample([2, 4], [0]) }
        assertTraps("an image that is not there") { sample([1, 4], [2]) }
        assertTraps("a negative image") { sample([1, 4], [-1]) }
        assertTraps("boxes of no images") { sample([1, 4], of: [0, 1, 4, 4], [0]) }
        assertTraps("an image without a batch") { sample([1, 4], of: [1, 4, 4], [0]) }
        assertTraps("no samples") { sample([1, 4], [0], ratio: 0) }
    }
}
