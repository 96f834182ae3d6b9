import Glibc
import Images
import Tensors
import TestSupport
import XCTest

/// Images that cannot be written: a typed error, and no trace in the directory.
final class WriteFailureTests: ImageTestCase {
    private func error(writing image: Tensor<Float>, _ path: String, _ depth: SampleDepth = .eight) -> ImageError? {
        thrownError { () throws(ImageError) in try image.writeImage(to: path, depth: depth) }
    }

    func testNamesAndShapesThatDoNotFit() throws {
        let grey = testImage(channels: 1, height: 2, width: 2)
        for (name, found) in [("image.gif", "gif"), ("image", ""), (".png/image", ""), ("image.", "")] {
            XCTAssertEqual(error(writing: grey, path(name)), .unsupportedExtension(path: path(name), found: found))
        }
        for (name, shapes) in [
            ("image.png", [[5, 2, 2], [2, 2], [0, 2, 2], [1, 0, 2], [1, 1, 2, 2]]), ("image.jpg", [[2, 2, 2], [4, 2, 2]]),
            ("image.ppm", [[1, 2, 2], [4, 2, 2]]), ("image.pgm", [[3, 2, 2]]),
        ] {
            for shape in shapes {
                guard case .unsupportedShape(_, shape, _) = error(writing: .zeros(shape), path(name)) else {
                    XCTFail("\(name), \(shape): no such error")
                    continue
                }
            }
        }
        guard case .tooLarge = error(writing: .zeros([1, 1, 65501]), path("image.jpg")) else { return XCTFail("no such error") }
        XCTAssertEqual(
            error(writing: grey, path("image.jpg"), .sixteen),
            .unsupportedDepth(path: path("image.jpg"), found: .sixteen, format: .jpeg))
        XCTAssertEqual(try files, [])
    }

    func testUnusableDirectories() throws {
        let image = testImage(channels: 3, height: 2, width: 2)
        try write([1], "file")
        for name in ["missing/image.png", "file/image.png", String(repeating: "x", count: 300) + ".png"] {
            guard case .cannotWrite = error(writing: image, path(name)) else { return XCTFail("\(name): no such error") }
        }
        XCTAssertEqual(try files, ["file"])
    }

    func testDirectoryInPlaceOfTheFile() throws {
        XCTAssertEqual(mkdir(path("image.png"), 0o755), 0)
        guard case .cannotWrite = error(writing: .ones([1, 2, 2]), path("image.png")) else { return XCTFail("no such error") }
        XCTAssertEqual(try files, ["image.png"])
    }

    /// A limit on the size of files stands in for a full disk: writing gets part of the way.
    func testFailureHalfway() throws {
        let old = testImage(channels: 1, height: 2, width: 2)
        try old.writeImage(to: path("image.png"))
        let error = withLargestFile(1000) {
            self.error(writing: testImage(channels: 3, height: 50, width: 50), path("image.png"))
        }
        guard case .cannotWrite = error else { return XCTFail("\(String(describing: error))") }
        XCTAssertEqual(try files, ["image.png"])
        XCTAssertEqual(try Tensor(imageAt: path("image.png")).scalars, old.scalars, "the file from before is gone")
    }

    func testReplacesAFile() throws {
        let image = testImage(channels: 1, height: 2, width: 2)
        try Tensor<Float>.zeros([3, 9, 9]).writeImage(to: path("image.png"))
        try image.writeImage(to: path("image.png"))
        XCTAssertEqual(try Tensor(imageAt: path("image.png")).scalars, image.scalars)
        XCTAssertEqual(try files, ["image.png"])
    }
}
