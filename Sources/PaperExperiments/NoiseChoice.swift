import LinWarp

/// Where the linearized sampler's noise comes in: as the paper's text has it, or as its authors' released code does.
package enum NoiseChoice: String, CaseIterable, Sendable {
    /// Before the transformation.
    case paper
    /// After it, in pixels of the result as they are where nothing is transformed.
    case authors

    /// In pixels of the result: the released code draws `randn / [width, height] * 0.5`, in coordinates from -1 to 1.
    static let authorsSigma = 0.25

    /// What a linearized sampler with it is called where samplers are compared.
    var title: String {
        switch self {
        case .paper: "linearized as published"
        case .authors: "linearized as released"
        }
    }

    /// In words.
    var description: String {
        switch self {
        case .paper: "before the transformation, as the paper's text has it, but a quarter of a pixel of the result wide"
        case .authors: "after the transformation, a quarter of a pixel of the untransformed result wide, as in the authors' released code"
        }
    }

    /// Of a network whose sampler is of this kind; nil for what networks have without options.
    func options(_ sampler: NetworkConfiguration.SamplerKind) -> NetworkConfiguration.LinearizedOptions? {
        guard self == .authors && sampler.isLinearized else { return nil }
        return .init(sigma: .constant(Self.authorsSigma), noiseFrame: .source)
    }
}

extension LinearizedSampler {
    /// The same sampler with the noise of a choice, as wide as it is there.
    func with(_ choice: NoiseChoice) -> LinearizedSampler {
        guard choice == .authors else { return self }
        var sampler = self
        (sampler.noiseFrame, sampler.sigma) = (.source, NoiseChoice.authorsSigma)
        return sampler
    }
}
