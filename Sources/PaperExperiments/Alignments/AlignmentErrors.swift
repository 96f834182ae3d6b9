/// The corner errors of alignments of several views of images each: their numbers with intervals over the images, whose views are no independent trials.
package struct AlignmentErrors {
    /// By image and view.
    package let byImage: [[Double]]

    package init(byImage: [[Double]]) { self.byImage = byImage }

    /// From a list of all images' first views, then all their second ones, and so on.
    package init(viewByView errors: [Double], images: Int) {
        byImage = (0..<images).map { image in stride(from: image, to: errors.count, by: images).map { errors[$0] } }
    }

    var all: [Double] { byImage.flatMap { $0 } }

    /// A number of all errors.
    package func estimate(_ statistic: ([Double]) -> Double) -> Estimate {
        .bootstrap(byImage.count) { images in statistic(images.flatMap { byImage[$0] }) }
    }

    /// By how much a number of all errors is larger than it is for others, of the same views.
    package func difference(from other: AlignmentErrors, _ statistic: ([Double]) -> Double) -> Estimate {
        .bootstrap(byImage.count) { images in
            statistic(images.flatMap { byImage[$0] }) - statistic(images.flatMap { other.byImage[$0] })
        }
    }
}

/// The usual threshold of recall; the corner error within which an alignment is exact; and that within which it has come close: a start outside of
/// the basin of convergence ends further away.
let usual = 0.1, strict = 0.02, loose = 0.2

/// The share of errors up to a threshold.
func recall(at threshold: Double) -> ([Double]) -> Double {
    { errors in Double(errors.count { $0 <= threshold }) / Double(max(1, errors.count)) }
}

/// The recall averaged over the thresholds from 0 to 0.5: one number for a curve.
func meanRecall(_ errors: [Double]) -> Double { average(errors.map { max(0, 1 - $0 / 0.5) }) }

/// How exact alignments are that come close at all; not a number where none does.
func medianWithinLoose(_ errors: [Double]) -> Double { median(errors.filter { $0 <= loose }) }

/// The middle one; not a number where there is none.
func median(_ numbers: [Double]) -> Double { numbers.isEmpty ? .nan : numbers.sorted()[numbers.count / 2] }
