import Files
import LinWarp

/// What trainings came to: numbers, tables, words and curves for reports.
extension TransformerTrainings {
    /// That of a variant at a rate from one seed; nil until it is trained.
    func outcome(_ variant: Int, rate: Int, run: Int) -> Outcome? { outcomes[[variant, rate, run]] }

    /// Those of a variant at a rate, over the seeds.
    func outcomes(_ variant: Int, rate: Int) -> [Outcome] { (0..<seeds).compactMap { outcomes[[variant, rate, $0]] } }

    /// The variants that were trained at a rate.
    func trained(at rate: Int) -> [Int] { variants.indices.filter { !outcomes($0, rate: rate).isEmpty } }

    /// The seeds from which it has learned; all where it has from none. A training that has led nowhere tells of its start, and not of how good a variant is
    /// at a rate: means are over the others.
    private func runs(_ variant: Int, rate: Int) -> [Int] {
        let trained = (0..<seeds).filter { outcomes[[variant, rate, $0]] != nil }
        let learned = trained.filter { outcomes[[variant, rate, $0]]!.hasLearned }
        return learned.isEmpty ? trained : learned
    }

    /// Those of `runs`.
    private func counted(_ variant: Int, rate: Int) -> [Outcome] { runs(variant, rate: rate).map { outcomes[[variant, rate, $0]]! } }

    /// How many of them do not count.
    func failures(_ variant: Int, rate: Int) -> Int { outcomes(variant, rate: rate).count - counted(variant, rate: rate).count }

    /// In percent, over the seeds that count.
    func testErrors(_ variant: Int, rate: Int) -> [Double] { counted(variant, rate: rate).map { 100 * $0.testError } }

    /// The rate at which a variant has the lowest validation error, in the mean over the seeds that count, of the rates that it was trained at from most
    /// seeds; nil until something is trained.
    func bestRate(_ variant: Int) -> Int? {
        let most = rates.indices.map { outcomes(variant, rate: $0).count }.max()!
        let begun = rates.indices.filter { most > 0 && outcomes(variant, rate: $0).count == most }
        func error(_ rate: Int) -> Double { average(counted(variant, rate: rate).map(\.validationError)) }
        return begun.min { error($0) < error($1) }
    }

    /// What of a plan may be best from any seed: of rates above that at which a variant comes to its lowest validation error from the first seed only
    /// those at which it comes within ten points of it. Where variants share rates, what may be best for one is there for all.
    func promising(_ plan: Plan) -> Plan {
        let own = plan.map { variant, planned in
            func error(_ rate: Int) -> Double { outcome(variant, rate: rate, run: 0)?.validationError ?? .infinity }
            let best = planned.min { error($0) < error($1) }!
            return planned.filter {
                rates[$0].value <= rates[best].value || outcome(variant, rate: $0, run: 0) == nil || error($0) <= error(best) + 0.1
            }
        }
        guard sharesRates else { return zip(plan, own).map { ($0.variant, $1) } }
        let shared = Set(own.joined())
        return plan.map { ($0.variant, $0.rates.filter(shared.contains)) }
    }

    /// How many outcomes there are once a plan is done, as far as it can be known.
    func planned(_ plan: Plan) -> Int {
        plan.reduce(0) { $0 + $1.rates.count } + (seeds - 1) * promising(plan).reduce(0) { $0 + $1.rates.count }
    }

    /// By how many percent of the test images a variant is better than another, over the seeds from which both have learned, without an interval where
    /// there are none: nil until both are trained from all.
    ///
    /// Whatever variants and rates have learned from these seeds tell how much trainings scatter.
    func gain(of variant: Int, at rate: Int, over other: Int, at otherRate: Int) -> Estimate? {
        let (worse, better) = ([other, otherRate], [variant, rate])
        let trained = variants.indices.flatMap { i in rates.indices.map { [i, $0] } }
            .filter { outcomes($0[0], rate: $0[1]).count == seeds }
        guard trained.contains(worse), trained.contains(better) else { return nil }
        let shared = runs(variant, rate: rate).filter(runs(other, rate: otherRate).contains)
        guard !shared.isEmpty else {
            let difference = average(testErrors(other, rate: otherRate)) - average(testErrors(variant, rate: rate))
            return Estimate(value: difference, interval: -.infinity ... .infinity)
        }
        let blocks = trained.filter { place in
            place == worse || place == better || shared.allSatisfy { outcomes[place + [$0]]!.hasLearned }
        }
        return .difference(
            blocks.firstIndex(of: worse)!, minus: blocks.firstIndex(of: better)!,
            in: blocks.map { place in shared.map { 100 * outcomes[place + [$0]]!.testError } })
    }

