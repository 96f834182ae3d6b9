// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library don't fetch what the benchmarks need.
let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "LinWarp", path: "..")],
    targets: [
        .executableTarget(name: "sampler-overhead", dependencies: [.product(name: "LinWarp", package: "LinWarp")]),
        .executableTarget(name: "peer-worker", dependencies: [.product(name: "LinWarp", package: "LinWarp")]),
    ],
    swiftLanguageModes: [.v6]
)
