import LinWarp

/// The data sets that a network can be trained on.
package enum DatasetName: String, CaseIterable, Sendable {
    /// Handwritten digits, each perturbed anew by a homography. What leaves the image is lost.
    case mnist
    /// The same digits and homographies, as Lin and Lucey's published code takes them: transformers get the digit whole, and begin at its homography.
    case mnistWhole = "mnist-whole"
    /// Photographs of traffic signs.
    case gtsrb
    /// Signs drawn from formulas; needs no data.
    case synthetic

    package var architecture: NetworkConfiguration.Architecture { [.mnist, .mnistWhole].contains(self) ? .linLucey : .paper }
}

/// A data set in its three parts.
package struct ClassificationData: Sendable {
    package let training, validation, test: LabelledImages
    /// Perturbs training images anew each time they come; nil leaves them.
    private let perturbation: CornerPerturbation?
    /// Whether that is where transformers begin, instead of what happens to the images.
    private let keepsWhole: Bool

    /// - Parameters:
    ///   - name: Which data set.
    ///   - directory: Where the data sets are; not asked for by the synthetic one.
    ///   - seed: Decides how the set is parted and perturbed.
    package init(_ name: DatasetName, directory: @autoclosure () throws -> String, seed: UInt64) throws {
        switch name {
        case .mnist, .mnistWhole:
            let whole = try MNIST.images(.training, in: try directory())
            let held = whole.count / 12
            self.init(
                training: whole.subset(Array(0..<whole.count - held)),
                validation: whole.subset(Array(whole.count - held..<whole.count)),
                test: try MNIST.images(.test, in: try directory()), perturbedBy: seed, keepsWhole: name == .mnistWhole)
        case .gtsrb:
            let signs = try GTSRB(directory: try directory())
            let parts = signs.split(seed: seed)
            self.init(
                training: try GTSRB.images(of: parts.training), validation: try GTSRB.images(of: parts.validation),
                test: try GTSRB.images(of: signs.test))
        case .synthetic:
            self.init(
                training: SyntheticSigns(seed: seed).images(0..<Self.drawn.training),
                validation: SyntheticSigns(seed: seed &+ 1).images(0..<Self.drawn.validation),
                test: SyntheticSigns(seed: seed &+ 2).images(0..<Self.drawn.test))
        }
        // Sets of other images may be published in the same form.
        let parts = [training, validation, test]
        let (sizes, side) = (parts.map { [$0.height, $0.width] }, training.height)
        guard sizes.allSatisfy({ $0 == [side, side] }) else {
            throw TrainingRunError.wrongSizes(path: try directory(), found: sizes)
        }
        guard parts.allSatisfy({ $0.count > 0 }) else {
            throw TrainingRunError.emptyPart(
                path: try directory(), training: training.count, validation: validation.count, test: test.count)
        }
    }

    /// How many signs are drawn for each part.
    private static let drawn = (training: 4000, validation: 500, test: 1000)

    /// What a data set will be that is drawn, which takes a while: training images without any, and the bytes that all images will take; nil
    /// for one that is read.
    package static func outlook(_ name: DatasetName, seed: UInt64) -> (training: LabelledImages, bytes: Int)? {
        guard name == .synthetic else { return nil }
        let none = SyntheticSigns(seed: seed).images(0..<0)
        return (none, (drawn.training + drawn.validation + drawn.test) * none.channels * none.height * none.width)
    }

    /// Square images of one size, at least one in each part.
    ///
    /// - Parameters:
    ///   - training: To train with.
    ///   - validation: To choose the best parameters with.
    ///   - test: To measure the error with.
    ///   - seed: Of perturbations of all images; nil leaves them as they are.
    ///   - keepsWhole: Whether these are where transformers begin, instead of what happens to the images.
    package init(
        training: LabelledImages, validation: LabelledImages, test: LabelledImages, perturbedBy seed: UInt64? = nil,
        keepsWhole: Bool = false
    ) {
        func perturbed(_ images: LabelledImages, _ part: UInt64) -> LabelledImages {
            guard let perturbation = seed.map({ CornerPerturbation(seed: $0 &+ part) }) else { return images }
            return keepsWhole ? images.starting(at: (0..<images.count).map(perturbation.matrix)) : Self.perturbed(images, perturbation)
        }
        self.training = training
        self.validation = perturbed(validation, 1)
        self.test = perturbed(test, 2)
        self.keepsWhole = keepsWhole
        perturbation = seed.map { CornerPerturbation(seed: $0) }
    }

    /// One process's parts, of `size` images, of the batches from `iteration` on, prepared on another thread: the same for the same seed,
    /// wherever training begins.
    func batches(size: Int, seed: UInt64, from iteration: Int, for communicator: some Communicator) -> BatchLoader<LabelledBatch> {
        let (first, step) = (iteration * communicator.count + communicator.rank, communicator.count)
        guard let perturbation else { return BatchLoader(training, batchSize: size, seed: seed, startingAt: first, step: step) }
        return BatchLoader(training, batchSize: size, seed: seed, startingAt: first, step: step) { [keepsWhole] batch, positions in
            if keepsWhole {
                batch.starts = .matrices(positions.map(perturbation.matrix))
            } else {
                batch.images = perturbation.perturbed(batch.images, indices: positions)
            }
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
    /// Images in a batch of an evaluation.
    static let evaluationBatch = 100

    /// Predictions for all images, beside the truth.
    package func confusion(_ parameters: Parameters<Float>, on images: LabelledImages) -> Confusion {
        partialConfusion(parameters, on: images, of: SingleProcess())
    }

    /// The same of processes that share the batches, and come together for `purpose`. The same batches are made, whatever their number.
    package func confusion(
        _ parameters: Parameters<Float>, on images: LabelledImages, among communicator: some Communicator, for purpose: String
    ) throws(TrainingError) -> Confusion {
        try partialConfusion(parameters, on: images, of: communicator).summed(over: communicator, for: purpose)
    }

    private func partialConfusion(
        _ parameters: Parameters<Float>, on images: LabelledImages, of communicator: some Communicator
    ) -> Confusion {
        var confusion = Confusion(classes: images.classCount)
        let size = Self.evaluationBatch
        for first in stride(from: communicator.rank * size, to: images.count, by: communicator.count * size) {
            let batch = images.batch(Array(first..<min(images.count, first + size)))
            confusion.add(labels: batch.labels, predictions: evaluated(batch.images, parameters, starts: batch.starts).argmax(axis: 1))
        }
        return confusion
    }
}
