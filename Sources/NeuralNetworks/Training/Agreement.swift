import Foundation
import LinearAlgebra
import Tensors

extension Trainer {
    /// Throws, on every process, where one of them would train something else than process 0. The error names what differs.
    ///
    /// - Parameter facts: What the course depends on beside the checkpoint, by name: how long it is, the data.
    public func checkAgreement(on facts: [String: String] = [:]) throws(TrainingError) {
        guard communicator.count > 1 else { return }
        let own = checkpoint.facts.merging(facts) { _, given in given }
        let all = try communicator.gathered(Array(json(own).utf8), for: "the start of training").map { bytes in
            (try? JSONDecoder().decode([String: String].self, from: Data(bytes))) ?? [:]
        }
        guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
        let names = Set(all[0].keys).union(all[other].keys).filter { all[0][$0] != all[other][$0] }
        func values(_ process: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: names.map { ($0, all[process][$0] ?? "none") })
        }
        throw .differentStart(process: other, found: values(other), expected: values(0))
    }
}

extension Checkpoint {
    /// Everything on which the rest of training depends, by name. Tensors as a digest.
    fileprivate var facts: [String: String] {
        var facts = settings
        facts["scalar"] = "\(Scalar.self)"
        facts["iteration"] = "\(iteration)"
        facts["parameters"] = digest(parameters)
        facts["optimizer"] = "\(digest(optimizer.moments)) after \(optimizer.step) steps"
        if let earlyStopping {
            facts["patience"] = "\(earlyStopping.patience)"
            facts["best"] = earlyStopping.bestError.map { "\($0) at iteration \(earlyStopping.bestIteration)" }
        }
        for (name, source) in random { facts["random.\(name)"] = "\(source.seed).\(source.stream) at \(source.position)" }
        if let fields = jsonFields(network) {
            for (name, value) in fields { facts["network.\(name)"] = value }
        } else {
            facts["network"] = network
        }
        return facts
    }

    private func digest(_ parameters: Parameters<Scalar>) -> String {
        var digest = Digest()
        for (specification, tensor) in zip(parameters.specifications, parameters.tensors) {
            digest.add(specification.name)
            digest.add(tensor.shape)
            tensor.withScalars { digest.add(UnsafeRawBufferPointer($0)) }
        }
        return digest.description
    }
}

/// The values in a JSON object, as text by name; nil for any other text.
package func jsonFields(_ text: String) -> [String: String]? {
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return object?.mapValues { value in
        // Those with parts of their own on one line.
        guard JSONSerialization.isValidJSONObject(value),
            let text = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys)
        else { return "\(value)" }
        return String(decoding: text, as: UTF8.self)
    }
}
