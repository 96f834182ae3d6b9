import Foundation
import Images
import LinearAlgebra
import Tensors

/// The photographs of Pascal VOC (Everingham et al., 2012), without their annotations: natural images of up to 500 pixels a side.
public struct VOC: Sendable {
    /// The photographs' files, in the order of their names.
    public let paths: [String]

    /// Lists, but does not read, what is in `JPEGImages` in `directory`/VOC2012 or in `directory` itself. Throws a `DatasetError` where
    /// there is none.
    public init(directory: String) throws(DatasetError) {
        let folder = "\(try datasetRoot("VOC2012", in: directory, parts: ["JPEGImages"]))/JPEGImages"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".jpg") }
        guard !names.isEmpty else { throw .missingFile(path: "\(folder)/*.jpg", dataset: "VOC2012") }
        paths = names.sorted().map { "\(folder)/\($0)" }
    }

    /// Reads a photograph: [3, H, W], 0...1. Throws a `DatasetError` where it is missing or damaged.
    public func image(_ index: Int) throws(DatasetError) -> Tensor<Float> {
        do throws(ImageError) {
            let image = try Tensor<Float>(imageAt: paths[index])
            guard image.shape[0] < 3 else { return image }
            return ScaledImage(image, height: image.shape[1], width: image.shape[2]).opaque
        } catch {
            throw .image(error)
        }
    }
}
