import Files

/// How far work on many images is, and how long the rest will take.
struct Pace {
    private let work: String
    private let all: Int
    private let first: Int
    private var done: Int
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - work: What is done.
    ///   - all: How many images there are.
    ///   - first: How many were done before.
    init(_ work: String, of all: Int, from first: Int = 0) { (self.work, self.all, self.first, done) = (work, all, first, first) }

    /// After one more.
    mutating func next() -> String {
        done += 1
        let seconds = start.duration(to: .now) / .seconds(1)
        return "\(work) \(done) of \(all), \(fixed(seconds / Double(done - first) * Double(all - done), 0)) s left"
    }
}
