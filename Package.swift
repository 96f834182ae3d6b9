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
        .target(name: "Tensors", dependencies: ["LinearAlgebra"]),

        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .target(name: "CImageCodecs", dependencies: ["CPNG", "CJPEG"]),
        .target(name: "Images", dependencies: ["LinearAlgebra", "Tensors", "CImageCodecs"]),

        .target(name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport"),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
        .testTarget(name: "ImagesTests", dependencies: ["Images"]),
    ],
    swiftLanguageModes: [.v6]
)
