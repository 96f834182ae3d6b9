import Cases
import Foundation
import LinWarp

/// Times one repetition of a case at a time, for a script that runs the same case in another library in turn.
///
/// Reads the name of a case a line, answers with its milliseconds, or with `unknown`. The first repetition of a case also makes its operands.
@main
enum PeerWorker {
    static func main() {
        answer("kernels \(KernelLevel.current), threads \(Threads.count), \(BLASInformation.configuration)")
        var cases: [String: any BenchmarkCase] = [:]
        while let name = readLine() {
            if cases[name] == nil { cases[name] = benchmarkCase(name.split(separator: " ").map(String.init)) }
            answer(cases[name]?.repetition().description ?? "unknown")
        }
    }

    /// Unlike `print`, without waiting for more.
    static func answer(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// `sample SAMPLER N C H W h w DIRECTION VARIABLE`, `interleaved ELEMENTS N C H W h w`, `localization [training]`, `step TRANSFORMER SAMPLER`,
    /// `convolution N C H O k padding stride [training]`, `solve SOLVER COUNT`, `tensor OPERATION ROWS COLUMNS TIMES`.
    static func benchmarkCase(_ words: [String]) -> (any BenchmarkCase)? {
        let numbers = words.compactMap { Int($0) }
        switch (words.first, words.count, numbers.count) {
        case ("sample", 10, 6):
            guard let direction = SamplingCase.Direction(rawValue: words[8]), let variable = SamplingCase.Variable(rawValue: words[9])
            else {
                return nil
            }
            let ofImage = variable == .pointsAndImage
            let sampler: any Sampler
            switch words[1] {
            case "bilinear": sampler = BilinearSampler(propagatesToImage: ofImage)
            case "linearized": sampler = LinearizedSampler(imageGradient: ofImage ? .centre : .none)
            // Of the same error of the slopes.
            case "lattice": sampler = LinearizedSampler(sampleCount: 5, imageGradient: ofImage ? .centre : .none, draws: .lattice)
            default: return nil
            }
            let shape = SamplingCase.Shape(numbers[0], numbers[1], numbers[2], numbers[3], to: numbers[4], numbers[5])
            return SamplingCase(sampler, shape, direction, variable)
        case ("interleaved", 8, 6):
            let shape = SamplingCase.Shape(numbers[0], numbers[1], numbers[2], numbers[3], to: numbers[4], numbers[5])
            return InterleavedCase.Elements(rawValue: words[1]).map { InterleavedCase($0, shape) }
        case ("localization", 1...2, 0): return LocalizationCase(isTraining: words.last == "training")
        case ("step", 3, 0):
            guard let transformer = NetworkConfiguration.Transformer(rawValue: words[1]),
                let sampler = NetworkConfiguration.SamplerKind(rawValue: words[2])
            else {
                return nil
            }
            return StepCase(transformer, sampler: sampler)
        case ("convolution", 8...9, 7):
            return ConvolutionCase(
                images: numbers[0], channels: numbers[1], side: numbers[2], outputs: numbers[3], kernel: numbers[4],
                geometry: ConvolutionGeometry(stride: numbers[6], padding: numbers[5]), isTraining: words.last == "training")
        case ("solve", 3, 1): return SolveCase.Solver(rawValue: words[1]).map { SolveCase($0, count: numbers[0]) }
        case ("tensor", 5, 3):
            return TensorCase.Operation(rawValue: words[1]).map { TensorCase($0, rows: numbers[0], columns: numbers[1], times: numbers[2]) }
        default: return nil
        }
    }
}
