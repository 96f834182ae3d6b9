import Foundation
import XCTest

/// How long what should end may take before it counts as hanging: far longer than anything takes on a slow machine that has other work.
public let hangingTime: TimeInterval = 600

/// Waits until something has come about that other threads see to.
public func waitUntil(file: StaticString = #filePath, line: UInt = #line, _ condition: () -> Bool) {
    let start = ContinuousClock.now
    while !condition() {
        guard ContinuousClock.now - start < .seconds(hangingTime) else { return XCTFail("still waiting", file: file, line: line) }
        Thread.sleep(forTimeInterval: 0.001)
    }
}

/// The seconds of processor time that this thread takes for `body`, whatever else the machine does meanwhile.
public func processorSeconds(_ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        XCTAssertEqual(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
}
