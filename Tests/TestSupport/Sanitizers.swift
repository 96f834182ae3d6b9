import XCTest

/// The sanitizer that the tests are built with; `make sanitize` sets the condition.
public enum Sanitizer: Sendable {
    case address, thread

    #if ADDRESS_SANITIZER
        fileprivate static let current: Sanitizer? = .address
    #elseif THREAD_SANITIZER
        fileprivate static let current: Sanitizer? = .thread
    #else
        fileprivate static let current: Sanitizer? = nil
    #endif
}

/// Skips the rest of a test under any of the sanitizers.
public func skip(under sanitizers: Sanitizer..., because reason: String) throws {
    if let current = Sanitizer.current, sanitizers.contains(current) { throw XCTSkip("\(current) sanitizer: \(reason)") }
}
