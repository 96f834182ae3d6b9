import Foundation
import LinWarp

extension TrainingRun {
    /// What the course depends on beside the checkpoint, by name: how long it is, the data, the program and the kernels that it uses here.
    func facts(of data: ClassificationData) -> [String: String] {
        [
            "batch": "\(batch) of each process", "iterations": "\(iterations)", "patience": patience.map { "\($0)" } ?? "none",
            "training images": Self.description(data.training), "validation images": Self.description(data.validation),
            "test images": Self.description(data.test), "program": Self.program, "kernels": KernelLevel.current.rawValue,
            "OpenBLAS": "\(BLASInformation.configuration), core \(BLASInformation.core)",
        ]
    }

    private static func description(_ images: LabelledImages) -> String { "\(images.count) with digest \(images.digest)" }

    /// A digest of the executable, which any other build changes.
    private static var program: String {
        guard let executable = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .mappedIfSafe) else {
            return "unknown"
        }
        var digest = Digest()
        executable.withUnsafeBytes { digest.add($0) }
        return digest.description
    }
}
