import Benchmark
import Cases
import LinWarp

/// What must not become slower unnoticed.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 3, maxDuration: .seconds(2), maxIterations: 500,
        // Repeated runs differ by some percent on a machine that is not quite idle.
        thresholds: [.wallClock: BenchmarkThresholds(relative: [.p25: 15, .p50: 20])])

    for shape in SamplingCase.Shape.standard {
        for direction in [SamplingCase.Direction.forward, .backward] {
            measure("bilinear \(direction) \(shape)") {
                SamplingCase(BilinearSampler(propagatesToImage: false), shape, direction, .points)
            }
            measure("linearized \(direction) \(shape)") { SamplingCase(LinearizedSampler(), shape, direction, .points) }
        }
    }
    measure("localization network forward") { LocalizationCase(isTraining: false) }
    measure("localization network forward and backward") { LocalizationCase(isTraining: true) }
    for sampler in [NetworkConfiguration.SamplerKind.bilinear, .linearized] {
        measure("training step \(sampler.rawValue)") { StepCase(sampler: sampler) }
    }
    measure("a million 3x3 solves") { SolveCase(.batched, count: 1_000_000) }
}

/// Registers a case, which is made when it is first run.
private func measure(_ name: String, _ make: @escaping () -> any BenchmarkCase) {
    var made: (any BenchmarkCase)?
    Benchmark(name) { benchmark in
        if made == nil { made = make() }
        let body = made!.prepared()
        benchmark.startMeasurement()
        body()
        benchmark.stopMeasurement()
    }
}
