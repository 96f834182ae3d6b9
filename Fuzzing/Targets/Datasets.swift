import Datasets

/// IDX files of images and of labels, packed or not.
@Sendable func fuzzIDX(_ bytes: [UInt8]) {
    let file = MemoryFile(bytes)
    for axes in [1, 3] {
        reading {
            let array = try IDXFile(file.path, axes: axes)
            precondition(array.shape.count == axes && array.bytes.count == array.shape.reduce(1, *))
        }
    }
}

/// The annotations of a class and of the test images.
@Sendable func fuzzGTSRBAnnotations(_ bytes: [UInt8]) {
    let file = MemoryFile(bytes)
    for kind in [GTSRBAnnotations.trainingClass(7), .test] {
        reading {
            let signs = try readAnnotations(file.path, imagesIn: "images", of: kind)
            precondition(!signs.isEmpty)
            for sign in signs {
                precondition(sign.columns.lowerBound >= 0 && sign.columns.upperBound < sign.width)
                precondition(sign.rows.lowerBound >= 0 && sign.rows.upperBound < sign.height)
                precondition(GTSRB.classNames.indices.contains(sign.label))
            }
        }
    }
}
