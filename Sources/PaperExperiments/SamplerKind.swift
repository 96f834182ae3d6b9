import LinWarp

/// The samplers that the paper compares.
enum SamplerKind: String, CaseIterable {
    case bilinear
    case multiScale = "multi-scale"
    case linearized

    /// With the paper's settings.
    func sampler(seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: BilinearSampler(propagatesToImage: false)
        case .multiScale: MultiScaleSampler(propagatesToImage: false)
        case .linearized: LinearizedSampler(regularization: 1, noise: .seed(seed))
        }
    }

    /// In pictures; the same as `lineType` in plots.
    var color: Color {
        switch self {
        case .bilinear: .vermillion
        case .multiScale: .reddishPurple
        case .linearized: .blue
        }
    }

    /// Of gnuplot's, as `Plot` defines them.
    var lineType: Int {
        switch self {
        case .bilinear: 2
        case .multiScale: 4
        case .linearized: 1
        }
    }
}
