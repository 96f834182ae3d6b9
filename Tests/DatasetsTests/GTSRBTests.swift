import Datasets
import Images
import LinearAlgebra
import Tensors
import TestSupport
import XCTest

final class GTSRBTests: DatasetTestCase {
    private let (header, testFile) = (GTSRBNames.header, GTSRBNames.testAnnotations)

    private func assertThrows(_ expected: DatasetError, line: UInt = #line) {
        assertThrows(expected, line: line) { () throws(DatasetError) in _ = try GTSRB(directory: directory) }
    }

    func testAnnotations() throws {
        try writeGTSRBAnnotations(in: "GTSRB/")
        let set = try GTSRB(directory: directory)
        XCTAssertEqual(set.training.count, 43 * 36)
        let sign = set.training[5 * 36 + 31]
        XCTAssertEqual(sign.path, path("GTSRB/Final_Training/Images/00005/00010_00001.ppm"))
        XCTAssertEqual([sign.width, sign.height, sign.label, sign.track], [20, 16, 5, 10])
        XCTAssertEqual([sign.columns, sign.rows], [2...17, 3...12])
        XCTAssertEqual(set.test.map(\.label), [7, 42])
        XCTAssertEqual(set.test.map(\.track), [nil, nil])
        XCTAssertEqual(try GTSRB(directory: path("GTSRB")).training, set.training)
        XCTAssertEqual(Set(GTSRB.classNames).count, 43)

        // The test's classes may lie elsewhere.
        for place in ["GTSRB/Final_Test/GT-final_test.csv", "GTSRB/GT-final_test.csv"] {
            try write(bytes("GTSRB/\(testFile)"), place)
            try remove("GTSRB/\(testFile)")
            XCTAssertEqual(try GTSRB(directory: directory).test, set.test)
            try write(bytes(place), "GTSRB/\(testFile)")
            try remove(place)
        }
    }

    func testSplitIsByTrack() throws {
        try writeGTSRBAnnotations()
        let set = try GTSRB(directory: directory)
        let (training, validation) = set.split(seed: 4)
        func tracks(_ signs: [GTSRB.Sign]) -> Set<[Int]> { Set(signs.map { [$0.label, $0.track!] }) }
        XCTAssert(tracks(training).isDisjoint(with: tracks(validation)))
        XCTAssertEqual(training.count + validation.count, set.training.count)
        for label in 0..<43 { XCTAssertEqual(validation.count { $0.label == label }, 3, "one track of twelve") }
        XCTAssertEqual(set.split(seed: 4).validation, validation)
        XCTAssertNotEqual(set.split(seed: 5).validation, validation)
        XCTAssertGreaterThan(Set(validation.map(\.track)).count, 5, "the same track in every class")
        XCTAssertEqual(set.split(seed: 4, share: 0.25).validation.count, 43 * 9)
        // A class of a single track is there to train with.
        try write("\(header)\n00007_00000.ppm;20;16;2;3;17;12;8", GTSRBNames.annotations(8))
        let (few, others) = try GTSRB(directory: directory).split(seed: 4)
        XCTAssertEqual([few.count { $0.label == 8 }, others.count { $0.label == 8 }], [1, 0])
    }

    /// Writes two images; their signs are left half red and right half blue, the surroundings green.
    private func signs() throws -> [GTSRB.Sign] {
        try writeGTSRBAnnotations()
        for (name, columns, rows, middle) in [("00000", 1...4, 1...4, 3), ("00001", 0...5, 0...4, 3)] {
            let image = Tensor<Float>(
                indices(of: [3, 5, 6]).map { index in
                    let isSign = columns.contains(index[2]) && rows.contains(index[1])
                    let channel = isSign ? (index[2] < middle ? 0 : 2) : 1
                    return index[0] == channel ? 1 : 0
                }, shape: [3, 5, 6])
            try image.writeImage(to: path("Final_Test/Images/\(name).ppm"))
        }
        return try GTSRB(directory: directory).test
    }

