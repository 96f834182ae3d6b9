import Files
import LinWarp

/// What an experiment says about a claim.
package enum Verdict: String {
    case holds = "Holds"
    case doesNotHold = "Does not hold"
    /// What was found agrees with the claim and with its opposite: the interval of a difference has zero in it.
    case undecided = "Undecided"

    /// Of a claim that several parts must hold for.
    package static func all(of parts: [Verdict]) -> Verdict {
        if parts.contains(.doesNotHold) { return .doesNotHold }
        return parts.allSatisfy { $0 == .holds } ? .holds : .undecided
    }
}

/// A number as few trials show it, with its 95 % interval.
package struct Estimate: Equatable {
    package var value: Double
    /// Without bounds where a single trial says nothing about it.
    package var interval: ClosedRange<Double>

    /// Whether the number is above zero.
    package var isPositive: Verdict {
        if interval.lowerBound > 0 { return .holds }
        return interval.upperBound < 0 ? .doesNotHold : .undecided
    }

    /// With so many digits, as "1.23 (0.98 to 1.48)".
    package func text(_ digits: Int) -> String {
        guard interval.upperBound < .infinity else { return "\(fixed(value, digits)) (no interval)" }
        return "\(fixed(value, digits)) (\(fixed(interval.lowerBound, digits)) to \(fixed(interval.upperBound, digits)))"
    }

    private init(_ value: Double, variance: Double, freedom: Int) {
        let reach = freedom > 0 ? studentQuantile(freedom) * variance.squareRoot() : .infinity
        self.init(value: value, interval: value - reach...value + reach)
    }

    package init(value: Double, interval: ClosedRange<Double>) {
        self.value = value
        self.interval = interval
    }

    /// The mean over seeds, by Student's distribution.
    ///
    /// - Parameter others: Means of other kinds are over these numbers, whose spread is taken to be the same.
    package static func mean(_ numbers: [Double], among others: [[Double]] = []) -> Estimate {
        let groups = [numbers] + others
        let freedom = groups.reduce(0) { $0 + $1.count - 1 }
        let variance = groups.reduce(0) { $0 + squares($1) } / Double(max(1, freedom))
        return Estimate(average(numbers), variance: variance / Double(numbers.count), freedom: freedom)
    }

    /// The difference of two means over the same seeds. A seed gives all trainings the same images and beginnings, and so shifts them together: they are
    /// randomized blocks (Fisher 1935, "The Design of Experiments"), whose spread is that around the means of training and seed.
    ///
    /// - Parameters:
    ///   - place: In the list, of the one from which the other is subtracted.
    ///   - other: In the list.
    ///   - blocks: By training and seed: these two and others whose spread is taken to be the same.
    package static func difference(_ place: Int, minus other: Int, in blocks: [[Double]]) -> Estimate {
        let (trainings, seeds) = (blocks.count, blocks[place].count)
        precondition(blocks.allSatisfy { $0.count == seeds }, "difference: seeds \(blocks.map(\.count))")
        let shifts = (0..<seeds).map { seed in average(blocks.map { $0[seed] }) }
        let residuals = blocks.reduce(0) { $0 + squares(zip($1, shifts).map { $0 - $1 }) }
        let freedom = (trainings - 1) * (seeds - 1)
        return Estimate(
            average(blocks[place]) - average(blocks[other]), variance: 2 * residuals / Double(max(1, freedom)) / Double(seeds),
            freedom: freedom)
    }

    /// The mean over units that were drawn independently, by the bootstrap.
    package static func bootstrap(_ units: [Double]) -> Estimate {
        bootstrap(units.count) { drawn in average(drawn.map { units[$0] }) }
    }

    /// A number that units give that were drawn independently, by the percentiles of what it is for units drawn from them with replacement
    /// (Efron's bootstrap). The same numbers give the same interval.
    ///
    /// - Parameters:
    ///   - count: How many units there are.
    ///   - statistic: Of the units with these numbers; not finite where they give none, as draws then are left out.
    package static func bootstrap(_ count: Int, _ statistic: ([Int]) -> Double) -> Estimate {
        var random = RandomSource(seed: 0, stream: 2)
        let draws = (0..<2000).map { _ in
            statistic((0..<count).map { _ in Int.random(in: 0..<count, using: &random) })
        }.filter(\.isFinite).sorted()
        let value = statistic(Array(0..<count))
        guard value.isFinite, !draws.isEmpty else { return Estimate(value: value, interval: -.infinity ... .infinity) }
        return Estimate(value: value, interval: draws[draws.count / 40]...draws[draws.count - 1 - draws.count / 40])
    }

    /// The difference of two shares of so many independent trials each (Newcombe 1998, "Interval estimation for the difference between independent
    /// proportions", method 10: from Wilson's intervals).
    package static func difference(_ count: Int, of total: Int, minus other: Int, of otherTotal: Int) -> Estimate {
        let (p, q) = (Double(count) / Double(total), Double(other) / Double(otherTotal))
        let (a, b) = (wilsonInterval(count, of: total), wilsonInterval(other, of: otherTotal))
        func reach(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
        return Estimate(
            value: p - q,
            interval: p - q - reach(p - a.lowerBound, b.upperBound - q)...p - q + reach(a.upperBound - p, q - b.lowerBound))
    }

    /// On another scale.
    ///
    /// - Parameter scale: Increasing.
    package func on(_ scale: (Double) -> Double) -> Estimate {
        Estimate(value: scale(value), interval: scale(interval.lowerBound)...scale(interval.upperBound))
    }
}

func average(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(max(1, numbers.count)) }

/// The sum of squared distances from the mean.
private func squares(_ numbers: [Double]) -> Double {
    let mean = average(numbers)
    return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
}

/// By how many standard errors Student's 95 % interval reaches to each side.
private func studentQuantile(_ freedom: Int) -> Double {
    let table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
    // Cornish and Fisher's expansion, within 0.003 from 11 on.
    let z = 1.959964, n = Double(freedom)
    return freedom <= table.count
        ? table[freedom - 1] : z + (z * z * z + z) / (4 * n) + (5 * z * z * z * z * z + 16 * z * z * z + 3 * z) / (96 * n * n)
}
