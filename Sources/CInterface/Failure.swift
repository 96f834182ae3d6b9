import CLinWarp
import LinearAlgebra
import Registration
import Sampling
import Stacking

/// Why a function fails: what its status and the last error's text come from.
struct Failure: Error {
    var status: linwarp_status
    var text: String

    /// An argument or option is not what the function takes.
    static func invalid(_ argument: String, found: String, expected: String) -> Failure {
        Failure(status: LINWARP_INVALID_ARGUMENT, text: "\(argument): found \(found), expected \(expected)")
    }
}

/// Runs `body`; what it throws becomes a status and this thread's last error, after the function's name.
func status(_ function: String = #function, _ body: () throws -> Void) -> linwarp_status {
    do {
        try body()
        return LINWARP_OK
    } catch {
        let failure = Failure(error)
        clinwarp_set_last_error("\(function.prefix { $0 != "(" }): \(failure.text)")
        return failure.status
    }
}

extension Failure {
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let shortage as MemoryShortage: self.init(status: LINWARP_NO_MEMORY, text: "\(shortage)")
        case let error as AlignmentError: self.init(status: LINWARP_INVALID_ARGUMENT, text: "\(error)")
        case let error as MatrixConventionError: self.init(status: LINWARP_INVALID_ARGUMENT, text: "convention \(error)")
        case let error as StackError: self.init(status: error.isArgument ? LINWARP_INVALID_ARGUMENT : LINWARP_FAILED, text: "\(error)")
        default: self.init(status: LINWARP_FAILED, text: "\(error)")
        }
    }
}

extension StackError {
    /// Whether another argument would do, rather than other frames.
    fileprivate var isArgument: Bool {
        switch self {
        case .noSuchReference, .wrongMaskSize, .nothingCounts: true
        default: false
        }
    }
}
