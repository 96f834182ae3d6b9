import LinWarp

/// A file as an array, and as an archive of them.
@Sendable func fuzzNumPy(_ bytes: [UInt8]) {
    let file = MemoryFile(bytes)
    reading { _ = try Tensor<Float>(npyAt: file.path) }
    reading { _ = try NumPyArchive<Double>(contentsOf: file.path) }
}
