import Foundation
import LinearAlgebra
import Tensors

/// A checkpoint as it was read, before it is known whether it fits a network: with `network` and `settings` a program can rebuild the
/// network, then take its parameters.
public struct CheckpointFile: Sendable {
    /// Where it was read.
    public let path: String
    /// Describes the network, in the words of the program that wrote the file.
    public let network: String
    /// Other settings of that program, by name.
    public let settings: [String: String]
    /// The number of iterations done.
    public private(set) var iteration = 0
    private let contents: Safetensors

    /// Reads the file at `path`.
    public init(_ path: String) throws(CheckpointError) {
        let contents = try Safetensors(contentsOf: path)
        let format = contents.metadata[MetadataKey.format]
        guard format == MetadataKey.formatValue else {
            throw .notACheckpoint(
                path: path, found: format.map { "a file of the format \(quoted($0))" } ?? "a safetensors file of another kind")
        }
        self.path = path
        self.contents = contents
        network = try Self.metadata(MetadataKey.network, contents, path)
        let prefix = MetadataKey.settingPrefix
        settings = Dictionary(
            uniqueKeysWithValues: contents.metadata.filter { $0.key.hasPrefix(prefix) }
                .map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        iteration = try count(MetadataKey.iteration)
    }

    /// The parameters of a network, which must be exactly those in the file: the same names, shapes and type, and finite.
    public func parameters<Scalar: FloatingScalar>(
        _ specifications: [ParameterSpecification], as type: Scalar.Type = Scalar.self
    ) throws(CheckpointError) -> Parameters<Scalar> {
        try tensors(TensorPrefix.parameters, specifications)
    }

    func optimizerMoments<Scalar: FloatingScalar>(
        _ specifications: [ParameterSpecification]
    ) throws(CheckpointError) -> Parameters<Scalar> {
        try tensors(TensorPrefix.optimizer, specifications)
    }

    /// The network that `network` describes, as `linwarp train` writes it.
    public func configuration() throws(CheckpointError) -> NetworkConfiguration {
        let configuration = try decoded(NetworkConfiguration.self, MetadataKey.network)
        if let fault = configuration.fault {
            throw .invalidMetadata(
                path: path, key: "\(MetadataKey.network).\(fault.key)", found: fault.found, expected: fault.expected)
        }
        return configuration
    }

    func random() throws(CheckpointError) -> [String: RandomSource] {
        let sources = try decoded([String: RandomSource].self, MetadataKey.random)
        for source in sources.values where source.position > positionLimit {
            throw .invalidMetadata(
                path: path, key: MetadataKey.random, found: "the position \(source.position)", expected: "at most \(positionLimit)")
        }
        return sources
    }

    func earlyStopping() throws(CheckpointError) -> EarlyStopping? {
        guard contents.metadata[MetadataKey.earlyStopping] != nil else { return nil }
        let state = try decoded(EarlyStopping.self, MetadataKey.earlyStopping)
        guard state.patience >= 1 && (0...iteration).contains(state.bestIteration) else {
            throw .invalidMetadata(
                path: path, key: MetadataKey.earlyStopping,
                found: "the patience \(state.patience) and the best iteration \(state.bestIteration)",
                expected: "at least 1, and one of 0...\(iteration)")
        }
        return state
    }

    /// A whole number from 0, small enough to count on from there.
    func count(_ key: String) throws(CheckpointError) -> Int {
        let text = try Self.metadata(key, contents, path)
        guard let count = Int(text), (0...countLimit).contains(count) else {
            throw .invalidMetadata(path: path, key: key, found: quoted(text), expected: "a whole number of 0...\(countLimit)")
        }
        return count
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ key: String) throws(CheckpointError) -> Value {
        let text = try Self.metadata(key, contents, path)
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            let member = (error as? DecodingError)?.member.map { "; \($0) does not fit" } ?? ""
            throw .invalidMetadata(path: path, key: key, found: quoted(text), expected: "\(type) in JSON\(member)")
        }
    }

    private static func metadata(_ key: String, _ contents: Safetensors, _ path: String) throws(CheckpointError) -> String {
        guard let text = contents.metadata[key] else {
            throw .invalidMetadata(path: path, key: key, found: "nothing", expected: "an entry")
        }
        return text
    }

    private func tensors<Scalar: FloatingScalar>(
        _ prefix: String, _ specifications: [ParameterSpecification]
    ) throws(CheckpointError) -> Parameters<Scalar> {
        var tensors: [Tensor<Scalar>] = []
        for specification in specifications {
            let name = prefix + specification.name
            guard let stored = contents.tensors[name] else { throw .missingTensor(path: path, tensor: name) }
            guard stored.shape == specification.shape else {
                throw .wrongShape(path: path, tensor: name, found: stored.shape, expected: specification.shape)
            }
            guard let tensor: Tensor<Scalar> = stored.tensor() else {
                let expected: StoredType = Scalar.self == Float.self ? .float : .double
                throw .wrongType(path: path, tensor: name, found: stored.type.rawValue, expected: expected.rawValue)
            }
            try checkFinite(tensor, name, path: path)
            tensors.append(tensor)
        }
        let known = Set(specifications.map { prefix + $0.name })
        let otherPrefix = prefix == TensorPrefix.parameters ? TensorPrefix.optimizer : TensorPrefix.parameters
        let unknown = contents.tensors.keys.filter { !known.contains($0) && !$0.hasPrefix(otherPrefix) }
        if let unknown = unknown.min() { throw .unknownTensor(path: path, tensor: unknown) }
        return Parameters(specifications, tensors)
    }
}

extension DecodingError {
    /// The name of what in a JSON object is missing or can't be read.
    fileprivate var member: String? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty ? nil : context.codingPath.map(\.stringValue).joined(separator: ".")
        case .keyNotFound(let key, let context): (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
        @unknown default: nil
        }
    }
}

/// Iterations and steps of a file: no training has more, and products with the numbers of processes and of images in a batch stay far from
/// overflow.
private let countLimit = 1 << 31

/// Random numbers drawn, according to a file: counting on from there does not overflow.
private let positionLimit: UInt64 = 1 << 62
