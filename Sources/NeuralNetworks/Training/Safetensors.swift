import Files
import LinearAlgebra
import Tensors

/// A tensor of either element type, as it is in a safetensors file.
public enum StoredTensor: Sendable, Equatable {
    /// Elements of 32 bits, `F32` in the file.
    case float(Tensor<Float>)
    /// Elements of 64 bits, `F64` in the file.
    case double(Tensor<Double>)

    /// A tensor of whichever type.
    public init<Scalar: FloatingScalar>(_ tensor: Tensor<Scalar>) {
        if let tensor = tensor as? Tensor<Float> {
            self = .float(tensor)
        } else if let tensor = tensor as? Tensor<Double> {
            self = .double(tensor)
        } else {
            preconditionFailure("StoredTensor: found elements of \(Scalar.self), expected Float or Double")
        }
    }

    /// The tensor, or nil if its elements are of another type.
    public func tensor<Scalar: FloatingScalar>(as type: Scalar.Type = Scalar.self) -> Tensor<Scalar>? {
        switch self {
        case .float(let tensor): tensor as? Tensor<Scalar>
        case .double(let tensor): tensor as? Tensor<Scalar>
        }
    }

    /// The length of each axis.
    public var shape: [Int] {
        switch self {
        case .float(let tensor): tensor.shape
        case .double(let tensor): tensor.shape
        }
    }

    var type: StoredType {
        switch self {
        case .float: .float
        case .double: .double
        }
    }

    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
        switch self {
        case .float(let tensor): try tensor.withScalars { (x) throws(FileError) in try body(UnsafeRawBufferPointer(x)) }
        case .double(let tensor): try tensor.withScalars { (x) throws(FileError) in try body(UnsafeRawBufferPointer(x)) }
        }
    }
}

/// The contents of a file in the safetensors format: named tensors, and strings about them.
///
/// The format: the header's length in 8 bytes, little-endian as all numbers; the header in JSON, with the element type, the shape and
/// the place of each tensor; the tensors' elements, without gaps. Python's package `safetensors` reads and writes the same.
public struct Safetensors: Sendable, Equatable {
    /// By name.
    public var tensors: [String: StoredTensor]
    /// What the header has under `__metadata__`.
    public var metadata: [String: String]

    /// - Parameters:
    ///   - tensors: By name, which must not be `__metadata__`.
    ///   - metadata: Strings of any kind.
    public init(tensors: [String: StoredTensor] = [:], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Reads a whole file. Whatever its bytes are, the result is either its contents or an error, and memory is taken only for tensors
    /// whose data are there.
    public init(contentsOf path: String) throws(CheckpointError) {
        let file = try CheckpointInput(path)
        let lengthSize = 8
        guard file.size >= lengthSize else { throw .wrongSize(path: path, found: file.size, expected: lengthSize) }
        let length = try file.bytes(count: lengthSize, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= SafetensorsHeader.lengthLimit else {
            throw .invalidHeader(path: path, found: "a length of \(length) bytes", expected: "at most \(SafetensorsHeader.lengthLimit)")
        }
        let dataStart = lengthSize + Int(length)
        guard dataStart <= file.size else { throw .wrongSize(path: path, found: file.size, expected: dataStart) }
        let header = try SafetensorsHeader(parsing: file.bytes(count: Int(length), at: lengthSize), path: path)
        let dataCount = try header.checkLayout(path: path)
        let (expected, overflows) = dataStart.addingReportingOverflow(dataCount)
        guard !overflows && expected == file.size else {
            throw .wrongSize(path: path, found: file.size, expected: overflows ? .max : expected)
        }
        do { try Memory.require(dataCount) } catch { throw .unreadable(path: path, reason: "\(error)") }
        metadata = header.metadata
        tensors = [:]
        for entry in header.entries {
            let offset = dataStart + entry.start
            switch entry.type {
            case .float: tensors[entry.name] = .float(try file.readTensor(entry.shape, at: offset))
            case .double: tensors[entry.name] = .double(try file.readTensor(entry.shape, at: offset))
            }
        }
    }

    /// Writes the file. It is brought to the disk before it takes its place: at no time is there a partial file under `path`, and after a
    /// failure the one from before is as it was.
    public func write(to path: String) throws(CheckpointError) { try staged(at: path).commit() }

    /// The same in two steps: the file is written, and has still to take its place.
    func staged(at path: String) throws(CheckpointError) -> StagedCheckpoint {
        // The larger elements first, so that all are aligned; then by name, so that the same contents give the same bytes.
        let sorted = tensors.sorted { ($1.value.type.size, $0.key) < ($0.value.type.size, $1.key) }
        let header = SafetensorsHeader.bytes(for: sorted.map { ($0.key, $0.value.type, $0.value.shape) }, metadata: metadata)
        do throws(FileError) {
            let file = try StagedFile(at: path)
            let start = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
            try start.withUnsafeBufferPointer { (x) throws(FileError) in try file.write(UnsafeRawBufferPointer(x)) }
            for (_, tensor) in sorted { try tensor.withBytes(file.write) }
            return StagedCheckpoint(path: path, file: file)
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }
}

/// A file that is written but has not yet taken its place.
package struct StagedCheckpoint {
    fileprivate let path: String
    fileprivate let file: StagedFile

    /// Puts it in its place; after a failure the one from before is as it was.
    package func commit() throws(CheckpointError) {
        do throws(FileError) { try file.commit() } catch { throw .cannotWrite(path: path, reason: error.reason) }
    }
}

/// A file that is open for reading, with errors that name it.
private struct CheckpointInput {
    let path: String
    private let file: InputFile

    init(_ path: String) throws(CheckpointError) {
        self.path = path
        do throws(InputFileError) {
            file = try InputFile(path)
        } catch {
            guard let reason = error.reason else { throw .missing(path: path) }
            throw .unreadable(path: path, reason: reason)
        }
    }

    var size: Int { file.size }

    private func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
        let filled: Int
        do throws(FileError) { filled = try file.read(into: bytes, at: offset) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        // It has become shorter since it was opened.
        guard filled == bytes.count else { throw .wrongSize(path: path, found: offset + filled, expected: size) }
    }

    func bytes(count: Int, at offset: Int) throws(CheckpointError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { buffer.deallocate() }
        try read(into: buffer, at: offset)
        return Array(buffer)
    }

    func readTensor<Scalar: FloatingScalar>(_ shape: [Int], at offset: Int) throws(CheckpointError) -> Tensor<Scalar> {
        var failure: CheckpointError?
        let tensor = Tensor<Scalar>(shape: shape) { scalars in
            do throws(CheckpointError) {
                try read(into: UnsafeMutableRawBufferPointer(scalars), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return tensor
    }
}
