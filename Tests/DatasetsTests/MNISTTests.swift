import Datasets
import Tensors
import TestSupport
import XCTest

final class MNISTTests: DatasetTestCase {
    private let labels: [UInt8] = [7, 0, 9, 3]
    private var pixels: [UInt8] { (0..<4 * 6).map { UInt8(10 * $0) } }
    private let names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]

    private var imageFile: [UInt8] { idx([4, 2, 3], pixels) }
    private var labelFile: [UInt8] { idx([4], labels) }

    private func writePacked(in folder: String = "", images: [UInt8]? = nil, labels: [UInt8]? = nil) throws {
        try writeGzipped(images ?? imageFile, "\(folder)\(names[0]).gz")
        try writeGzipped(labels ?? labelFile, "\(folder)\(names[1]).gz")
    }

    private func assertThrows(_ expected: DatasetError, line: UInt = #line) {
        assertThrows(expected, line: line) { () throws(DatasetError) in _ = try MNIST.images(.training, in: directory) }
    }

    private func check(_ images: LabelledImages, line: UInt = #line) {
        XCTAssertEqual(images.labels, [7, 0, 9, 3], line: line)
        XCTAssertEqual(images.classNames, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], line: line)
        let batch = images.batch([0, 1, 2, 3]).images
        XCTAssertEqual(batch.shape, [4, 1, 2, 3], line: line)
        XCTAssertEqual(batch.scalars, pixels.map { Float($0) / 255 }, line: line)
    }

    func testPackedInAFolderOfItsOwn() throws {
        try writePacked(in: "MNIST/")
        check(try MNIST.images(.training, in: directory))
        check(try MNIST.images(.training, in: path("MNIST")))
    }

    func testUnpacked() throws {
        try write(imageFile, names[0])
        try writeGzipped(labelFile, "\(names[1]).gz")
        check(try MNIST.images(.training, in: directory))
        // The content decides what is packed.
        try write(labelFile, "\(names[1]).gz")
        check(try MNIST.images(.training, in: directory))
    }

    func testMissing() throws {
        assertThrows(.notTheDataset(path: directory, dataset: "MNIST", expected: "\(names[0]).gz"))
        let nowhere = path("nowhere")
        assertThrows(.missingDirectory(path: nowhere, dataset: "MNIST")) { () throws(DatasetError) in
            _ = try MNIST.images(.training, in: nowhere)
        }
        try writePacked()
        try remove("\(names[1]).gz")
        assertThrows(.missingFile(path: path("\(names[1]).gz"), dataset: "MNIST"))
        try writePacked()
        try remove("\(names[0]).gz")
        assertThrows(.missingFile(path: path("\(names[0]).gz"), dataset: "MNIST"))
        // The training files are there, the test is not.
        try writePacked()
        assertThrows(.notTheDataset(path: directory, dataset: "MNIST", expected: "t10k-images-idx3-ubyte.gz")) { () throws(DatasetError) in
            _ = try MNIST.images(.test, in: directory)
        }
    }

    func testDamagedGzip() throws {
        // Incompressible, so that a byte in the middle is data.
        var generator = RandomSource(seed: 1)
        let noise = (0..<4 * 2500).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try writePacked(images: idx([4, 50, 50], noise))
        XCTAssertEqual(try MNIST.images(.training, in: directory).width, 50)
        let name = "\(names[0]).gz"
        let intact = try bytes(name)
        func reason() -> String {
            do throws(DatasetError) {
                _ = try MNIST.images(.training, in: directory)
                return "no error"
            } catch {
                if case .damagedGzip(path(name), let reason) = error { return reason }
                return "\(error)"
            }
        }
        for length in [3, 9, 15, 5000, intact.count - 9, intact.count - 3] {
            try write(Array(intact.prefix(length)), name)
            XCTAssertEqual(reason(), "unexpected end of file", "\(length) of \(intact.count) bytes")
        }
        var changed = intact
        changed[intact.count / 2] ^= 0x10
        try write(changed, name)
        XCTAssertEqual(reason(), "incorrect data check")
        changed = intact
        changed[10] = 0xFF
        try write(changed, name)
        XCTAssertEqual(reason(), "invalid block type")
    }

    func testDamagedIDX() throws {
        let (images, labels) = (path("\(names[0]).gz"), path("\(names[1]).gz"))
        try writePacked(images: labelFile)
        assertThrows(.wrongMagic(path: images, found: 0x801, expected: 0x803))
        try writePacked(labels: idx([4], self.labels, type: 9))
        assertThrows(.wrongMagic(path: labels, found: 0x901, expected: 0x801))
        try writePacked(images: Array(imageFile.prefix(11)))
        assertThrows(.truncated(path: images, bytes: 11, expected: 16))
        try writePacked(images: [])
        assertThrows(.truncated(path: images, bytes: 0, expected: 16))
        try writePacked(images: imageFile.dropLast())
        assertThrows(.truncated(path: images, bytes: 39, expected: 40))
        try writePacked(images: imageFile + [0])
        assertThrows(.surplus(path: images, expected: 40))
        try writePacked(labels: idx([3], [1, 2, 3]))
        assertThrows(.wrongCount(path: labels, found: 3, expected: 4))
        try writePacked(labels: idx([4], [1, 2, 10, 3]))
        assertThrows(.labelOutOfRange(path: labels, item: 2, found: 10, classes: 10))
        try writePacked(images: idx([4, 0, 3], []))
        assertThrows(.wrongImageSize(path: images, found: [4, 0, 3], expected: "at least 1 x 1 pixels"))
    }

    /// What a header claims takes no memory until it is there.
    func testHugeClaims() throws {
        let images = path("\(names[0]).gz")
        try writePacked(images: idx([0xFFFF_FFFF, 0x8000, 0x8000], pixels))
        assertThrows(.tooLarge(path: images, found: 0xFFFF_FFFF << 30, expected: 1 << 31))
        try writePacked(images: idx([0x8000, 0x100, 0x100], pixels))
        assertThrows(.truncated(path: images, bytes: 40, expected: 16 + 1 << 31))
        try writePacked(images: idx([1, 0xFFFF_FFFF, 0xFFFF_FFFF], pixels))
        assertThrows(
            .wrongImageSize(path: images, found: [1, 0xFFFF_FFFF, 0xFFFF_FFFF], expected: "at most 32768 x 32768 pixels"))
    }

    func testUnreadable() throws {
        for name in names.map({ "\($0).gz" }) {
            try writePacked()
            try remove(name)
            XCTAssertEqual(mkfifo(path(name), 0o600), 0)
            assertThrows(.unreadable(path: path(name), reason: "it is not a regular file"))
            try remove(name)
        }
        try writePacked()
        try remove("\(names[0]).gz")
        try write([], "\(names[0]).gz/file")
        assertThrows(.unreadable(path: path("\(names[0]).gz"), reason: "it is a directory"))
    }
}
