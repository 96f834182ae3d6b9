// swift-tools-version: 6.3
import PackageDescription

// What `LinWarp` re-exports. Who imports it depends on these as well: SwiftPM would not compile it anew where they alone have changed.
let library: [Target.Dependency] = [
    "LinearAlgebra", "Tensors", "Sampling", "Registration", "Stacking", "NeuralNetworks", "NumPyFiles", "Images", "Datasets",
]

// The house, one direction only: every target uses targets above it in this list and none below.
let package = Package(
    name: "LinWarp",
    products: [
        .library(name: "LinWarp", targets: ["LinWarp"]),
        .executable(name: "linwarp", targets: ["linwarp"]),
        // What `make library` links liblinwarp.so from.
        .library(name: "CLinWarp", type: .static, targets: ["CInterface"]),
    ],
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
        .target(name: "CProcessors"),
        .target(name: "CStart"),
        .target(
            name: "LinearAlgebra",
            dependencies: [
                "COpenBLAS", "CWarpKernels", "CProcessors",
                .product(name: "RealModule", package: "swift-numerics"),
            ]),
        .target(name: "Tensors", dependencies: ["LinearAlgebra", "CWarpKernels"]),
        .target(name: "Sampling", dependencies: ["LinearAlgebra", "Tensors", "CWarpKernels"]),
        .target(name: "Registration", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "CWarpKernels"]),
        .target(name: "CFiles"),
        .target(name: "Files", dependencies: ["CFiles"]),
        .target(name: "Stacking", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Registration", "Files"]),
        .target(name: "NeuralNetworks", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Files", "CWarpKernels"]),

        .target(name: "CLinWarp", exclude: ["linwarp.pc.in", "LinWarpConfig.cmake.in"]),
        .target(
            name: "CInterface", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Registration", "Stacking", "CLinWarp"],
            exclude: ["README.md"]),

        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebpmux", providers: [.apt(["libwebp-dev"])]),
        .target(name: "CImageCodecs", dependencies: ["CPNG", "CJPEG", "CTIFF", "CWebP", "CZlib"]),
        .target(name: "Images", dependencies: ["LinearAlgebra", "Tensors", "Files", "CImageCodecs"]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "NumPyFiles", dependencies: ["LinearAlgebra", "Tensors", "Files", "CZlib"]),
        .target(name: "Datasets", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Files", "Images", "CZlib"]),

        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .target(name: "Drawing", dependencies: ["LinearAlgebra", "Tensors", "Images", "CCairo"]),
        .target(name: "Plots", dependencies: ["Files", "Drawing"]),

        .target(name: "LinWarp", dependencies: library),
        .target(name: "Figures", dependencies: library + ["LinWarp", "Files", "Drawing"]),
        .target(name: "TrainingRuns", dependencies: library + ["LinWarp", "Files", "Plots", "CWarpKernels"]),
        .target(name: "PaperExperiments", dependencies: library + ["LinWarp", "Files", "Drawing", "Plots", "Figures", "TrainingRuns"]),
        .target(
            name: "Commands",
            dependencies: library + [
                "LinWarp", "Files", "Drawing", "Plots", "Figures", "TrainingRuns", "PaperExperiments",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "linwarp", dependencies: ["Commands", "CStart"]),

        .target(name: "TestSupport", dependencies: ["LinearAlgebra", "Tensors"], path: "Tests/TestSupport"),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "Tensors", "CWarpKernels", "TestSupport"]),
        .testTarget(name: "TensorsTests", dependencies: ["LinearAlgebra", "Tensors", "TestSupport"]),
        .testTarget(name: "SamplingTests", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "CWarpKernels", "TestSupport"]),
        .testTarget(
            name: "RegistrationTests",
            dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Registration", "Datasets", "CWarpKernels", "TestSupport"]),
        .testTarget(
            name: "StackingTests",
            dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Registration", "Stacking", "Datasets", "TestSupport"]),
        .testTarget(
            name: "CInterfaceTests",
            dependencies: [
                "CInterface", "CLinWarp", "LinearAlgebra", "Tensors", "Sampling", "Registration", "Stacking", "Datasets", "TestSupport",
            ]),
        .target(name: "CHeap", path: "Tests/CHeap"),
        .executableTarget(
            name: "training-process", dependencies: ["CHeap", "LinearAlgebra", "Tensors", "NeuralNetworks"], path: "Tests/training-process"),
        .executableTarget(
            name: "operations-process", dependencies: ["LinearAlgebra", "Tensors", "NeuralNetworks"], path: "Tests/operations-process"),
        .testTarget(
            name: "NeuralNetworksTests",
            dependencies: [
                "LinearAlgebra", "Tensors", "Sampling", "NeuralNetworks", "TestSupport", "training-process", "operations-process",
            ]),
        .testTarget(name: "LinWarpTests", dependencies: library + ["LinWarp", "TestSupport"]),
        .testTarget(name: "NumPyFilesTests", dependencies: ["NumPyFiles", "LinearAlgebra", "Tensors", "TestSupport"]),
        .target(name: "CTestTIFF", dependencies: ["CTIFF"], path: "Tests/CTestTIFF"),
        .testTarget(name: "ImagesTests", dependencies: ["Images", "LinearAlgebra", "Tensors", "CTIFF", "CTestTIFF", "TestSupport"]),
        .executableTarget(name: "staging-process", dependencies: ["Files"], path: "Tests/staging-process"),
        .testTarget(name: "FilesTests", dependencies: ["Files", "staging-process", "TestSupport"]),
        .testTarget(name: "DrawingTests", dependencies: ["Drawing", "Tensors"]),
        .testTarget(name: "FiguresTests", dependencies: library + ["Figures", "LinWarp", "TestSupport"]),
        .testTarget(name: "PlotsTests", dependencies: ["Plots", "TestSupport"]),
        .testTarget(name: "PaperExperimentsTests", dependencies: library + ["LinWarp", "PaperExperiments", "TestSupport"]),
        .testTarget(name: "ToolTests", dependencies: library + ["linwarp", "LinWarp", "TestSupport"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["LinearAlgebra", "Tensors", "Sampling", "Images", "Datasets", "CZlib", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

// What `make fuzz` runs is linked with libFuzzer, so it is part of the package only there.
if Context.environment["LINWARP_FUZZ"] != nil {
    package.products.append(.executable(name: "linwarp-fuzz", targets: ["linwarp-fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "linwarp-fuzz", dependencies: library + ["LinWarp", "Files", "TrainingRuns", "Commands", "CZlib"], path: "Fuzzing/Targets"
        ))
}

// The programs of Examples/swift, which is a package as a user's would be; here they take the library's own build.
if Context.environment["LINWARP_EXAMPLES"] != nil {
    package.targets += ["align", "custom-network", "gradients"].map { name in
        .executableTarget(name: name, dependencies: library + ["LinWarp"], path: "Examples/swift/\(name)")
    }
}

// Training across processes needs MPI, which few have installed: it is part of the package only where it is asked for.
if Context.environment["LINWARP_MPI"] != nil {
    package.products.append(.executable(name: "linwarp-mpi", targets: ["linwarp-mpi"]))
    package.targets += [
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(name: "CProcesses", dependencies: ["CMPI"]),
        .executableTarget(name: "linwarp-mpi", dependencies: library + ["LinWarp", "Commands", "CProcesses", "CStart"]),
    ]
}
