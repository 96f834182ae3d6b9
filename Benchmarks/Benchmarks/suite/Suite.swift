import Benchmark
import Cases
import LinWarp

/// What must not become slower unnoticed.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 500, thresholds: tolerance(100))

    for shape in SamplingCase.Shape.standard {
        for direction in [SamplingCase.Direction.forward, .backward] {
            // What 64 channels take depends on who else uses the memory.
            let thresholds = tolerance(shape.channels == 64 ? 200 : 100)
            measure("bilinear \(direction) \(shape)", thresholds) {
                SamplingCase(BilinearSampler(propagatesToImage: false), shape, direction, .points)
            }
            measure("linearized \(direction) \(shape)", thresholds) { SamplingCase(LinearizedSampler(), shape, direction, .points) }
        }
    }
    measure("localization network forward") { LocalizationCase(isTraining: false) }
    measure("localization network forward and backward") { LocalizationCase(isTraining: true) }
    for sampler in [NetworkConfiguration.SamplerKind.bilinear, .linearized] {
        measure("training step \(sampler.rawValue)") { StepCase(sampler: sampler) }
    }
    measure("a million 3x3 solves") { SolveCase(.batched, count: 1_000_000) }
}

/// How much slower (%) is too slow: between two baselines of one hour, and than the stored thresholds, for other machines and other hours of a shared
/// one.
private func tolerance(_ percent: Double) -> [BenchmarkMetric: BenchmarkThresholds] {
    [.wallClock: BenchmarkThresholds(relative: [.p25: 15, .p50: 20, .p90: percent])]
}

/// Registers a case, which is made when it is first run. Without spaces in its name: the files of thresholds are not found otherwise.
private func measure(
    _ name: String, _ thresholds: [BenchmarkMetric: BenchmarkThresholds]? = nil, _ make: @escaping () -> any BenchmarkCase
) {
    var made: (any BenchmarkCase)?
    var configuration = Benchmark.defaultConfiguration
    if let thresholds { configuration.thresholds = thresholds }
    Benchmark(name.replacing(" ", with: "-"), configuration: configuration) { benchmark in
        if made == nil { made = make() }
        let body = made!.prepared()
        benchmark.startMeasurement()
        body()
        benchmark.stopMeasurement()
    }
}
