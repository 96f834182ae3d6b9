import Glibc

/// `body` while these signals do what they do by themselves, also to the processes that it starts: a shell that runs the tests in the
/// background, or `nohup`, has them ignored.
public func withDefaultSignals<Result>(_ signals: CInt..., body: () throws -> Result) rethrows -> Result {
    let before = signals.map { signal($0, SIG_DFL) }
    defer { for (number, handler) in zip(signals, before) { signal(number, handler) } }
    return try body()
}
