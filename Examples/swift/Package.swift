// swift-tools-version: 6.1
import PackageDescription

// A package as a user's would be. Copied elsewhere, it needs another path to the library.
let package = Package(
    name: "Examples",
    dependencies: [.package(name: "LinWarp", path: "../..")],
    targets: ["align", "custom-network", "gradients"].map { name in
        .executableTarget(name: name, dependencies: [.product(name: "LinWarp", package: "LinWarp")], path: name)
    },
    swiftLanguageModes: [.v6]
)
