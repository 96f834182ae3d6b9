import Glibc
import Sampling

/// σ of a network's linearized sampler, in pixels of the result.
public enum SigmaSchedule: Sendable, Hashable, Codable {
    /// Always the same.
    case constant(Double)
    /// Falls geometrically from one width at the first iteration to the other after `iterations` of them: wide to find the way, narrow to see
    /// exactly, as `align` searches.
    case narrowing(from: Double, to: Double, iterations: Int)

    /// At an iteration of training, counted from 0.
    public func sigma(at iteration: Int) -> Double {
        guard case .narrowing(let first, let last, let iterations) = self else { return last }
        return first * pow(last / first, min(1, Double(iteration) / Double(iterations)))
    }

    /// At the end of training, and outside of it.
    public var last: Double {
        switch self {
        case .constant(let sigma), .narrowing(_, let sigma, _): sigma
        }
    }

    var isValid: Bool {
        switch self {
        case .constant(let sigma): (0...1e6).contains(sigma)
        case .narrowing(let first, let last, let iterations): (1e-6...1e6).contains(first) && (1e-6...1e6).contains(last) && iterations >= 1
        }
    }
}

extension NetworkConfiguration {
    /// How a network's linearized sampler draws its samples, and what it makes of them.
    public struct LinearizedOptions: Codable, Sendable, Equatable {
        /// The noise's width. Without options it is a quarter, as in the authors' released code (0.5 / width, in coordinates from -1 to 1): a
        /// network sees every value that the noise moves, and with a whole pixel at 8x no classifier gets along with it.
        public var sigma: SigmaSchedule
        /// Where the noise is added.
        public var noiseFrame: LinearizedSampler.NoiseFrame
        /// K, the centre included.
        public var sampleCount: Int
        /// How the samples of a pixel are drawn.
        public var draws: LinearizedSampler.Draws
        /// What the samples add to the value at the pixel; without meaning for `SamplerKind.linearizedBiasFree`.
        public var bias: LinearizedSampler.Bias
        /// What becomes of samples outside of the image.
        public var outside: LinearizedSampler.OutsideSamples

        /// - Parameters:
        ///   - sigma: The noise's width.
        ///   - noiseFrame: Where the noise is added.
        ///   - sampleCount: K, the centre included: 2...64.
        ///   - draws: How the samples of a pixel are drawn.
        ///   - bias: What the samples add to the value at the pixel.
        ///   - outside: What becomes of samples outside of the image.
        public init(
            sigma: SigmaSchedule = .constant(0.25), noiseFrame: LinearizedSampler.NoiseFrame = .target, sampleCount: Int = 8,
            draws: LinearizedSampler.Draws = .independent, bias: LinearizedSampler.Bias = .included,
            outside: LinearizedSampler.OutsideSamples = .leftOut
        ) {
            self.sigma = sigma
            self.noiseFrame = noiseFrame
            self.sampleCount = sampleCount
            self.draws = draws
            self.bias = bias
            self.outside = outside
        }

        func sampler(seed: UInt64) -> LinearizedSampler {
            LinearizedSampler(
                sampleCount: sampleCount, sigma: sigma.last, noiseFrame: noiseFrame, bias: bias, outside: outside, noise: .seed(seed),
                draws: draws)
        }

        /// As `NetworkConfiguration.fault`.
        var fault: Fault? {
            if !(2...64).contains(sampleCount) { return Fault("linearized.sampleCount", "\(sampleCount)", "2 to 64") }
            return sigma.isValid ? nil : Fault("linearized.sigma", "\(sigma)", "pixels, at most 1000000, and at least an iteration")
        }
    }
}
