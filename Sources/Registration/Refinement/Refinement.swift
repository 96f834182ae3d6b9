import CWarpKernels
import Glibc
import LinearAlgebra
import Sampling

/// A transformation on its way to where it explains the target best.
struct Refinement: Sendable {
    let family: TransformationFamily
    let frame: Frame
    private(set) var parameters: [Double]
    /// The logarithm of how much likelier the target is with the source under this transformation than without it, at the last level.
    private(set) var evidence = -Double.infinity
    /// How far the last step at the last level moved a corner, in pixels of the compared source.
    private(set) var lastMove = Double.infinity
    /// By which pixels of each tile and channel are weighed; nil before the first robust step.
    private(set) var photometry: [warp_photometry]?
    /// At the last place that was looked at, no farther away than the tolerance.
    private(set) var moments: [PairMoments] = []

    init?(_ family: TransformationFamily, _ frame: Frame, at matrix: Matrix3) {
        guard let parameters = family.parameters(nearestTo: frame.denormalized(matrix)) else { return nil }
        self.family = family
        self.frame = frame
        self.parameters = parameters
    }

    var matrix: Matrix3 { frame.normalized(family.matrix(parameters)) }

    /// Gauss-Newton steps on one level, damped where one would explain the target less (Levenberg-Marquardt).
    ///
    /// - Parameters:
    ///   - pair: The level.
    ///   - steps: At most so many.
    ///   - tolerance: Ends where no corner moves farther, in pixels of the level's source.
    ///   - weighings: How often pixels are weighed anew by how well they fit; 0 for all alike.
    mutating func refine(on pair: TiledPair, steps: Int, tolerance: Double, weighings: Int = 0) {
        photometry = nil
        lastMove = .infinity
        moments = pair.moments(matrix, nil)
        for round in 0..<weighings {
            photometry = pair.photometry(of: moments)
            moments = pair.moments(matrix, photometry)
            // What is weighed anew afterwards need not be looked at before, where the step is so short that it can't fail.
            if round + 1 < weighings, let step = step(on: pair, damping: 1e-6), step.distance < 0.25 {
                (parameters, lastMove) = (step.parameters, step.distance)
            } else {
                descend(on: pair, steps: steps, tolerance: tolerance)
            }
        }
        if weighings == 0 { descend(on: pair, steps: steps, tolerance: tolerance) }
        evidence = moments.evidence
    }

    /// The same on a pair that depends on the place, made anew while it still moves by more than a quarter of a pixel.
    ///
    /// - Returns: The last pair.
    @discardableResult
    mutating func refine(
        on view: (Matrix3) -> TiledPair, steps: Int, tolerance: Double, weighings: Int
    ) -> TiledPair {
        var pair = view(matrix)
        for number in 1...mostViews {
            let before = pair.corners(matrix)
            refine(on: pair, steps: steps, tolerance: tolerance, weighings: weighings)
            guard pair.toSource != .identity, number < mostViews else { break }
            let move = zip(before, pair.corners(matrix)).map { hypot($0.x - $1.x, $0.y - $1.y) }.max()!
            guard move > 0.25 else { break }
            pair = view(matrix)
        }
        return pair
    }

    private mutating func descend(on pair: TiledPair, steps: Int, tolerance: Double) {
        var damping = 1e-6
        for _ in 0..<steps {
            guard let step = step(on: pair, damping: damping) else { return }
            lastMove = step.distance
            if step.distance <= tolerance {
                // So near that looking there says nothing new.
                parameters = step.parameters
                return
            }
            let there = pair.moments(frame.normalized(family.matrix(step.parameters)), photometry)
            if there.evidence > moments.evidence {
                (parameters, moments) = (step.parameters, there)
                damping = max(damping / 10, 1e-7)
            } else {
                damping *= 100
                if damping > 1e3 { return }
            }
        }
    }

    /// Where a damped step leads, and how far it moves a corner, in pixels of the compared source; nil where nothing says.
    private func step(on pair: TiledPair, damping: Double) -> (parameters: [Double], distance: Double)? {
        guard let change = change(moments.system, damping, on: pair) else { return nil }
        let moved = zip(parameters, change).map(+)
        let next = frame.normalized(family.matrix(moved))
        let distance = zip(pair.corners(matrix), pair.corners(next)).map { hypot($0.x - $1.x, $0.y - $1.y) }.max()!
        return distance.isFinite ? (moved, distance) : nil
    }

    /// The change of the parameters that a damped system asks for; nil where it says nothing.
    private func change(_ system: PairSystem, _ damping: Double, on pair: TiledPair) -> [Double]? {
        let derivatives = pair.derivatives(family, parameters, frame)
        var (matrix, step) = system.projected(derivatives)
        let count = derivatives.count
        // Damped by what a parameter's own curvature is, and never left singular.
        let largest = (0..<count).map { matrix[$0 * count + $0] }.max() ?? 0
        guard largest > 0, largest.isFinite else { return nil }
        for j in 0..<count { matrix[j * count + j] += damping * matrix[j * count + j] + 1e-12 * largest }
        let solved: Void? = try? matrix.withUnsafeMutableBufferPointer { matrix throws(LinearAlgebraError) in
            try step.withUnsafeMutableBufferPointer { step throws(LinearAlgebraError) in
                try solvePositiveDefinite(count: 1, n: count, rightHandSides: 1, matrix.baseAddress!, step.baseAddress!)
            }
        }
        return solved != nil && step.allSatisfy(\.isFinite) ? step : nil
    }
}

extension [PairMoments] {
    /// Of all tiles and channels together.
    var evidence: Double { reduce(0) { $0 + $1.evidence } }

    /// The sum of all tiles' systems.
    var system: PairSystem {
        var system = PairSystem()
        for tile in self { tile.add(to: &system) }
        return system
    }
}

extension PairSystem {
    /// By parameters instead of elements, of which `derivatives` are those by each parameter: DᵀHD and Dᵀg.
    func projected(_ derivatives: [[Double]]) -> (curvature: [Double], gradient: [Double]) {
        let count = derivatives.count
        let bent = derivatives.map { d in (0..<9).map { row in (0..<9).reduce(0.0) { $0 + curvature[9 * row + $1] * d[$1] } } }
        var matrix = [Double](repeating: 0, count: count * count)
        for j in 0..<count {
            for k in 0..<count { matrix[j * count + k] = zip(derivatives[j], bent[k]).reduce(0) { $0 + $1.0 * $1.1 } }
        }
        return (matrix, derivatives.map { d in zip(d, gradient).reduce(0) { $0 + $1.0 * $1.1 } })
    }
}

extension TiledPair {
    /// By which pixels are to be weighed: each tile's gain and bias, and Tukey's reach for the noise of most tiles. A tile that is partly
    /// covered has more of its own; it may count for up to three times that of most.
    func photometry(of moments: [PairMoments]) -> [warp_photometry] {
        let deviations = moments.filter(\.counts).map { $0.variance.squareRoot() }.sorted()
        let typical = deviations.isEmpty ? 1 : deviations[deviations.count / 2]
        return moments.map { tile in
            let deviation = tile.counts ? Swift.min(Swift.max(tile.variance.squareRoot(), typical), 3 * typical) : typical
            return warp_photometry(gain: tile.gain, bias: tile.bias, inverse_reach: 1 / (tukeyReach * deviation), clips: clips)
        }
    }
}

/// In standard deviations: 95 % of least squares' efficiency under Gaussian noise.
private let tukeyReach = 4.685

/// Views of the source from one place after the other.
private let mostViews = 4
