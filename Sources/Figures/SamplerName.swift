import Drawing
import LinWarp

/// The samplers that the paper compares, by name.
package enum SamplerName: String, CaseIterable {
    case bilinear
    case multiScale = "multi-scale"
    case linearized

    /// For alignment; the linearized one is regularized by one squared source pixel, as `AlignmentSettings` has it, or by another ε.
    package func forAlignment(regularization: Double = 1, seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: BilinearSampler(propagatesToImage: false)
        case .multiScale: MultiScaleSampler(propagatesToImage: false)
        case .linearized: LinearizedSampler(regularization: regularization, noise: .seed(seed))
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
