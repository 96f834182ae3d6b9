import CLinWarp
import LinearAlgebra
import Tensors

/// Numbers in the caller's memory: checked, and read or written in order.
struct View {
    /// The argument that it came as.
    let name: String
    let shape: [Int]
    /// In bytes.
    private let strides: [Int]
    private let type: linwarp_type
    private nonisolated(unsafe) let data: UnsafeMutableRawPointer

    /// - Parameters:
    ///   - data: Of the first number.
    ///   - shape: As it was given.
    ///   - axes: What the numbers of `shape` are called.
    ///   - types: Those that are taken.
    fileprivate init(
        _ name: String, _ data: UnsafeMutableRawPointer?, _ type: linwarp_type, shape: [Int64], strides: [Int64], axes: [String],
        types: [linwarp_type], empty: Bool
    ) throws {
        guard let data else { throw Failure.invalid("\(name).data", found: "null", expected: "numbers") }
        guard types.contains(type) else {
            throw Failure.invalid(
                "\(name).type", found: "\(type.rawValue)", expected: types.map { "\($0.rawValue)" }.joined(separator: ", "))
        }
        var count = 1
        for (length, axis) in zip(shape, axes) {
            let (product, overflows) = count.multipliedReportingOverflow(by: max(1, Int(length)))
            guard length >= (empty ? 0 : 1), !overflows, product <= Int(Int32.max) else {
                throw Failure.invalid(
                    "\(name).\(axis)", found: "\(length)", expected: "at least \(empty ? 0 : 1) and fewer than 2^31 numbers in all")
            }
            count = product
        }
        // From the first number to the last: within what an address can be.
        var reach = 0.0
        for (length, stride) in zip(shape, strides) { reach += abs(Double(stride)) * Double(max(0, length - 1)) }
        guard reach < 1e15 else {
            throw Failure.invalid("\(name) strides", found: "\(strides)", expected: "bytes between numbers in memory")
        }
        (self.name, self.data, self.type) = (name, data, type)
        (self.shape, self.strides) = (shape.map { Int($0) }, strides.map { Int($0) })
    }

    var count: Int { shape.reduce(1, *) }

    private var bytes: Int { type == LINWARP_UINT8 ? 1 : type == LINWARP_UINT16 ? 2 : type == LINWARP_FLOAT32 ? 4 : 8 }

    /// Throws where two numbers would be in one place.
    func checkWritable() throws {
        var taken = bytes
        for (stride, length) in zip(strides, shape).filter({ $0.1 > 1 }).map({ (abs($0), $1) }).sorted(by: { $0.0 < $1.0 }) {
            guard stride >= taken else {
                throw Failure.invalid(
                    "\(name) strides", found: "\(strides) for \(shape) numbers of \(bytes) bytes", expected: "places that do not overlap")
            }
            taken += stride * (length - 1)
        }
    }

    var isDouble: Bool { type == LINWARP_FLOAT64 }

    /// The numbers, whole ones as 0 to 1; for use while the caller waits. Those that lie as a tensor's do stay where they are. Throws where there is
    /// no memory for others.
    ///
    /// - Parameter copies: Whether all are copied, to be used also after the caller has gone on.
    func tensor<Scalar: FloatingScalar>(as scalar: Scalar.Type, copies: Bool = false) throws -> Tensor<Scalar> {
        if !copies, let own = run(of: scalar) { return Tensor(sharing: UnsafeBufferPointer(own), shape: shape) {} }
        try Memory.require(count * MemoryLayout<Scalar>.stride)
        return Tensor(shape: shape) { out in
            let out = out.baseAddress!
            forEachRow { start, place, length, stride in
                switch type {
                case LINWARP_UINT8: read(place, stride, length, out + start) { (x: UInt8) in Scalar(x) / 255 }
                case LINWARP_UINT16: read(place, stride, length, out + start) { (x: UInt16) in Scalar(x) / 65535 }
                case LINWARP_FLOAT32: read(place, stride, length, out + start) { (x: Float) in Scalar(x) }
                default: read(place, stride, length, out + start) { (x: Double) in Scalar(x) }
                }
            }
        }
    }

    /// Writes a tensor of this shape. Whole numbers are rounded and clamped; a NaN becomes 0.
    func write<Scalar: FloatingScalar>(_ tensor: Tensor<Scalar>) {
        precondition(tensor.shape == shape, "\(name): found results of the shape \(tensor.shape), expected \(shape)")
        tensor.withScalars { scalars in
            guard let scalars = scalars.baseAddress, count > 0 else { return }
            forEachRow { start, place, length, stride in
                switch type {
                case LINWARP_UINT8: store(scalars + start, length, place, stride) { UInt8(whole($0, 255)) }
                case LINWARP_UINT16: store(scalars + start, length, place, stride) { UInt16(whole($0, 65535)) }
                case LINWARP_FLOAT32: store(scalars + start, length, place, stride) { Float($0) }
                default: store(scalars + start, length, place, stride) { Double($0) }
                }
            }
        }
    }

