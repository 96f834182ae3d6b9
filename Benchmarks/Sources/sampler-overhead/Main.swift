import ArgumentParser
import Cases
import Foundation
import LinWarp

/// Forward and backward time of the linearized sampler against bilinear, by shape, samples, channels and threads.
@main
struct SamplerOverhead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sampler-overhead",
        abstract: "Times the linearized sampler against bilinear, one after the other, and prints medians, quartiles and ratios.")

    @Option(help: "Also write pixels.csv and samples.csv, for the picture, into this directory.")
    var out: String?

    @Option(help: "Turns of each sampler, of five repetitions each.")
    var turns = 9

    func validate() throws {
        guard (1...1000).contains(turns) else { throw ValidationError("--turns: found \(turns), expected 1 to 1000") }
    }

    mutating func run() throws {
        print("\(processorName()), kernels \(KernelLevel.current), \(Threads.count) threads, \(BLASInformation.configuration), Float")
        try reportMemory()
        print("milliseconds as median (lower to upper quartile); backward is the way back to a grid of points")
        for shape in SamplingCase.Shape.standard { report("\(shape)", shape, samples: 8) }
        let standard = SamplingCase.Shape.standard[0]
        for samples in [4, 16, 32] { report("\(standard), K = \(samples)", standard, samples: samples) }
        for channels in [1, 4, 16, 64] { report("\(channels) channels", .init(16, channels, 56, 56, to: 28, 28), samples: 8) }
        for shape in [standard, SamplingCase.Shape.standard[2]] { reportSolvers(shape) }
        reportDraws(standard)
        reportAccuracy()
        try reportAlignment()
        reportStep()
        reportThreads()
        if let out { try writeTables(to: out) }
    }

    private func report(_ name: String, _ shape: SamplingCase.Shape, samples: Int) {
        print(name)
        for direction in [SamplingCase.Direction.forward, .backward] {
            let times = timed(samplers(shape, direction, samples: samples))
            print("  \(direction): \(comparison(times))")
        }
    }

    /// The training step with each sampler.
    private func reportStep() {
        let times = timed([StepCase(.stn, sampler: .bilinear), StepCase(.stn, sampler: .linearized)], repetitions: 1)
        print("training step: \(comparison(times))")
    }

    /// Of linearized times to bilinear ones.
    private func comparison(_ times: [[Double]]) -> String {
        "bilinear \(Summary(times[0])), linearized \(Summary(times[1])), ratio \(Summary(ratiosOf: times[1], to: times[0]))"
    }

    /// What sampling a large image takes beyond its operands and its values, which the pool holds ready from a first time.
    private func reportMemory() throws {
        let side = 8192
        let shape = SamplingCase.Shape(1, 1, side, side, to: side, side)
        print("\(shape), image and values \(side * side / 262_144) MB each: MB at the most beyond them")
        for (name, sampler) in [
            ("bilinear", BilinearSampler(propagatesToImage: false) as any Sampler), ("linearized", LinearizedSampler()),
        ] {
            var sampling = SamplingCase(sampler, shape, .forward, .matrices)
            sampling.prepared()()
            // From here on the highest is counted anew.
            try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
            let before = residentMemory("VmRSS")
            sampling.prepared()()
            print("  forward: \(name) \(max(0, residentMemory("VmHWM") - before + 512) / 1024)")
        }
    }

    /// Kilobytes of this process, as Linux counts them.
    private func residentMemory(_ field: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }

    /// One thread and all of them.
    private func reportThreads() {
        let shape = SamplingCase.Shape.standard[0]
        let threads = Threads.count
        print("one thread and \(threads)")
        let sampling = samplers(shape, .forward, samples: 8)
        let cases: [(name: String, any BenchmarkCase)] = [
            ("bilinear forward, \(shape)", sampling[0]), ("linearized forward, \(shape)", sampling[1]),
            ("localization network forward", LocalizationCase(isTraining: false)),
            ("localization network forward and backward", LocalizationCase(isTraining: true)),
            ("training step, bilinear", StepCase(.stn, sampler: .bilinear)),
            ("training step, linearized", StepCase(.stn, sampler: .linearized)),
            ("IC-STN training step, bilinear", StepCase(.icstn, sampler: .bilinear)),
            ("IC-STN training step, linearized", StepCase(.icstn, sampler: .linearized)),
        ]
        for (name, item) in cases {
            let times = timed([item, item]) { Threads.count = [1, threads][$0] }
            print("  \(name): \(Summary(times[0])), \(Summary(times[1])), ratio \(Summary(ratiosOf: times[0], to: times[1]))")
        }
        Threads.count = threads
    }

    /// Bilinear and linearized sampling of a grid of points.
    private func samplers(
        _ shape: SamplingCase.Shape, _ direction: SamplingCase.Direction, samples: Int
    ) -> [any BenchmarkCase] {
        [
            SamplingCase(BilinearSampler(propagatesToImage: false), shape, direction, .points),
            SamplingCase(LinearizedSampler(sampleCount: samples), shape, direction, .points),
        ]
    }

    /// The times of several cases in each turn, as medians of some repetitions: one case after the other, so that all have the machine as it is just
    /// then. `before` is called with the place of the case that comes.
    func timed(_ cases: [any BenchmarkCase], repetitions: Int = 5, before: (Int) -> Void = { _ in }) -> [[Double]] {
        var cases = cases
        var times = cases.map { _ in [Double]() }
        for turn in 0...turns {
            for i in cases.indices {
                before(i)
                let median = Summary((0..<repetitions).map { _ in cases[i].repetition() }).median
                if turn > 0 { times[i].append(median) }  // after a warm-up
            }
        }
        return times
    }

    /// The cost by pixels and by samples.
    private func writeTables(to directory: String) throws {
        var pixels = "pixels,bilinear,linearized\n"
        for side in [32, 100, 316, 1000, 3162] {
            let medians = timed(samplers(.init(1, 3, side, side, to: side, side), .forward, samples: 8)).map { Summary($0).median }
            pixels += "\(side * side),\(medians[0]),\(medians[1])\n"
        }
        var samples = "samples,bilinear,linearized\n"
        for count in [2, 4, 8, 16, 32, 64] {
            let medians = timed(self.samplers(SamplingCase.Shape.standard[0], .forward, samples: count)).map { Summary($0).median }
            samples += "\(count),\(medians[0]),\(medians[1])\n"
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (name, table) in [("pixels", pixels), ("samples", samples)] {
            try Data(table.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name).csv"), options: .atomic)
        }
    }

    /// As the system has it, or only the architecture.
    private func processorName() -> String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return information.firstMatch(of: /model name\s*: (.*)/).map { String($0.1) } ?? "unknown processor"
    }
}

/// Numbers as their median and quartiles.
struct Summary: CustomStringConvertible {
    let lower, median, upper: Double

    init(_ numbers: [Double]) {
        let sorted = numbers.sorted()
        (lower, median, upper) = (sorted[sorted.count / 4], sorted[sorted.count / 2], sorted[3 * sorted.count / 4])
    }

    init(ratiosOf numerators: [Double], to denominators: [Double]) { self.init(zip(numerators, denominators).map { $0 / $1 }) }

    var description: String { "\(rounded(median)) (\(rounded(lower))-\(rounded(upper)))" }

    private func rounded(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
}
