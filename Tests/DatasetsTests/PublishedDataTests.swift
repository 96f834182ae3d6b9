import Datasets
import Foundation
import LinearAlgebra
import XCTest

/// The published data sets, where `LINWARP_DATA` names a directory with `MNIST` and `GTSRB`.
final class PublishedDataTests: XCTestCase {
    private func directory(of set: String) throws -> String {
        guard let directory = Environment.data else { throw XCTSkip("LINWARP_DATA is not set") }
        guard FileManager.default.fileExists(atPath: "\(directory)/\(set)") else {
            throw XCTSkip("LINWARP_DATA: found “\(directory)”, expected a directory that holds \(set)")
        }
        return directory
    }

    private func histogram(_ images: LabelledImages) -> [Int] {
        images.labels.reduce(into: Array(repeating: 0, count: images.classCount)) { $0[$1] += 1 }
    }

    func testMNIST() throws {
        let training = try MNIST.images(.training, in: directory(of: "MNIST"))
        let test = try MNIST.images(.test, in: directory(of: "MNIST"))
        XCTAssertEqual(histogram(training), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
        XCTAssertEqual(histogram(test), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
        XCTAssertEqual([training.channels, training.height, training.width], [1, 28, 28])
        // The mean and the deviation that everyone normalizes by.
        let pixels = training.batch(Array(0..<60000)).images.scalars
        let mean = pixels.reduce(0.0) { $0 + Double($1) } / Double(pixels.count)
        let variance = pixels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(pixels.count)
        XCTAssertEqual(mean, 0.1307, accuracy: 0.0001)
        XCTAssertEqual(variance.squareRoot(), 0.3081, accuracy: 0.0001)
    }

    func testGTSRB() throws {
        let set = try GTSRB(directory: directory(of: "GTSRB"))
        XCTAssertEqual(Set(set.training.map(\.label)), Set(0..<43))
        XCTAssertEqual(Set(set.test.map(\.label)), Set(0..<43))
        let (training, validation) = set.split(seed: 0)
        func tracks(_ signs: [GTSRB.Sign]) -> Set<[Int]> { Set(signs.map { [$0.label, $0.track!] }) }
        XCTAssert(tracks(training).isDisjoint(with: tracks(validation)))
        XCTAssertEqual(Set(validation.map(\.label)), Set(0..<43))
        XCTAssertEqual(Double(tracks(validation).count) / Double(tracks(set.training).count), 0.1, accuracy: 0.02)
        for signs in [training, validation, set.test] {
            let images = try GTSRB.images(of: signs)
            XCTAssertEqual(images.count, signs.count)
            XCTAssertEqual([images.channels, images.height, images.width], [3, 50, 50])
        }
    }
}
