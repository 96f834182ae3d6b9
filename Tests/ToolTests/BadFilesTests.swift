import LinWarp
import TestSupport
import XCTest

/// Files that are no images: the program names them and leaves nothing behind.
final class BadFilesTests: ToolTestCase {
    /// In each place where a command reads a file.
    private func assertRefused(_ name: String, _ found: String, file: StaticString = #filePath, line: UInt = #line) throws {
        for arguments in [
            ["warp", name, "--out", "out.png"], ["align", name, "good.ppm", "--out", "out"], ["align", "good.ppm", name, "--out", "out"],
        ] {
            try assertFails(arguments, code: 1, naming: name, found, "expected", file: file, line: line)
        }
    }

    func testFilesThatAreNoImages() throws {
        try writeScene("good.ppm")
        try assertRefused("missing.png", "no such file")
        try assertRefused("good.ppm/image.png", "no such file")
        try assertRefused(".", "a directory")
        try write([], "empty.jpg")
        try assertRefused("empty.jpg", "an empty file")
        try write(Array("Just some words.\n".utf8), "words.png")
        try assertRefused("words.png", "a text file")
    }

    /// The name of a file may hold anything; the message remains one line.
    func testLineBreaksInNames() throws {
        for name in ["a\nb.png", "a\r\nb.png"] { try assertFails(["warp", name, "--out", "out.png"], code: 1, naming: "b.png") }
    }

    func testTruncatedImages() throws {
        try writeScene("good.ppm")
        for name in ["image.png", "image.jpg", "image.ppm"] {
            try writeScene(name)
            let whole = try bytes(name)
            for length in [1, 2, 9, 60, whole.count / 2, whole.count - 1] {
                try write(Array(whole.prefix(length)), name)
                try assertFails(["warp", name, "--out", "out.png"], code: 1, naming: name, "truncated", "\(length) bytes")
            }
            try assertRefused(name, "truncated")
        }
    }

    /// A header of 100,000 x 100,000 pixels, which would take 120 GB, costs neither memory nor time.
    func testHugeClaim() throws {
        // The signature, IHDR with its checksum, and the start of the data.
        let header: [UInt8] =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
            + [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0, 8, 2, 0, 0, 0, 0x27, 0x30, 0x9C, 0x9F, 0, 0, 0, 9] + Array("IDAT".utf8)
        try write(header, "huge.png")
        try write(Array("P6 100000 100000 255 abc".utf8), "huge.ppm")
        try writeScene("good.ppm")
        for name in ["huge.png", "huge.ppm"] { try assertRefused(name, "100000 x 100000 pixels") }
        for name in ["huge.png", "huge.ppm"] {
            // Ten seconds of processor time are not enough to go through as many pixels.
            for run in try [shell("ulimit -t 10; exec \"$0\" warp \(name) --out out.png"), limited("warp \(name) --out out.png")] {
                assertReported(run, code: 1, naming: [name, "100000 x 100000 pixels"], name)
            }
        }
    }

    /// Images within the limit of pixels, but beyond the memory there is.
    func testTooLittleMemory() throws {
        try writeScene("good.ppm")
        assertReported(
            try limited("warp good.ppm --size 16384x16384 --out out.png"), code: 1, naming: ["--size 16384x16384", "memory"], "--size")
        func writeLarge(side: Int) throws {
            try write(Array("P5 \(side) \(side) 255 ".utf8) + [UInt8](repeating: 7, count: side * side), "large.pgm")
        }
        try writeLarge(side: 11000)
        assertReported(try limited("warp large.pgm --size 8x8 --out out.png"), code: 1, naming: ["large.pgm", "memory"], "reading")
        try writeLarge(side: 4000)
        assertReported(try limited("align large.pgm good.ppm --out out"), code: 1, naming: ["large.pgm", "memory"], "the search")
        XCTAssertEqual(try files, ["good.ppm", "large.pgm"])
    }

    /// A run with at most half a gigabyte. OpenBLAS takes some for each thread as it is loaded, and waits for it where it gets none.
    private func limited(_ arguments: String) throws -> Run {
        try skip(under: .address, .thread, because: "its shadow memory takes terabytes of address space")
        return try shell("ulimit -v 500000; exec \"$0\" \(arguments)", environment: ["OPENBLAS_NUM_THREADS": "1"])
    }
}
