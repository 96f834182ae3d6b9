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

    func testDifferences() {
        let difference = Estimate.difference([5, 6, 7], minus: [1, 2, 3])
        XCTAssertEqual(difference.value, 4)
        XCTAssertEqual(difference.interval.lowerBound, 4 - 2.776 * (2.0 / 3).squareRoot(), accuracy: 1e-9)
        XCTAssertEqual(difference.isPositive, .holds)
        XCTAssertEqual(Estimate.difference([1, 2, 3], minus: [5, 6, 7]).isPositive, .doesNotHold)
        XCTAssertEqual(Estimate.difference([1, 9], minus: [2, 4]).isPositive, .undecided)
    }

    /// One seed has no spread: whatever it gives, nothing is decided.
    func testASingleSeed() {
        let difference = Estimate.difference([9], minus: [1])
        XCTAssertEqual(difference.value, 8)
        XCTAssertEqual(difference.isPositive, .undecided)
        XCTAssertEqual(difference.text(1), "8.0 (a single seed)")
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

    func testClaimsOfSeveralParts() {
        XCTAssertEqual(Verdict.all(of: [.holds, .holds]), .holds)
        XCTAssertEqual(Verdict.all(of: [.holds, .undecided]), .undecided)
        XCTAssertEqual(Verdict.all(of: [.undecided, .doesNotHold, .holds]), .doesNotHold)
    }
}
