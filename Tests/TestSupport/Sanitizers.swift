import XCTest

/// Skips the rest of a test under either sanitizer; `make sanitize` sets the conditions.
public func skipUnderSanitizers(because reason: String) throws {
    #if ADDRESS_SANITIZER
        throw XCTSkip("address sanitizer: \(reason)")
    #elseif THREAD_SANITIZER
        throw XCTSkip("thread sanitizer: \(reason)")
    #endif
}
