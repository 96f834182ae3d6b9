import FoundationEssentials
import Glibc

/// The environment variables of LinWarp. They are read here, once, and checked as a program's options are.
///
/// | variable | what it holds | without it |
/// |---|---|---|
/// | `LINWARP_THREADS` | the number of threads, from 1; at most four times the processors are used | one for each processor |
/// | `LINWARP_KERNELS` | `baseline`, `avx2` or `avx512`: one that the processor runs | the best of these |
/// | `LINWARP_DATA` | the directory that holds the data sets | none |
///
/// A program calls ``check(warns:)`` at its start, as `linwarp` does. Without that call, a wrong value is a line on standard error when it is first
/// asked for, and what would hold without the variable holds.
public enum Environment {
    /// Throws the first wrong value.
    ///
    /// - Parameter warns: Whether a line on standard error says that more threads were asked for than are used; of several processes on a
    ///   machine one is to say it.
    public static func check(warns: Bool = true) throws(EnvironmentError) {
        _ = try kernelsFound.get()
        let asked = try threadsFound.get() ?? 1
        _ = try dataFound.get()
        guard warns && asked > mostThreads else { return }
        say("LINWARP_THREADS: found \(asked), using \(mostThreads), four times the \(Processors.count) processors")
    }

    /// The directory that `LINWARP_DATA` names.
    public static var data: String? { accepted(dataFound) }

    /// Whether `LINWARP_THREADS` is there, with a value that is allowed or not.
    package static var namesThreads: Bool { variables["LINWARP_THREADS"] != nil }

    static var threads: Int? { accepted(threadsFound).map { min($0, mostThreads) } }
    static var kernels: KernelLevel? { accepted(kernelsFound) }

    private static let variables = ProcessInfo.processInfo.environment
    private static let kernelsFound = Result { () throws(EnvironmentError) in try kernels(variables) }
    private static let dataFound = Result { () throws(EnvironmentError) in try data(variables) }
    private static let threadsFound = Result { () throws(EnvironmentError) in try threads(variables) }
    /// More are of no use.
    private static let mostThreads = 4 * Processors.count

    // Of any variables; nil where there is none.

    package static func kernels(_ variables: [String: String]) throws(EnvironmentError) -> KernelLevel? {
        guard let found = variables["LINWARP_KERNELS"] else { return nil }
        guard let level = KernelLevel(rawValue: found), KernelLevel.usable.contains(level) else {
            let names = KernelLevel.usable.map(\.rawValue).joined(separator: ", ")
            throw EnvironmentError(variable: "LINWARP_KERNELS", found: found, expected: "one of \(names) on this processor")
        }
        return level
    }

    package static func threads(_ variables: [String: String]) throws(EnvironmentError) -> Int? {
        guard let found = variables["LINWARP_THREADS"] else { return nil }
        guard let number = Int(found), number >= 1 else {
            throw EnvironmentError(variable: "LINWARP_THREADS", found: found, expected: "a whole number from 1")
        }
        return number
    }

    package static func data(_ variables: [String: String]) throws(EnvironmentError) -> String? {
        guard let found = variables["LINWARP_DATA"] else { return nil }
        guard !found.isEmpty else {
            throw EnvironmentError(variable: "LINWARP_DATA", found: found, expected: "the directory that holds the data sets")
        }
        return found
    }

    private static func accepted<Value>(_ found: Result<Value?, EnvironmentError>) -> Value? {
        do { return try found.get() } catch {
            say("\(error)")
            return nil
        }
    }

    private static func say(_ line: String) {
        var text = Array("linwarp: \(line)\n".utf8)
        // Where nobody listens any more there is nobody to tell.
        _ = write(STDERR_FILENO, &text, text.count)
    }
}

/// An environment variable with a value that is not allowed; `description` is one line for the user.
public struct EnvironmentError: Error, Equatable, CustomStringConvertible {
    /// Its name.
    public let variable: String
    /// Its value.
    public let found: String
    /// What is allowed.
    public let expected: String

    public var description: String { "\(variable): found \(found.isEmpty ? "an empty value" : "\"\(found)\""), expected \(expected)" }
}