    func testImagesAreCroppedAndResized() throws {
        let signs = try signs()
        let (red, half, blue): (Float, Float, Float) = (1, 128 / 255, 0)
        // Averages: a region of four columns to two; of six columns to three, where red and blue mix.
        XCTAssertEqual(try GTSRB.images(of: [signs[0]], size: 2).batch([0]).images.scalars, [1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1])
        let smaller = try GTSRB.images(of: [signs[1], signs[0]], size: 3)
        XCTAssertEqual(smaller.labels, [42, 7])
        XCTAssertEqual(smaller.classNames, GTSRB.classNames)
        XCTAssertEqual(smaller.batch([0]).images.scalars.prefix(9), [red, half, blue, red, half, blue, red, half, blue])
        // The region as it is: inclusive bounds.
        XCTAssertEqual(try GTSRB.images(of: [signs[0]], size: 4).batch([0]).images.scalars.prefix(4), [1, 1, 0, 0])
        // Interpolation between the pixels' centres.
        let larger = try GTSRB.images(of: [signs[0]], size: 8).batch([0]).images.scalars
        XCTAssertEqual(larger.prefix(8).map { ($0 * 4).rounded() / 4 }, [1, 1, 1, 0.75, 0.25, 0, 0, 0])
        XCTAssertEqual(larger[64..<128].max(), 0, "green shows")
    }

    func testSameOnOneAndTwoThreads() throws {
        let signs = try signs()
        let many = (0..<100).map { signs[$0 % 2] }
        func images(_ threads: Int) throws -> Tensor<Float> {
            try Threads.with(count: threads) { try GTSRB.images(of: many, size: 7).batch(Array(0..<100)).images }
        }
        XCTAssertEqual(try images(1), try images(2))
    }

    func testDamagedImages() throws {
        let signs = try signs()
        let name = "Final_Test/Images/00001.ppm"
        let many = (0..<64).map { signs[$0 % 2] }
        func assertImagesThrow(_ expected: DatasetError, line: UInt = #line) {
            for threads in [1, 2] {
                Threads.with(count: threads) {
                    assertThrows(expected, line: line) { () throws(DatasetError) in _ = try GTSRB.images(of: many) }
                }
            }
        }
        let intact = try bytes(name)
        try write(Array(intact.dropLast()), name)
        assertImagesThrow(.image(.truncated(path: path(name), format: "PPM/PGM", bytes: intact.count - 1)))
        try Tensor<Float>.ones([3, 4, 6]).writeImage(to: path(name))
        assertImagesThrow(.otherSize(path: path(name), width: 6, height: 4, expectedWidth: 6, expectedHeight: 5))
        try remove(name)
        assertImagesThrow(.image(.missing(path: path(name))))
        // Of two damaged images the first one is named.
        try write([1, 2, 3], "Final_Test/Images/00000.ppm")
        assertImagesThrow(
            .image(
                .notAnImage(path: path("Final_Test/Images/00000.ppm"), found: "data of an unknown kind that start with the bytes 01 02 03"))
        )
    }

    func testHalfThere() throws {
        assertThrows(.notTheDataset(path: directory, dataset: "GTSRB", expected: "Final_Training"))
        try writeGTSRBAnnotations()
        try remove(GTSRBNames.annotations(42))
        assertThrows(.missingFile(path: path(GTSRBNames.annotations(42)), dataset: "GTSRB"))
        try writeGTSRBAnnotations()
        try remove(testFile)
        assertThrows(.missingFile(path: path(testFile), dataset: "GTSRB"))
        try remove("Final_Training")
        assertThrows(.missingFile(path: path(GTSRBNames.annotations(0)), dataset: "GTSRB"))
    }

    /// Gzipped, a file of some kilobytes may unpack to any size: what no annotation has is refused before it is all in memory.
    func testAnnotationsWithoutEnd() throws {
        try writeGTSRBAnnotations()
        let name = GTSRBNames.annotations(3)
        let start = Array("\(header)\n00000_00000.ppm;20;16;2;3;17;12;3\n".utf8)
        let million = 1_000_000
        for packed in [false, true] {
            func write(_ bytes: [UInt8]) throws { if packed { try writeGzipped(bytes, name) } else { try self.write(bytes, name) } }
            try write(start + [UInt8](repeating: UInt8(ascii: "1"), count: 8 * million))
            assertThrows(.longLine(path: path(name), line: 3, expected: 1024))
            try write(start + [UInt8](repeating: 0, count: 8 * million))
            assertThrows(.longLine(path: path(name), line: 3, expected: 1024))
            try write([UInt8](repeating: UInt8(ascii: "1"), count: 8 * million))
            assertThrows(.longLine(path: path(name), line: 1, expected: 1024))
            try write(start + [UInt8](repeating: UInt8(ascii: "\n"), count: million))
            assertThrows(.manyLines(path: path(name), expected: 100_000))
            // Long lines that are no longer than a line may be; the second end is Windows's.
            let image = String(repeating: "0", count: 980) + "_0.ppm"
            let line = "\(image);20;16;2;3;17;12;3"
            try write(Array("\(header)\n\(line)\r\n\r\n\(line)".utf8))
            let signs = try GTSRB(directory: directory).training.filter { $0.label == 3 }
            XCTAssertEqual(signs.map(\.path), [image, image].map { path("\(GTSRBNames.folder(3))/\($0)") })
        }
    }

