import Glibc
import XCTest

/// `body` while no file of this process can grow beyond so many bytes, which stands in for a full disk: writing gets part of the way.
public func withLargestFile<Result>(_ bytes: Int, _ body: () throws -> Result) rethrows -> Result {
    // The signal would end the process; ignored, it leaves writing to fail.
    let handler = signal(SIGXFSZ, SIG_IGN)
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    var limit = rlimit()
    XCTAssertEqual(getrlimit(resource, &limit), 0)
    var small = limit
    small.rlim_cur = rlim_t(bytes)
    XCTAssertEqual(setrlimit(resource, &small), 0)
    defer {
        XCTAssertEqual(setrlimit(resource, &limit), 0)
        signal(SIGXFSZ, handler)
    }
    return try body()
}
