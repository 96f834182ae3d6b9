import Files
import LinearAlgebra
import Tensors

extension Tensor {
    /// The array in a `.npy` file, as `numpy.save` writes it: of any shape, in rows or in columns first, of whole numbers, floating-point numbers
    /// (16 to 64 bits) or truth values, which become 0 and 1. Elements of another type than this tensor's are rounded to it.
    public init(npyAt path: String) throws(NumPyFileError) { self = try .array(in: ByteSource(contentsOf: path)) }

    /// Writes a `.npy` file, which `numpy.load` reads. It takes its place when it is complete: after a failure the one from before is as it was.
    public func write(npyTo path: String) throws(NumPyFileError) {
        do throws(FileError) {
            try replaceFile(at: path) { (write) throws(FileError) in
                try arrayHeader.withUnsafeBufferPointer { (x) throws(FileError) in try write(UnsafeRawBufferPointer(x)) }
                try withScalars { (x) throws(FileError) in try write(UnsafeRawBufferPointer(x)) }
            }
        } catch {
            throw .cannotWrite(path: path, reason: error.reason)
        }
    }

    var arrayHeader: [UInt8] { ArrayHeader(type: "<f\(MemoryLayout<Scalar>.size)", isFortranOrder: false, shape: shape).bytes }

    /// What a `.npy` file holds.
    static func array(in source: ByteSource) throws(NumPyFileError) -> Tensor {
        let (header, start) = try ArrayHeader.read(source)
        guard let element = ElementType(header.type) else { throw .unsupportedElements(path: source.path, found: header.type) }
        var count = 1
        for length in header.shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: Swift.max(1, length))
            guard !overflows, product <= Int.max / 16 else {
                throw .damaged(path: source.path, found: "the shape \(header.shape)", expected: "one that memory can hold")
            }
            count = product
        }
        if header.shape.contains(0) { count = 0 }
        let expected = start + count * element.size
        guard source.count == expected else {
            throw .damaged(path: source.path, found: "\(source.count) bytes", expected: "\(expected) for the shape \(header.shape)")
        }
        try source.requireMemory(count * (MemoryLayout<Scalar>.size + element.size))
        // Columns first are the rows of the transpose.
        let shape = header.isFortranOrder ? header.shape.reversed() : header.shape
        var failure: NumPyFileError?
        let tensor = Tensor(shape: shape) { out in
            do throws(NumPyFileError) { try element.read(source, from: start, into: out) } catch { failure = error }
        }
        if let failure { throw failure }
        return header.isFortranOrder ? tensor.permuted(tensor.shape.indices.reversed()) : tensor
    }
}

/// How an element of an array is stored.
private struct ElementType {
    /// f, i, u or b.
    private let kind: Character
    /// In bytes.
    let size: Int
    private let isBigEndian: Bool

    /// From NumPy's name, as `<f4`; nil for what is no number.
    init?(_ name: String) {
        let letters = Array(name)
        guard letters.count == 3, "<>|=".contains(letters[0]), let size = letters[2].wholeNumberValue else { return nil }
        switch letters[1] {
        case "f" where [2, 4, 8].contains(size), "i" where [1, 2, 4, 8].contains(size), "u" where [1, 2, 4, 8].contains(size),
            "b" where size == 1:
            (kind, self.size, isBigEndian) = (letters[1], size, letters[0] == ">")
        default: return nil
        }
    }

    /// Reads as many elements as `out` holds.
    func read<Scalar: FloatingScalar>(
        _ source: ByteSource, from start: Int, into out: UnsafeMutableBufferPointer<Scalar>
    ) throws(NumPyFileError) {
        if kind == "f", size == MemoryLayout<Scalar>.size, !isBigEndian {
            return try source.read(into: UnsafeMutableRawBufferPointer(out), at: start)
        }
        let chunk = 1 << 16
        for first in stride(from: 0, to: out.count, by: chunk) {
            let count = min(chunk, out.count - first)
            let bytes = try source.bytes(count * size, at: start + first * size)
            let part = UnsafeMutableBufferPointer(rebasing: out[first..<first + count])
            switch (kind, size) {
            case ("f", 2): convert(bytes, to: part) { Scalar(Float(Float16(bitPattern: $0))) }
            case ("f", 4): convert(bytes, to: part) { Scalar(Float(bitPattern: $0)) }
            case ("f", 8): convert(bytes, to: part) { Scalar(Double(bitPattern: $0)) }
            case ("i", 1): convert(bytes, to: part) { Scalar(Int8(bitPattern: $0)) }
            case ("i", 2): convert(bytes, to: part) { Scalar(Int16(bitPattern: $0)) }
            case ("i", 4): convert(bytes, to: part) { Scalar(Int32(bitPattern: $0)) }
            case ("i", 8): convert(bytes, to: part) { Scalar(Int64(bitPattern: $0)) }
            case ("u", 2): convert(bytes, to: part) { (x: UInt16) in Scalar(x) }
            case ("u", 4): convert(bytes, to: part) { (x: UInt32) in Scalar(x) }
            case ("u", 8): convert(bytes, to: part) { (x: UInt64) in Scalar(x) }
            default: convert(bytes, to: part) { (x: UInt8) in Scalar(x) }
            }
        }
    }

    @inline(__always)
    private func convert<Bits: FixedWidthInteger, Scalar>(
        _ bytes: [UInt8], to out: UnsafeMutableBufferPointer<Scalar>, _ number: (Bits) -> Scalar
    ) {
        bytes.withUnsafeBytes { bytes in
            for i in out.indices {
                let bits = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: Bits.self)
                out.initializeElement(at: i, to: number(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)))
            }
        }
    }
}
