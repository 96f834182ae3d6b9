// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library don't fetch what the benchmarks need.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "LinWarp", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
    ],
    targets: [
        .target(name: "Cases", dependencies: [.product(name: "LinWarp", package: "LinWarp")]),
        .executableTarget(
            name: "sampler-overhead",
            dependencies: ["Cases", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(name: "peer-worker", dependencies: ["Cases"]),
        .executableTarget(name: "registration-worker", dependencies: [.product(name: "LinWarp", package: "LinWarp")]),
        .executableTarget(
            name: "suite", dependencies: ["Cases", .product(name: "Benchmark", package: "benchmark")], path: "Benchmarks/suite",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    swiftLanguageModes: [.v6]
)