    /// Pipes and directories in place of files end at once.
    func testFilesThatAreNone() throws {
        for name in [GTSRBNames.annotations(3), testFile] {
            try writeGTSRBAnnotations()
            try remove(name)
            XCTAssertEqual(mkfifo(path(name), 0o600), 0)
            assertThrows(.unreadable(path: path(name), reason: "it is not a regular file"))
            try remove(name)
            XCTAssertEqual(mkdir(path(name), 0o700), 0)
            assertThrows(.unreadable(path: path(name), reason: "it is a directory"))
            try remove(name)
        }
    }

    func testDamagedAnnotations() throws {
        try writeGTSRBAnnotations()
        let name = GTSRBNames.annotations(3)
        let file = path(name)
        let line = "00000_00000.ppm;20;16;2;3;17;12;3"

        try write("Filename,Width\n\(line)", name)
        assertThrows(.wrongHeader(path: file, found: "Filename,Width", expected: header))
        try write("", name)
        assertThrows(.wrongHeader(path: file, found: "", expected: header))
        // What fuzzing found: a vertical tab, which ends a line, in the header.
        let damaged = "\(header)\u{B}\(line)"
        try write(damaged, name)
        assertThrows(.wrongHeader(path: file, found: String(damaged.prefix(100)), expected: header))
        let errors: [DatasetError] = [
            .wrongHeader(path: file, found: damaged, expected: header),
            .wrongField(path: file, line: 2, column: "Width", found: "\u{B}\u{2028}", expected: "a width in pixels"),
        ]
        for error in errors { XCTAssertFalse("\(error)".contains(where: \.isNewline), "\(error)") }
        try write("\(header)\n", name)
        assertThrows(.wrongColumns(path: file, line: 2, found: 0, expected: 8))
        try write("\(header)\n\(line)\n00000_00001.ppm;20;16;2;3;17;12\n", name)
        assertThrows(.wrongColumns(path: file, line: 3, found: 7, expected: 8))

        func assertWrong(column: String, found: String, expected: String, of text: String, line: UInt = #line) throws {
            try write("\(header)\n\(text)", name)
            assertThrows(.wrongField(path: file, line: 2, column: column, found: found, expected: expected), line: line)
        }
        let pixel = "a pixel's coordinate"
        try assertWrong(column: "Width", found: "x", expected: "a width in pixels", of: "00000_00000.ppm;x;16;2;3;17;12;3")
        try assertWrong(column: "Roi.Y1", found: "-3", expected: pixel, of: "00000_00000.ppm;20;16;2;-3;17;12;3")
        try assertWrong(column: "ClassId", found: "4", expected: "3, the folder's class", of: "00000_00000.ppm;20;16;2;3;17;12;4")
        try assertWrong(column: "Filename", found: "00000.ppm", expected: "TRACK_FRAME.ppm", of: "00000.ppm;20;16;2;3;17;12;3")

        for (region, found) in [
            ("2;3;20;12", "(2, 3)...(20, 12)"), ("2;3;17;16", "(2, 3)...(17, 16)"), ("9;3;8;12", "(9, 3)...(8, 12)"),
            ("2;9;17;8", "(2, 9)...(17, 8)"),
        ] {
            try write("\(header)\n00000_00000.ppm;20;16;\(region);3", name)
            assertThrows(.wrongRegion(path: file, line: 2, found: found, width: 20, height: 16))
        }

        try writeGTSRBAnnotations()
        try write("\(header)\n00000.ppm;6;5;1;1;4;4;43\n", testFile)
        assertThrows(.wrongField(path: path(testFile), line: 2, column: "ClassId", found: "43", expected: "0...42"))
    }
}
