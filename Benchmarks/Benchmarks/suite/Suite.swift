import Benchmark
import Cases
import LinWarp

/// What must not become slower unnoticed.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 500)

    for shape in SamplingCase.Shape.standard {
        for direction in [SamplingCase.Direction.forward, .backward] {
            // What 64 channels take depends on who else uses the memory.
            let tolerance: Double = shape.channels == 64 ? 200 : 100
            measure("bilinear \(direction) \(shape)", tolerance: tolerance) {
                SamplingCase(BilinearSampler(propagatesToImage: false), shape, direction, .points)
            }
            measure("linearized \(direction) \(shape)", tolerance: tolerance) {
                SamplingCase(LinearizedSampler(), shape, direction, .points)
            }
        }
    }
    measure("localization network forward") { LocalizationCase(isTraining: false) }
    measure("localization network forward and backward") { LocalizationCase(isTraining: true) }
    for sampler in [NetworkConfiguration.SamplerKind.bilinear, .linearized] {
        measure("training step \(sampler.rawValue)") { StepCase(.stn, sampler: sampler) }
    }
    measure("a million 3x3 solves") { SolveCase(.batched, count: 1_000_000) }
}

/// Registers a case, which is made when it is first run. Without spaces in its name: the files of thresholds are not found otherwise.
///
/// - Parameter tolerance: How much slower (%) than the stored thresholds is too slow: much, for other machines and other hours of a shared one.
private func measure(_ name: String, tolerance: Double = 100, _ make: @escaping () -> any BenchmarkCase) {
    var made: (any BenchmarkCase)?
    var configuration = Benchmark.defaultConfiguration
    // The lower two are for baselines of one hour.
    configuration.thresholds = [.wallClock: BenchmarkThresholds(relative: [.p25: 15, .p50: 20, .p90: tolerance])]
    Benchmark(name.replacing(" ", with: "-"), configuration: configuration) { benchmark in
        if made == nil { made = make() }
        let body = made!.prepared()
        benchmark.startMeasurement()
        body()
        benchmark.stopMeasurement()
    }
}
