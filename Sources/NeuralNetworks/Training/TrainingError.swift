/// Training that can't go on. Every process finds the same, at the same time.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// The loss, or a parameter's gradient, is not a finite number any more. The parameters are as they were before that iteration.
    case notFinite(iteration: Int)
    /// A process would train something else than process 0. What differs, by name.
    case differentStart(process: Int, found: [String: String], expected: [String: String])
    /// A process has come to exchange something else than process 0.
    case differentExchange(process: Int, found: String, expected: String)

    public var description: String {
        switch self {
        case .notFinite(let iteration):
            "iteration \(iteration): found a loss or gradient that is not a finite number, expected one that is"
        case .differentStart(let process, let found, let expected):
            "process \(process): found \(Self.list(found)), expected \(Self.list(expected)), as on process 0"
        case .differentExchange(let process, let found, let expected):
            "process \(process): found at \(found), expected at \(expected), as process 0"
        }
    }

    private static func list(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
