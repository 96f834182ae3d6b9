import Commands
import LinWarp
import NeuralNetworks

/// The JSON at the start of a safetensors file. What is read from it can be written and read again.
@Sendable func fuzzSafetensorsHeader(_ bytes: [UInt8]) {
    reading {
        let header = try SafetensorsHeader(parsing: bytes, path: "file")
        _ = try header.checkLayout(path: "file")
        let sorted = header.entries.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        let written = SafetensorsHeader.bytes(for: sorted.map { ($0.name, $0.type, $0.shape) }, metadata: header.metadata)
        let again = try SafetensorsHeader(parsing: written, path: "file")
        precondition(again.metadata == header.metadata && again.entries == sorted)
    }
}

/// A safetensors file as it is, and with the lengths put right: a damaged header would seldom have that of before.
@Sendable func fuzzCheckpoint(_ bytes: [UInt8]) {
    readCheckpoint(bytes)
    if let fitting = withLengths(bytes) { readCheckpoint(fitting) }
}

private func readCheckpoint(_ bytes: [UInt8]) {
    let file = MemoryFile(bytes)
    reading { _ = try Safetensors(contentsOf: file.path) }
    reading {
        let trained = try TrainedNetwork(file.path, sampler: nil)
        goOn(from: file.path, as: trained)
        let (configuration, network) = (trained.network.configuration, trained.network)
        guard configuration.side <= 64, configuration.channels == 1, configuration.classes <= 100 else { return }
        let images = Tensor<Float>.zeros([1, 1, configuration.side, configuration.side])
        let label = network.evaluated(images, trained.parameters).softmax(axis: 1).argmax(axis: 1)[0]
        precondition((0..<configuration.classes).contains(label))
    }
}

/// Takes a training up where the file says that it was left.
private func goOn(from path: String, as trained: TrainedNetwork) {
    reading {
        let optimizer = Optimizer(.adam(), groups: [ParameterGroup(learningRate: 0.001)], for: trained.parameters)
        var checkpoint = Checkpoint(parameters: trained.parameters, optimizer: optimizer, network: trained.file.network)
        try checkpoint.restore(from: path)
        if trained.parameters.tensors.reduce(0, { $0 + $1.count }) <= 10000 {
            let gradients = checkpoint.parameters.trainable.map { Tensor<Float>.zeros(checkpoint.parameters.tensors[$0].shape) }
            checkpoint.optimizer.update(&checkpoint.parameters, gradients: gradients)
        }
        checkpoint.iteration += 1
        for name in checkpoint.random.keys { _ = checkpoint.random[name]?.next() }
        guard checkpoint.earlyStopping?.shouldStop(at: checkpoint.iteration) == false else { return }
        _ = checkpoint.earlyStopping?.record(0.5, at: checkpoint.iteration)
    }
}

/// The file with the length of its header up to the last brace, and with as many bytes of data as the header asks for.
private func withLengths(_ bytes: [UInt8]) -> [UInt8]? {
    let rest = bytes.dropFirst(8)
    guard let end = rest.lastIndex(of: UInt8(ascii: "}")) else { return nil }
    let header = Array(rest[...end])
    guard let size = try? SafetensorsHeader(parsing: header, path: "file").checkLayout(path: "file"), size <= 1 << 16 else { return nil }
    let data = Array(rest[(end + 1)...].prefix(size))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + data + [UInt8](repeating: 0, count: size - data.count)
}
