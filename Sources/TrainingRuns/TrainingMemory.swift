import LinWarp

// Whether there is memory for a training or an evaluation. What a network takes is measured on small batches, and grows with the batch.

extension TrainingRun {
    /// Throws where there is less memory than the training will take, about: parameters and the optimizer's moments, what a step keeps for the
    /// gradient, and the batches that are prepared meanwhile.
    ///
    /// - Parameter data: In bytes, what the data will take that are not there yet.
    package func requireMemory(data: Int = 0) throws(TrainingRunError) {
        // Parameters, their gradients and two moments, of which a step makes new ones.
        let numbers = ClassificationNetwork(configuration).specifications.reduce(0) { $0 + $1.shape.reduce(1, *) }
        try require(data + 6 * MemoryLayout<Float>.stride * numbers)
        guard batch > measuredBatches.upperBound else { return }
        var trainer: Trainer
        do { trainer = try self.trainer(SingleProcess()) } catch { return }
        let step = memory(ofBatch: batch) { images in
            // Whether the loss is finite does not matter here.
            _ = try? trainer.step(images, [Int](repeating: 0, count: images.shape[0]))
        } images: {
            configuration.images($0)
        }
        // Two wait, one is prepared, one is trained with; with a label and a place for each image.
        let image = MemoryLayout<Float>.stride * configuration.channels * configuration.side * configuration.side
        try require(data + step + 4 * batch * (image + 16))
    }

    private func require(_ bytes: Int) throws(TrainingRunError) {
        do { try Memory.require(bytes) } catch { throw .tooLittleMemory(batch: batch, error) }
    }
}

extension ClassificationNetwork {
    /// Throws where there is less memory than `confusion` will take, about.
    package func requireMemoryToEvaluate(_ parameters: Parameters<Float>) throws(TrainingRunError) {
        let batch = Self.evaluationBatch
        let bytes = memory(ofBatch: batch) {
            _ = evaluated($0, parameters)
        } images: {
            configuration.images($0)
        }
        do { try Memory.require(bytes) } catch { throw .tooLittleMemory(batch: batch, error) }
    }
}

/// Sizes of batches that tell how memory grows.
private let measuredBatches = 8...16

extension NetworkConfiguration {
    /// Black images for the network.
    fileprivate func images(_ count: Int) -> Tensor<Float> { .zeros([count, channels, side, side]) }
}

/// What `body` takes on a batch of `count` images: measured on two smaller ones, and what is more than the larger of them added in proportion.
private func memory(ofBatch count: Int, _ body: (Tensor<Float>) -> Void, images: (Int) -> Tensor<Float>) -> Int {
    let (small, large) = (measuredBatches.lowerBound, measuredBatches.upperBound)
    let taken = [small, large].map { size in
        let images = images(size)
        return StoragePool.peak { body(images) }
    }
    return taken[1] + max(0, taken[1] - taken[0]) / (large - small) * max(0, count - large)
}
