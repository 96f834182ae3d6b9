import Foundation
import LinWarp
import TestSupport
import XCTest

/// Data sets that are not there, half there or damaged: the program names the file, and leaves nothing behind.
final class BadDataTests: ToolTestCase {
    private func train(_ dataset: String) -> [String] {
        [
            "train", dataset, "--network", "none", "--batch", "2", "--iterations", "1", "--interval", "1", "--data", "data", "--out", "out",
        ]
    }

    private func assertRefused(_ dataset: String, _ name: String, _ found: String, _ expected: String, line: UInt = #line) throws {
        try assertFails(train(dataset), code: 1, naming: "data/\(name)", found, "expected", expected, line: line)
    }

    func testMissing() throws {
        for dataset in ["mnist", "gtsrb"] {
            try assertFails(
                ["train", dataset, "--data", "nowhere", "--out", "out"], code: 1, naming: "nowhere: found no such directory", "expected")
            let run = try linwarp(["train", dataset, "--out", "out"])
            assertReported(run, code: 64, naming: ["--data: found none", "LINWARP_DATA", dataset], dataset)
        }
        try write("Some words.\n", "data/readme.txt")
        for (dataset, part) in [("mnist", "train-images-idx3-ubyte.gz"), ("gtsrb", "Final_Training")] {
            let name = dataset.uppercased()
            try assertFails(train(dataset), code: 1, naming: "data: found a directory without \(name), expected \(part)", "data/\(name)")
        }
    }

    func testMNIST() throws {
        let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
        func refused(_ name: String, _ bytes: [UInt8]?, _ found: String, _ expected: String, line: UInt = #line) throws {
            let before = try self.bytes("data/\(name)")
            if let bytes { try write(bytes, "data/\(name)") } else { try remove("data/\(name)") }
            try assertRefused("mnist", name, found, expected, line: line)
            try write(before, "data/\(name)")
        }
        try writeMNIST(in: "data/")
        let whole = try bytes("data/\(images)")
        try refused(images, Array(whole.dropLast(100)), "found \(whole.count - 100) bytes", "\(whole.count)")
        try refused(images, Array("Some words.\n".utf8), "the magic number", "0x00000803")
        try refused(labels, idx([24], [UInt8](repeating: 10, count: 24)), "the label 10 at item 0", "0...9")
        try refused(labels, idx([23], [UInt8](repeating: 1, count: 23)), "23 labels", "24")
        try refused("t10k-images-idx3-ubyte", nil, "no such file", "this part of MNIST")
        // Published in the same form, but nothing to train with.
        try writeMNIST(in: "data/", count: 11)
        try assertFails(train("mnist"), code: 1, naming: "data: found 11 images to train, 0 to validate", "expected")
        try write(idx([11, 28, 27], [UInt8](repeating: 1, count: 11 * 28 * 27)), "data/\(images)")
        try assertFails(train("mnist"), code: 1, naming: "data: found images of the sizes", "[28, 27]", "expected")
        try writeMNIST(in: "data/")
        try succeed(train("mnist"))
    }

    func testGTSRB() throws {
        try writeGTSRB(in: "data/GTSRB/")
        try succeed(train("gtsrb"))
        try FileManager.default.moveItem(atPath: path("out"), toPath: path("trained"))
        let commands = [train("gtsrb"), ["evaluate", "trained/best.safetensors", "--data", "data"]]
        func refused(_ name: String, _ contents: String?, _ found: String, _ expected: String, line: UInt = #line) throws {
            let file = "data/GTSRB/\(name)"
            let before = try bytes(file)
            if let contents { try write(contents, file) } else { try remove(file) }
            for command in commands { try assertFails(command, code: 1, naming: file, found, "expected", expected, line: line) }
            try write(before, file)
        }
        let (header, annotations) = (GTSRBNames.header, GTSRBNames.annotations(3))
        try refused(GTSRBNames.annotations(42), nil, "no such file", "this part of GTSRB")
        try refused(GTSRBNames.testAnnotations, nil, "no such file", "this part of GTSRB")
        try refused(
            annotations, "\(header)\n00000_00000.ppm;20;16;2;3;17;12;4\n", "line 2: found \"4\" as ClassId", "3, the folder's class")
        try refused(GTSRBNames.testAnnotations, "\(header)\n00000.ppm;6;5;1;1;4;4;43\n", "line 2: found \"43\" as ClassId", "0...42")
        try refused(annotations, "Filename,Width\n", "the header \"Filename,Width\"", header)
        let image = "\(GTSRBNames.folder(17))/\(GTSRBNames.image(track: 1, frame: 0))"
        try refused(image, "P6 20 16 255 abc", "truncated", "bytes")
        try refused(image, "Some words.\n", "a text file", "PPM")
        try refused(image, nil, "no such file", "image")
        try refused(image, "P6 1 1 255 abc", "1 x 1 pixels", "20 x 16")
    }

    func testImagesToPredict() throws {
        try writeMNIST(in: "data/")
        try succeed(quickTraining + ["--iterations", "1"])
        try writeScene("good.png")
        try write(Array(bytes("good.png").dropLast(50)), "bad.png")
        for images in [["bad.png"], ["good.png", "bad.png"], ["good.png", "missing.png"]] {
            try assertFails(
                ["predict", "out/best.safetensors"] + images + ["--out", "seen"], code: 1, naming: images.last!, "expected")
        }
    }
}
