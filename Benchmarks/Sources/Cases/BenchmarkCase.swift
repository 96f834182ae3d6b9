import LinWarp

/// Something to time.
public protocol BenchmarkCase {
    /// Makes ready for one repetition, and gives it.
    mutating func prepared() -> () -> Void
}

extension BenchmarkCase {
    /// The milliseconds of one repetition.
    public mutating func repetition() -> Double {
        let body = prepared()
        let clock = ContinuousClock()
        let start = clock.now
        body()
        return (clock.now - start) / .milliseconds(1)
    }
}

/// The same numbers each time.
func uniform(_ shape: [Int], _ range: Range<Float> = 0..<1, seed: UInt64 = 1) -> Tensor<Float> {
    var random = RandomSource(seed: seed)
    return Tensor.uniform(shape, in: range, from: &random)
}
