import PaperExperiments
import Tensors
import XCTest

final class VerdictTests: XCTestCase {
    /// Against Student's table.
    func testMeansOverSeeds() {
        let mean = Estimate.mean([1, 2, 3])
        XCTAssertEqual(mean.value, 2)
        XCTAssertEqual(mean.interval.upperBound, 2 + 4.303 / 3.0.squareRoot(), accuracy: 1e-9)
        XCTAssertEqual(mean.interval.lowerBound, 2 - 4.303 / 3.0.squareRoot(), accuracy: 1e-9)
        // 15 degrees of freedom, 2.1314; 40 of them, 2.0211.
        for (count, quantile) in [(16, 2.1314), (41, 2.0211)] {
            let numbers = (0..<count).map { Double($0 % 2) }
            let mean = numbers.reduce(0, +) / Double(count)
            let deviation = (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
            let reach = Estimate.mean(numbers).interval.upperBound - mean
            XCTAssertEqual(reach / deviation * Double(count).squareRoot(), quantile, accuracy: 1e-3)
        }
    }

    /// Of two it is the paired one; others tell how much numbers scatter, once all of a seed have gone up or down together.
    /// Two numbers say little of their spread; others of the same kind say it: 0.5 + 0.5 + 8 over three degrees of freedom.
    func testMeansAmongOthers() {
        let mean = Estimate.mean([3, 4], among: [[10, 11], [1, 5]])
        XCTAssertEqual(mean.value, 3.5)
        XCTAssertEqual(mean.interval.upperBound - 3.5, 3.182 * (3.0 / 2).squareRoot(), accuracy: 1e-9)
    }

    func testDifferences() {
        let pair = Estimate.difference(1, minus: 0, in: [[1, 2, 3], [5, 7, 6]])
        XCTAssertEqual(pair.value, 4)
        // The differences 4, 5 and 3 deviate by 1.
        XCTAssertEqual(pair.interval.lowerBound, 4 - 4.303 / 3.0.squareRoot(), accuracy: 1e-9)
        XCTAssertEqual(pair.isPositive, .holds)
        XCTAssertEqual(Estimate.difference(0, minus: 1, in: [[1, 2, 3], [5, 7, 6]]).isPositive, .doesNotHold)
        XCTAssertEqual(Estimate.difference(0, minus: 1, in: [[1, 9], [2, 4]]).isPositive, .undecided)
        // Squares of residuals sum to 4, of 4 degrees of freedom.
        let three = Estimate.difference(1, minus: 0, in: [[1, 2, 3], [5, 7, 6], [2, 2, 5]])
        XCTAssertEqual(three.value, 4)
        XCTAssertEqual(three.interval.upperBound, 4 + 2.776 * (2.0 / 3).squareRoot(), accuracy: 1e-9)
        let shifted = Estimate.difference(1, minus: 0, in: [[1, 2, 103], [5, 7, 106], [2, 2, 105]])
        XCTAssertEqual(shifted.interval.upperBound, three.interval.upperBound, accuracy: 1e-9)
    }

    /// One seed has no spread: whatever it gives, nothing is decided.
    func testASingleSeed() {
        let difference = Estimate.difference(0, minus: 1, in: [[9], [1]])
        XCTAssertEqual(difference.value, 8)
        XCTAssertEqual(difference.isPositive, .undecided)
        XCTAssertEqual(difference.text(1), "8.0 (no interval)")
        XCTAssertEqual(Estimate.mean([2]).isPositive, .undecided)
    }

    /// Its interval is nearly the normal one of many units, and holds the truth about as often as it says.
    func testBootstrap() {
        var random = RandomSource(seed: 8)
        var held = 0
        for _ in 0..<100 {
            let units = (0..<60).map { _ in Double.random(in: 0..<1, using: &random) < 0.3 ? 1.0 : 0 }
            let estimate = Estimate.bootstrap(units)
            if estimate.interval.contains(0.3) { held += 1 }
            let share = estimate.value
            XCTAssertEqual(estimate.value, units.reduce(0, +) / 60, accuracy: 1e-12)
            XCTAssertEqual(
                estimate.interval.upperBound - estimate.interval.lowerBound, 2 * 1.96 * (share * (1 - share) / 60).squareRoot(),
                accuracy: 0.04)
        }
        XCTAssert((85...100).contains(held), "\(held)")
        XCTAssertEqual(Estimate.bootstrap([0.5, 0.5, 0.5]).interval, 0.5...0.5)
        XCTAssertEqual(Estimate.bootstrap([0, 0, 0]).isPositive, .undecided)
    }

    /// Of a number that is no mean, and that some draws of units don't give.
    func testBootstrapOfAnyNumber() {
        func median(_ numbers: [Double]) -> Double { numbers.isEmpty ? .nan : numbers.sorted()[numbers.count / 2] }
        let numbers = (0..<201).map { Double(($0 * 77) % 201) }
        let estimate = Estimate.bootstrap(201) { drawn in median(drawn.map { numbers[$0] }) }
        XCTAssertEqual(estimate.value, 100)
        // The median of n uniform numbers deviates by half their range over the root of n.
        XCTAssertEqual(estimate.interval.upperBound - estimate.interval.lowerBound, 2 * 1.96 * 100.5 / 201.0.squareRoot(), accuracy: 6)
        let some = Estimate.bootstrap(3) { drawn in median(drawn.filter { $0 == 2 }.map(Double.init)) }
        XCTAssertEqual(some, Estimate(value: 2, interval: 2...2))
        XCTAssertEqual(Estimate.bootstrap(3) { _ in .nan }.isPositive, .undecided)
    }

    /// Newcombe's own example: table II, (a), method 10.
    func testDifferencesOfShares() {
        let difference = Estimate.difference(56, of: 70, minus: 48, of: 80)
        XCTAssertEqual(difference.value, 0.2, accuracy: 1e-12)
        XCTAssertEqual(difference.interval.lowerBound, 0.0524, accuracy: 5e-5)
        XCTAssertEqual(difference.interval.upperBound, 0.3339, accuracy: 5e-5)
        let percent = difference.on { 100 * $0 }
        XCTAssertEqual(percent.value, 20, accuracy: 1e-9)
        XCTAssertEqual(percent.interval.lowerBound, 5.24, accuracy: 5e-3)
    }

    /// Views of an image are no independent trials: the same view twice makes no interval narrower.
    func testViewsOfAnImage() {
        let first = (0..<30).map { Double(($0 * 7) % 30) / 100 }
        let once = AlignmentErrors(viewByView: first, images: 30)
        let twice = AlignmentErrors(viewByView: first + first, images: 30)
        XCTAssertEqual(twice.byImage[4], [first[4], first[4]])
        let mean = { (errors: [Double]) in errors.reduce(0, +) / Double(errors.count) }
        let (estimate, other) = (once.estimate(mean), twice.estimate(mean))
        XCTAssertEqual(other.value, estimate.value, accuracy: 1e-12)
        XCTAssertEqual(other.interval.lowerBound, estimate.interval.lowerBound, accuracy: 1e-12)
        // All errors larger by the same: the images' spread is in neither end.
        let larger = AlignmentErrors(viewByView: first.map { $0 + 0.5 }, images: 30)
        let difference = larger.difference(from: once, mean)
        XCTAssertEqual(difference.interval.lowerBound, 0.5, accuracy: 1e-12)
        XCTAssertEqual(difference.interval.upperBound, 0.5, accuracy: 1e-12)
    }

    func testClaimsOfSeveralParts() {
        XCTAssertEqual(Verdict.all(of: [.holds, .holds]), .holds)
        XCTAssertEqual(Verdict.all(of: [.holds, .undecided]), .undecided)
        XCTAssertEqual(Verdict.all(of: [.undecided, .doesNotHold, .holds]), .doesNotHold)
    }
}
