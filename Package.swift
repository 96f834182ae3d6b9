// swift-tools-version: 6.1
import PackageDescription

// The house, one direction only: every target uses targets above it and none below.
let package = Package(
    name: "LinWarp",
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
        .target(name: "CWarpKernels"),
        .target(
            name: "LinearAlgebra",
            dependencies: [
                "COpenBLAS", "CWarpKernels",
                .product(name: "RealModule", package: "swift-numerics"),
            ]),
        .target(name: "Tensors", dependencies: ["LinearAlgebra", "CWarpKernels"]),
        .target(name: "Sampling", dependencies: ["Tensors", "LinearAlgebra", "CWarpKernels"]),
        .target(name: "Registration", dependencies: ["Sampling"]),

        .target(name: "TestSupport", dependencies: ["LinearAlgebra", "Tensors"], path: "Tests/TestSupport"),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
        .testTarget(name: "TensorsTests", dependencies: ["LinearAlgebra", "Tensors", "TestSupport"]),
        .testTarget(name: "SamplingTests", dependencies: ["Sampling", "LinearAlgebra", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
