import LinWarp

/// The two images of an alignment, with the same channels: grey where one of them is, else RGB. Transparency is ignored.
struct AlignmentPair {
    let source, target: Tensor<Float>
    let sourceName, targetName: String

    var frame: Frame {
        Frame(
            sourceAspect: Double(source.shape[2]) / Double(source.shape[1]), targetAspect: Double(target.shape[2]) / Double(target.shape[1])
        )
    }

    init(sourcePath: String, targetPath: String) throws {
        self.init(
            source: try Tensor<Float>(imageAt: sourcePath), target: try Tensor<Float>(imageAt: targetPath), sourceName: sourcePath,
            targetName: targetPath)
    }

    init(source: Tensor<Float>, target: Tensor<Float>, sourceName: String, targetName: String) {
        let isGrey = source.shape[0] < 3 || target.shape[0] < 3
        func converted(_ image: Tensor<Float>) -> Tensor<Float> {
            if image.shape[0] < 3 { return image[0..<1] }
            return isGrey ? image[0..<3].mean(axes: [0], keepingAxes: true) : image[0..<3]
        }
        self.source = converted(source)
        self.target = converted(target)
        self.sourceName = sourceName
        self.targetName = targetName
    }
}
