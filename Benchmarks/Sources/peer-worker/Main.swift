import Foundation
import LinWarp

/// Times one repetition of a case at a time, for a script that runs the same case in another library in turn.
///
/// Reads the name of a case a line, answers with its milliseconds, or with `unknown`. The first repetition of a case also makes its operands.
@main
enum PeerWorker {
    static func main() {
        answer("kernels \(KernelLevel.current), threads \(Threads.count), \(BLASInformation.configuration)")
        var cases: [String: any TimedCase] = [:]
        while let name = readLine() {
            if cases[name] == nil { cases[name] = timedCase(name) }
            answer(cases[name]?.repetition().description ?? "unknown")
        }
    }

    /// Unlike `print`, without waiting for more.
    static func answer(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// By its words: what, then its options.
    static func timedCase(_ name: String) -> (any TimedCase)? {
        let words = name.split(separator: " ").map(String.init)
        switch words.first {
        case "sample": return SamplingCase(words.dropFirst())
        case "localization": return LocalizationCase(isTraining: words.last == "training")
        case "step": return NetworkConfiguration.SamplerKind(rawValue: words.last!).map { StepCase(sampler: $0) }
        case "convolution": return ConvolutionCase(words.dropFirst().compactMap { Int($0) })
        default: return nil
        }
    }
}

/// Something to time.
protocol TimedCase {
    /// The milliseconds of one repetition.
    mutating func repetition() -> Double
}

func milliseconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    body()
    return (clock.now - start) / .milliseconds(1)
}
