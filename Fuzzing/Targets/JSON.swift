import Files
import Foundation
import LinWarp
import TrainingRuns

/// What checkpoints and logs hold as JSON.
@Sendable func fuzzJSON(_ bytes: [UInt8]) {
    let (data, decoder) = (Data(bytes), JSONDecoder())
    if let configuration = try? decoder.decode(NetworkConfiguration.self, from: data), configuration.isValid {
        let network = ClassificationNetwork(configuration)
        precondition(network.specifications.allSatisfy { $0.shape.allSatisfy { $0 > 0 } })
        precondition((try? decoder.decode(NetworkConfiguration.self, from: Data(encoded(configuration).utf8))) == configuration)
    }
    if let stopping = try? decoder.decode(EarlyStopping.self, from: data) { _ = encoded(stopping) }
    if let sources = try? decoder.decode([String: RandomSource].self, from: data) { _ = encoded(sources) }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
        if let entry = try? decoder.decode(TrainingLog.Entry.self, from: Data(line)) { _ = encoded(entry) }
    }
    if let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] { _ = object.mapValues { "\($0)" } }
}

private func encoded(_ value: some Encodable) -> String {
    do { return try encodedJSON(value) } catch { preconditionFailure("found \(error), expected what was read to be written") }
}