    /// The mean over seeds at each validation that all of them came to.
    func meanCurve(_ variant: Int, rate: Int, _ number: (Point) -> Double) -> [(iteration: Int, mean: Double)] {
        let curves = outcomes(variant, rate: rate).map(\.curve)
        guard let first = curves.first else { return [] }
        return first.indices.prefix(curves.map(\.count).min()!).map { i in (first[i].iteration, average(curves.map { number($0[i]) })) }
    }

    /// A line for each variant and rate that it was trained at; for one that was not trained at all too where they are `all` to be.
    func table(_ settings: ExperimentSettings, all: Bool = true) -> String {
        let head = ["variant", "rate", "validation error (%)", "test error (%)", "scale at the end", "iterations"]
        let rows = everything.flatMap { i, rates in
            let trained = rates.filter { !outcomes(i, rate: $0).isEmpty }
            return (trained.isEmpty && all ? rates : trained).map { j in
                let outcomes = outcomes(i, rate: j)
                let (name, rate) = (variants[i].name, "\(self.rates[j].value)")
                guard !outcomes.isEmpty else { return [name, rate, "–", "–", "–", "not trained"] }
                let counted = counted(i, rate: j)
                let left = failures(i, rate: j)
                return [
                    name, rate, counted.contains { $0.curve.isEmpty } ? "–" : fixed(100 * average(counted.map(\.validationError)), 2),
                    testError(i, rate: j).text(2) + (left > 0 ? ", without \(left) that learned nothing" : ""),
                    outcomes.map { $0.curve.last.map { fixed($0.scale, 3) } ?? "–" }.joined(separator: ", "),
                    outcomes.map { length($0, variants[i], self.rates[j], settings) }.joined(separator: ", "),
                ]
            }
        }
        return markdownTable([head] + rows)
    }

    /// How many iterations a training took, and why no more where more were planned.
    private func length(
        _ outcome: Outcome, _ variant: TransformerVariant, _ rate: TransformerRate, _ settings: ExperimentSettings
    ) -> String {
        guard outcome.iterations < iterations(variant, rate, settings) else { return "\(outcome.iterations)" }
        let best = outcome.curve.min { $0.validationError < $1.validationError }?.iteration ?? 0
        let isOver = variant.patience.map { outcome.iterations - best >= $0 } ?? false
        return "\(outcome.iterations) (\(isOver ? "no better for \(variant.patience!)" : "not finite"))"
    }

    /// In percent: with Student's interval over seeds, or of a single one with Wilson's over the test images.
    ///
    /// How much seeds scatter is told by all variants and rates together that have learned from several: two seeds of one alone would tell little.
    func testError(_ variant: Int, rate: Int) -> Estimate {
        let own = counted(variant, rate: rate)
        guard own.count > 1 else { return Estimate(value: own[0].testError, interval: own[0].testInterval).on { 100 * $0 } }
        let groups = variants.indices.flatMap { i in
            rates.indices.filter { j in
                let counted = counted(i, rate: j)
                return [i, j] != [variant, rate] && counted.count > 1 && counted[0].hasLearned
            }.map { testErrors(i, rate: $0) }
        }
        let estimate = Estimate.mean(testErrors(variant, rate: rate), among: own[0].hasLearned ? groups : [])
        return Estimate(value: estimate.value, interval: max(0, estimate.interval.lowerBound)...min(100, estimate.interval.upperBound))
    }

    /// Whether all is trained that is planned: before, nothing is judged.
    func isComplete(planned: Int) -> Bool { outcomes.count == planned }

