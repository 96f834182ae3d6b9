import Glibc
import LinearAlgebra
import Sampling
import Tensors

extension Alignment {
    /// Adam (Kingma & Ba, 2015) on the gradient of the mean squared difference by the parameters.
    mutating func searchByAdam<Scalar: FloatingScalar>(
        _ objective: AlignmentObjective<Scalar>, _ settings: SampledSearch, _ learningRate: Double
    ) {
        let (decay1, decay2, small) = (0.9, 0.999, 1e-8)
        var mean = [Double](repeating: 0, count: parameters.count)
        var square = mean
        for iteration in 0..<settings.iterations {
            let derivatives = family.matrixDerivatives(parameters).map { frame.normalized($0) }
            let here = objective.evaluate(matrix, derivatives, sampler: settings.sampler, call: iteration)
            guard record(here) else { return }
            var there = parameters
            for j in there.indices {
                let gradient = 2 * here.gradient[j]
                mean[j] = decay1 * mean[j] + (1 - decay1) * gradient
                square[j] = decay2 * square[j] + (1 - decay2) * gradient * gradient
                let unbiased = mean[j] / (1 - pow(decay1, Double(iteration + 1)))
                there[j] -= learningRate * unbiased / ((square[j] / (1 - pow(decay2, Double(iteration + 1)))).squareRoot() + small)
            }
            if move(to: there) <= settings.tolerance {
                status = .converged
                return
            }
        }
    }
}
