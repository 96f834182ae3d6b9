import LinearAlgebra
import Sampling
import TestSupport
import Tensors
import XCTest

final class AreaAverageTests: XCTestCase {
    /// Of whole factors: the mean of each box.
    func testBoxes() {
        let image: Tensor<Double> = randomTensor([2, 3, 6, 12])
        let found = areaAveraged(image, height: 3, width: 3)
        for index in indices(of: [2, 3, 3, 3]) {
            var sum = 0.0
            for y in 0..<2 { for x in 0..<4 { sum += image[index[0], index[1], 2 * index[2] + y, 4 * index[3] + x] } }
            XCTAssertEqual(found[index[0], index[1], index[2], index[3]], sum / 8, accuracy: 1e-14)
        }
    }

    /// Of any factor: the integral over each new pixel of the image as steps, here by many small steps.
    func testFractions() {
        let image: Tensor<Double> = randomTensor([5, 7])
        // Steps that end where the old pixels do.
        let (height, width, steps) = (3, 4, 35)
        let found = areaAveraged(image, height: height, width: width)
        for y in 0..<height {
            for x in 0..<width {
                var sum = 0.0
                for j in 0..<steps {
                    for i in 0..<steps {
                        let row = (Double(y) + (Double(j) + 0.5) / Double(steps)) / Double(height) * 5
                        let column = (Double(x) + (Double(i) + 0.5) / Double(steps)) / Double(width) * 7
                        sum += image[Int(row), Int(column)]
                    }
                }
                XCTAssertEqual(found[y, x], sum / Double(steps * steps), accuracy: 1e-12)
            }
        }
    }

    func testSameSizeIsTheSameImage() {
        let image: Tensor<Float> = randomTensor([1, 4, 5])
        XCTAssertEqual(areaAveraged(image, height: 4, width: 5), image)
    }
}
