import Files
import LinWarp

/// Where the time of training steps went.
package struct TrainingProfile: Sendable {
    private let operations: OperationProfile
    private let steps: Int

    /// - Parameters:
    ///   - operations: Of all steps together.
    ///   - steps: Their number.
    package init(_ operations: OperationProfile, steps: Int) {
        self.operations = operations
        self.steps = steps
    }

    /// A table for people to read, the longest operation first.
    ///
    /// The floor is the time that the machine takes at the least: for the products that are added up, or for the bytes of operands and results.
    /// An algorithm with fewer products than the sum it computes can go below it.
    package func lines(on machine: MachineSpeed) -> [String] {
        guard steps > 0 else { return ["no step was measured: --profile leaves out the first one"] }
        func milliseconds(_ time: Duration) -> Double { time / .milliseconds(1) / Double(steps) }
        func floor(_ work: OperationProfile.Work) -> Double {
            1000 * max(work.products / machine.products, work.bytes / machine.bytes) / Double(steps)
        }
        let rows = operations.costs.map { operation, cost in
            Row(
                forward: milliseconds(cost.forward), backward: milliseconds(cost.backward),
                floor: floor(cost.forwardWork) + floor(cost.backwardWork),
                name: operation.description + (cost.calls > steps ? ", \(cost.calls / steps) times" : ""))
        }.sorted { ($0.time, $1.name) > ($1.time, $0.name) }
        let sum = Row(
            forward: rows.reduce(0) { $0 + $1.forward }, backward: rows.reduce(0) { $0 + $1.backward },
            floor: rows.reduce(0) { $0 + $1.floor }, name: "a step, of \(steps)")
        return ["forward ms  backward ms    share    floor  operation"] + (rows + [sum]).map { $0.line(of: sum.time) } + [
            "floor: \(fixed(machine.products / 1e9, 0)) thousand million products a second, \(fixed(machine.bytes / 1e9, 0)) GB/s"
        ]
    }

    private struct Row {
        var forward, backward, floor: Double
        var name: String

        var time: Double { forward + backward }

        func line(of step: Double) -> String {
            [
                (fixed(forward, 3), 10), (fixed(backward, 3), 13), ("\(fixed(100 * time / step, 1)) %", 9),
                ("\(fixed(100 * floor / time, 0)) %", 9),
            ].map { text, width in String(repeating: " ", count: max(0, width - text.count)) + text }.joined() + "  " + name
        }
    }
}

extension OperationProfile.Operation {
    fileprivate var description: String {
        func lengths(_ shape: [Int]) -> String { shape.isEmpty ? "1" : shape.map(String.init).joined(separator: "x") }
        return operands.isEmpty ? name : "\(name) \(operands.map(lengths).joined(separator: ", ")) to \(lengths(result))"
    }
}
