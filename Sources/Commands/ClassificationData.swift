import ArgumentParser
import Foundation
import LinWarp

/// The data sets that a network can be trained on.
enum DatasetName: String, CaseIterable, ExpressibleByArgument {
    /// Handwritten digits, each perturbed anew by a homography.
    case mnist
    /// Photographs of traffic signs.
    case gtsrb
    /// Signs drawn from formulas; needs no data.
    case synthetic

    var architecture: NetworkConfiguration.Architecture { self == .mnist ? .linLucey : .paper }
}

/// A data set in its three parts.
struct ClassificationData {
    let training, validation, test: LabelledImages
    /// Perturbs training images anew each time they come; nil leaves them.
    private let perturbation: CornerPerturbation?

    /// - Parameter directory: Where the data sets are; not needed for the synthetic one.
    init(_ name: DatasetName, directory: String?, seed: UInt64) throws {
        func found() throws -> String {
            guard let directory = directory ?? ProcessInfo.processInfo.environment["LINWARP_DATA"] else {
                throw ValidationError("--data: found none and no LINWARP_DATA, expected the directory that holds \(name.rawValue)")
            }
            return directory
        }
        switch name {
        case .mnist:
            let whole = try MNIST.images(.training, in: try found())
            let held = whole.count / 12
            let evaluation = CornerPerturbation(seed: seed &+ 1)
            training = whole.subset(Array(0..<whole.count - held))
            validation = Self.perturbed(whole.subset(Array(whole.count - held..<whole.count)), evaluation)
            test = Self.perturbed(try MNIST.images(.test, in: try found()), CornerPerturbation(seed: seed &+ 2))
            perturbation = CornerPerturbation(seed: seed)
        case .gtsrb:
            let signs = try GTSRB(directory: try found())
            let parts = signs.split(seed: seed)
            training = try GTSRB.images(of: parts.training)
            validation = try GTSRB.images(of: parts.validation)
            test = try GTSRB.images(of: signs.test)
            perturbation = nil
        case .synthetic:
            training = SyntheticSigns(seed: seed).images(0..<4000)
            validation = SyntheticSigns(seed: seed &+ 1).images(0..<500)
            test = SyntheticSigns(seed: seed &+ 2).images(0..<1000)
            perturbation = nil
        }
        // Sets of other images may be published in the same form.
        let parts = [training, validation, test]
        let (sizes, side) = (parts.map { [$0.height, $0.width] }, training.height)
        guard sizes.allSatisfy({ $0 == [side, side] }) else {
            throw Failure(description: "\(try found()): found images of the sizes \(sizes), expected square ones of one size")
        }
        guard parts.allSatisfy({ $0.count > 0 }) else {
            let counts = "\(training.count) images to train, \(validation.count) to validate and \(test.count) to test with"
            throw Failure(description: "\(try found()): found \(counts), expected at least one of each")
        }
    }

    /// One process's parts, of `size` images, of the batches from `iteration` on, prepared on another thread: the same for the same seed,
    /// wherever training begins.
    func batches(size: Int, seed: UInt64, from iteration: Int, for communicator: some Communicator) -> BatchLoader<LabelledBatch> {
        let (first, step) = (iteration * communicator.count + communicator.rank, communicator.count)
        guard let perturbation else { return BatchLoader(training, batchSize: size, seed: seed, startingAt: first, step: step) }
        return BatchLoader(training, batchSize: size, seed: seed, startingAt: first, step: step) { images, positions in
            perturbation.perturbed(images, indices: positions)
        }
    }

    /// The images once perturbed, so that every evaluation sees the same.
    private static func perturbed(_ images: LabelledImages, _ perturbation: CornerPerturbation) -> LabelledImages {
        let size = 1000
        var pixels: [UInt8] = []
        for first in stride(from: 0, to: images.count, by: size) {
            let indices = first..<min(images.count, first + size)
            let batch = perturbation.perturbed(images.batch(Array(indices)).images, indices: indices)
            batch.withScalars { pixels += $0.map { UInt8((min(1, max(0, $0)) * 255).rounded()) } }
        }
        return LabelledImages(
            pixels: pixels, channels: images.channels, height: images.height, width: images.width, labels: images.labels,
            classNames: images.classNames)
    }
}

extension ClassificationNetwork {
    /// Predictions for all images, beside the truth. Processes share the batches: the same are made, whatever the number of processes.
    func confusion(
        _ parameters: Parameters<Float>, on images: LabelledImages, among communicator: some Communicator = SingleProcess()
    ) -> Confusion {
        var confusion = Confusion(classes: images.classCount)
        let size = 100
        for first in stride(from: communicator.rank * size, to: images.count, by: communicator.count * size) {
            let batch = images.batch(Array(first..<min(images.count, first + size)))
            confusion.add(labels: batch.labels, predictions: evaluated(batch.images, parameters).argmax(axis: 1))
        }
        return confusion.summed(over: communicator)
    }
}