    /// The memory, where the numbers are of this type and lie one after the other in order, as a tensor's do.
    private func run<Scalar: FloatingScalar>(of _: Scalar.Type) -> UnsafeMutableBufferPointer<Scalar>? {
        let (lengths, strides) = mergedAxes
        let isOfType = type == (Scalar.self == Float.self ? LINWARP_FLOAT32 : LINWARP_FLOAT64)
        let isAligned = Int(bitPattern: data) % MemoryLayout<Scalar>.alignment == 0
        guard isOfType, isAligned, count > 0, lengths.count <= 1, strides.allSatisfy({ $0 == bytes }) else { return nil }
        return UnsafeMutableBufferPointer(start: data.assumingMemoryBound(to: Scalar.self), count: count)
    }

    /// The axes of more than one number; neighbours along which numbers advance as along one are one.
    private var mergedAxes: (lengths: [Int], strides: [Int]) {
        var (lengths, strides) = ([Int](), [Int]())
        for (length, stride) in zip(shape, self.strides) where length != 1 {
            if let outer = strides.last, outer == length * stride {
                lengths[lengths.count - 1] *= length
                strides[strides.count - 1] = stride
            } else {
                lengths.append(length)
                strides.append(stride)
            }
        }
        return (lengths, strides)
    }

    /// Calls `body` for runs along the last axis, from several threads: which number it begins with, where that is, how many there are, and how
    /// far apart.
    private func forEachRow(_ body: (_ start: Int, _ place: UnsafeMutableRawPointer, _ length: Int, _ stride: Int) -> Void) {
        guard count > 0 else { return }
        var (lengths, strides) = mergedAxes
        let (length, stride) = (lengths.popLast() ?? 1, strides.popLast() ?? 0)
        // A single long row is cut as well.
        let part = min(length, 16384)
        let parts = (length + part - 1) / part
        Threads.forEachPiece(of: count / length * parts, size: max(1, 16384 / part)) { [lengths, strides] pieces in
            for piece in pieces {
                let (row, first) = (piece / parts, piece % parts * part)
                var (rest, offset) = (row, first * stride)
                for axis in lengths.indices.reversed() {
                    offset += rest % lengths[axis] * strides[axis]
                    rest /= lengths[axis]
                }
                body(row * length + first, data + offset, min(part, length - first), stride)
            }
        }
    }
}

@inline(__always)
private func read<Stored, Scalar>(
    _ place: UnsafeRawPointer, _ stride: Int, _ length: Int, _ out: UnsafeMutablePointer<Scalar>, _ value: (Stored) -> Scalar
) {
    for i in 0..<length { (out + i).initialize(to: value(place.loadUnaligned(fromByteOffset: i * stride, as: Stored.self))) }
}

@inline(__always)
private func store<Stored, Scalar>(
    _ scalars: UnsafePointer<Scalar>, _ length: Int, _ place: UnsafeMutableRawPointer, _ stride: Int, _ value: (Scalar) -> Stored
) {
    for i in 0..<length { place.storeBytes(of: value(scalars[i]), toByteOffset: i * stride, as: Stored.self) }
}

@inline(__always)
private func whole<Scalar: FloatingScalar>(_ value: Scalar, _ largest: Scalar) -> Scalar {
    value > 0 ? min(largest, (value * largest).rounded()) : 0
}

extension View {
    /// An image, as [C, H, W].
    init(_ image: UnsafePointer<linwarp_image>?, _ name: String) throws {
        guard let image = image?.pointee else { throw Failure.invalid(name, found: "null", expected: "an image") }
        try self.init(
            name, image.data, image.type, shape: [image.channels, image.height, image.width],
            strides: [image.channel_stride, image.row_stride, image.column_stride], axes: ["channels", "height", "width"],
            types: [LINWARP_UINT8, LINWARP_UINT16, LINWARP_FLOAT32, LINWARP_FLOAT64], empty: false)
    }

    var size: (height: Int, width: Int) { (shape[1], shape[2]) }

    /// An array of floats, of one to four axes.
    init(_ array: UnsafePointer<linwarp_array>?, _ name: String) throws {
        guard let array = array?.pointee else { throw Failure.invalid(name, found: "null", expected: "an array") }
        guard (1...4).contains(array.rank) else {
            throw Failure.invalid("\(name).rank", found: "\(array.rank)", expected: "1 to 4")
        }
        let (shape, strides) = (array.shape, array.strides)
        let rank = Int(array.rank)
        try self.init(
            name, array.data, array.type, shape: Array([shape.0, shape.1, shape.2, shape.3].prefix(rank)),
            strides: Array([strides.0, strides.1, strides.2, strides.3].prefix(rank)), axes: (0..<rank).map { "shape[\($0)]" },
            types: [LINWARP_FLOAT32, LINWARP_FLOAT64], empty: true)
    }
}
