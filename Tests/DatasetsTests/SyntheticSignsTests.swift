import Datasets
import LinearAlgebra
import Tensors
import TestSupport
import XCTest

final class SyntheticSignsTests: XCTestCase {
    func testDeterministic() {
        let signs = SyntheticSigns(seed: 1, size: 24)
        let images = signs.images(5..<45)
        XCTAssertEqual(images.labels, (5..<45).map { $0 % 10 })
        XCTAssertEqual(images.classNames, SyntheticSigns.classNames)
        XCTAssertEqual(Set(images.classNames).count, 10)
        // Each is a function of its index, on any number of threads.
        let again = Threads.with(count: 1) { SyntheticSigns(seed: 1, size: 24).images(30..<40) }
        XCTAssertEqual(again.batch(Array(0..<10)).images, images.batch(Array(25..<35)).images)
        assertClose(images.batch([7]).images[0, .ellipsis], signs.image(12), tolerance: 0.002)
        XCTAssertNotEqual(SyntheticSigns(seed: 2, size: 24).image(12), signs.image(12))
        XCTAssertNotEqual(signs.image(0), signs.image(10), "two pictures of a class are the same")
    }

    func testSizesAndValues() {
        for size in [1, 13, 50] {
            let signs = SyntheticSigns(seed: 3, size: size)
            for index in 0..<20 {
                let image = signs.image(index)
                XCTAssertEqual(image.shape, [3, size, size])
                XCTAssert(image.scalars.allSatisfy { (0...1).contains($0) })
            }
        }
    }

    /// A picture says what class it is, and its colors do not: the mean picture of a class tells nothing, its shape does.
    func testColorsSayNothing() {
        let images = SyntheticSigns(seed: 4, size: 16).images(0..<2000)
        let means = (0..<10).map { label in
            let batch = images.batch(images.labels.indices.filter { images.labels[$0] == label }).images
            return batch.scalars.reduce(0, +) / Float(batch.count)
        }
        for mean in means { XCTAssertEqual(mean, means[0], accuracy: 0.06) }
    }
}