    /// A warning where there are fewer outcomes than planned, else nothing.
    func warning(planned: Int) -> String {
        isComplete(planned: planned) ? "" : "**Incomplete: \(outcomes.count) of \(planned) trainings.** "
    }

    /// How the signs' trainings were done, in words.
    ///
    /// - Parameters:
    ///   - planned: How many outcomes there are once all is trained.
    func setUp(planned: Int, _ settings: ExperimentSettings) -> String {
        let lengths =
            Set(rates.map(\.iterations)).count == 1
            ? "\(rates[0].iterations) iterations"
            : rates.map { "\($0.iterations) iterations at a rate of \($0.value)" }.joined(separator: ", ")
        let intervals =
            seeds == 1
            ? "A single seed: intervals are Wilson's over the test images."
            : """
            \(seeds) seeds; only the first at rates above the best one at which its validation error is ten points higher\(sharesRates ? ", with both" : ""). A \
            training that ends with a validation error of a half has learned nothing, and means are over the others, where there are. Intervals are Student's over seeds, \
            on one test set, or of a single seed Wilson's over the test images; by the scatter of all trainings that have learned around the means of their \
            kind, for differences also around those of their seed.
            """
        return """
            \(warning(planned: planned))\(task.transformer.title) at \(task.downsampling)× on \(settings.isQuick ? "signs drawn from formulas" : "GTSRB"). Adam, \
            batches of \(task.batch), constant rates: \(lengths), \(variants[0].classifierRate) for the classifier; the parameters with the \
            lowest validation error count. \(intervals)
            """
    }

    /// The means over seeds and each seed, of all variants at all rates, by iteration: as columns of a CSV table.
    func curves(_ title: String, _ number: (Point) -> Double) -> (names: [String], rows: [[String]]) {
        let iterations = Set(outcomes.values.flatMap { $0.curve.map(\.iteration) }).sorted()
        var (names, columns): ([String], [[Int: Double]]) = ([], [])
        for (j, rate) in rates.enumerated() {
            for (i, variant) in variants.enumerated() {
                names.append("\(title) \(variant.name) \(rate.value)")
                columns.append(Dictionary(uniqueKeysWithValues: meanCurve(i, rate: j, number).map { ($0.iteration, $0.mean) }))
                for run in 0..<seeds {
                    names.append("\(title) \(variant.name) \(rate.value) run \(run + 1)")
                    let points = outcomes[[i, j, run]]?.curve ?? []
                    columns.append(Dictionary(uniqueKeysWithValues: points.map { ($0.iteration, number($0)) }))
                }
            }
        }
        let rows = iterations.map { iteration in
            ["\(iteration)"] + columns.map { $0[iteration].flatMap { $0.isFinite ? fixed($0, 5) : nil } ?? "" }
        }
        return (["iteration"] + names, rows)
    }

    /// The rates at which a training has come to a validation: gnuplot draws no panel without a number.
    var begunRates: [Int] { rates.indices.filter { j in variants.indices.contains { hasCurve($0, rate: j) } } }

    private func hasCurve(_ variant: Int, rate: Int) -> Bool { outcomes(variant, rate: rate).contains { !$0.curve.isEmpty } }

    /// Where a variant's mean is in such a table, counted from 1.
    func column(_ variant: Int, rate: Int) -> Int { 2 + (rate * variants.count + variant) * (1 + seeds) }

    /// What gnuplot draws for one rate: the means, and each seed as a thin line of the same colour.
    func lines(rate: Int, offset: Int = 0) -> String {
        variants.enumerated().flatMap { i, variant in
            guard hasCurve(i, rate: rate) else {
                // The key of one panel is for all of them.
                let isElsewhere = rates.indices.contains { hasCurve(i, rate: $0) }
                return isElsewhere ? ["NaN with lines linetype \(variant.lineType) title \"\(variant.name)\""] : []
            }
            let first = offset + column(i, rate: rate)
            return (1...seeds).map { "data using 1:\(first + $0) with lines linetype \(variant.lineType) linewidth 0.7 notitle" } + [
                "data using 1:\(first) with lines linetype \(variant.lineType) title \"\(variant.name)\""
            ]
        }.joined(separator: ", \\\n    ")
    }
}
