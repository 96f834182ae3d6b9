import Drawing
import LinWarp

/// The samplers that the paper compares, by name.
package enum SamplerName: String, CaseIterable {
    case bilinear
    case multiScale = "multi-scale"
    case linearized

    /// For alignment.
    ///
    /// - Parameters:
    ///   - linearized: The linearized one but for its seed; without it regularized by one squared source pixel, as `AlignmentSettings` has it.
    ///   - seed: Of its noise.
    package func forAlignment(_ linearized: LinearizedSampler = LinearizedSampler(regularization: 1), seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: return BilinearSampler(propagatesToImage: false)
        case .multiScale: return MultiScaleSampler(propagatesToImage: false)
        case .linearized:
            var sampler = linearized
            sampler.noise = .seed(seed)
            return sampler
        }
    }

    /// In pictures.
    package var color: Color {
        switch self {
        case .bilinear: .vermillion
        case .multiScale: .reddishPurple
        case .linearized: .blue
        }
    }

    /// In plots, of gnuplot's as `Plot` defines them: the same color.
    package var lineType: Int {
        switch self {
        case .bilinear: 2
        case .multiScale: 4
        case .linearized: 1
        }
    }
}
