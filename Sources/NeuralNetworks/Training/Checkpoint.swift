import Foundation
import LinearAlgebra
import Tensors

/// All that training needs to go on as if it had never been interrupted, and what a program needs to rebuild the network.
public struct Checkpoint<Scalar: FloatingScalar>: Sendable, Equatable {
    /// The network's.
    public var parameters: Parameters<Scalar>
    /// With its moments and the number of its steps. Its method and learning rates are not in the file: they come from the settings.
    public var optimizer: Optimizer<Scalar>
    /// The sources of random numbers, by what they are used for.
    public var random: [String: RandomSource]
    /// The number of iterations done.
    public var iteration: Int
    /// Nil where training does not stop early.
    public var earlyStopping: EarlyStopping?
    /// Describes the network, in words from which the program can rebuild it.
    public var network: String
    /// Other settings of the program, by name.
    public var settings: [String: String]

    /// - Parameters:
    ///   - parameters: The network's.
    ///   - optimizer: Of these parameters.
    ///   - random: The sources of random numbers, by what they are used for.
    ///   - iteration: The number of iterations done.
    ///   - earlyStopping: Nil where training does not stop early.
    ///   - network: Describes the network, in words from which the program can rebuild it.
    ///   - settings: Other settings of the program, by name.
    public init(
        parameters: Parameters<Scalar>, optimizer: Optimizer<Scalar>, random: [String: RandomSource] = [:], iteration: Int = 0,
        earlyStopping: EarlyStopping? = nil, network: String, settings: [String: String] = [:]
    ) {
        self.parameters = parameters
        self.optimizer = optimizer
        self.random = random
        self.iteration = iteration
        self.earlyStopping = earlyStopping
        self.network = network
        self.settings = settings
    }

    /// Writes the checkpoint, a safetensors file. A file from before is replaced at once or, after an error, is as it was. A NaN among the
    /// parameters or moments is an error too, as it would put an end to a training that could go on from the file before.
    public func write(to path: String) throws(CheckpointError) { try staged(at: path).commit() }

    /// The same in two steps: the file is written, and has still to take its place.
    package func staged(at path: String) throws(CheckpointError) -> StagedCheckpoint {
        var file = Safetensors()
        for (prefix, group) in [(TensorPrefix.parameters, parameters), (TensorPrefix.optimizer, optimizer.moments)] {
            for (specification, tensor) in zip(group.specifications, group.tensors) {
                let name = prefix + specification.name
                try checkFinite(tensor, name, path: path)
                file.tensors[name] = StoredTensor(tensor)
            }
        }
        file.metadata = [
            MetadataKey.format: MetadataKey.formatValue, MetadataKey.network: network, MetadataKey.iteration: "\(iteration)",
            MetadataKey.optimizerStep: "\(optimizer.step)", MetadataKey.random: json(random),
        ]
        if let earlyStopping { file.metadata[MetadataKey.earlyStopping] = json(earlyStopping) }
        for (name, value) in settings { file.metadata[MetadataKey.settingPrefix + name] = value }
        return try file.staged(at: path)
    }

    /// Takes over what a file holds, bit for bit, except for the optimizer's method and learning rates. This checkpoint says what is
    /// expected: the network, and an optimizer of the same method. After an error it is as before.
    public mutating func restore(from path: String) throws(CheckpointError) {
        let file = try CheckpointFile(path)
        guard file.network == network else { throw .otherNetwork(path: path, found: file.network, expected: network) }
        var restored = self
        restored.parameters = try file.parameters(parameters.specifications)
        restored.optimizer.moments = try file.optimizerMoments(optimizer.moments.specifications)
        restored.optimizer.step = try file.count(MetadataKey.optimizerStep)
        restored.random = try file.random()
        restored.iteration = file.iteration
        restored.earlyStopping = try file.earlyStopping()
        restored.settings = file.settings
        self = restored
    }
}

/// What stands before the names of tensors in a checkpoint.
enum TensorPrefix {
    static let parameters = "parameters."
    static let optimizer = "optimizer."
}

/// Names in a checkpoint's metadata.
enum MetadataKey {
    static let format = "format"
    static let formatValue = "LinWarp checkpoint 1"
    static let network = "network"
    static let iteration = "iteration"
    static let optimizerStep = "optimizerStep"
    static let random = "random"
    static let earlyStopping = "earlyStopping"
    static let settingPrefix = "setting."
}

/// Throws where a tensor holds a NaN or an infinity.
func checkFinite<Scalar: FloatingScalar>(_ tensor: Tensor<Scalar>, _ name: String, path: String) throws(CheckpointError) {
    guard let found = tensor.withScalars({ firstNotFinite($0) }) else { return }
    throw .notFinite(path: path, tensor: name, found: "\(found)")
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func firstNotFinite<Scalar: FloatingScalar>(_ scalars: UnsafeBufferPointer<Scalar>) -> Scalar? {
    for scalar in scalars where !scalar.isFinite { return scalar }
    return nil
}

func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        // Whole numbers, finite numbers and strings, which JSON can hold.
        preconditionFailure("Checkpoint: found \(value), expected what JSON can hold: \(error)")
    }
}
