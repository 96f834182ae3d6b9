import XCTest

// Small data sets in the layouts that they are published in.

/// Names within a GTSRB.
public enum GTSRBNames {
    public static let header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
    public static let testAnnotations = "Final_Test/Images/GT-final_test.csv"

    /// Where the images of a class are.
    public static func folder(_ label: Int) -> String { "Final_Training/Images/\(padded(label))" }
    public static func annotations(_ label: Int) -> String { "\(folder(label))/GT-\(padded(label)).csv" }
    public static func image(track: Int, frame: Int) -> String { "\(padded(track))_\(padded(frame)).ppm" }
    fileprivate static func padded(_ number: Int) -> String { String(String(100_000 + number).dropFirst()) }
}

extension DirectoryTestCase {
    /// The annotations of a GTSRB: all classes with the same number of tracks and frames, and two test images.
    public func writeGTSRBAnnotations(in root: String = "", tracks: Int = 12, frames: Int = 3) throws {
        for label in 0..<43 {
            let lines = (0..<tracks * frames).map {
                "\(GTSRBNames.image(track: $0 / frames, frame: $0 % frames));20;16;2;3;17;12;\(label)"
            }
            try write(([GTSRBNames.header] + lines).joined(separator: "\r\n") + "\r\n", root + GTSRBNames.annotations(label))
        }
        let lines = ["00000.ppm;6;5;1;1;4;4;7", "00001.ppm;6;5;0;0;5;4;42"]
        try write(([GTSRBNames.header] + lines).joined(separator: "\n") + "\n", root + GTSRBNames.testAnnotations)
    }

    /// A GTSRB of 86 training images, two tracks a class, and two test images, each of one grey.
    public func writeGTSRB(in root: String = "") throws {
        try writeGTSRBAnnotations(in: root, tracks: 2, frames: 1)
        func writeImage(_ name: String, width: Int, height: Int, grey: Int) throws {
            try write(Array("P6 \(width) \(height) 255 ".utf8) + [UInt8](repeating: UInt8(grey), count: 3 * width * height), root + name)
        }
        for label in 0..<43 {
            for track in 0..<2 {
                let name = "\(GTSRBNames.folder(label))/\(GTSRBNames.image(track: track, frame: 0))"
                try writeImage(name, width: 20, height: 16, grey: 5 * label + track)
            }
        }
        for number in 0..<2 { try writeImage("Final_Test/Images/0000\(number).ppm", width: 6, height: 5, grey: 100 * number) }
    }

    /// An MNIST of `count` images to train with and as many to test with, unpacked; 28 x 28 pixels of noise.
    public func writeMNIST(in root: String = "", count: Int = 24) throws {
        for part in ["train", "t10k"] {
            let pixels = (0..<count * 28 * 28).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 4) }
            try write(idx([count, 28, 28], pixels), "\(root)\(part)-images-idx3-ubyte")
            try write(idx([count], (0..<count).map { UInt8($0 % 10) }), "\(root)\(part)-labels-idx1-ubyte")
        }
    }
}

/// A file in the IDX format: the type of its elements (8 is a byte), the length of each axis, the elements.
public func idx(_ shape: [Int], _ bytes: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)] + shape.flatMap { length in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } } + bytes
}
