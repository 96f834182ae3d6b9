import CLinWarp
import LinearAlgebra
import Tensors
import XCTest

/// An image in memory as C has it: of one type of numbers, planar or interleaved, upside down or not.
struct CImage {
    enum Layout: CaseIterable { case planar, interleaved, upsideDown, padded }

    let shape: [Int]
    private(set) var bytes: [UInt8]
    private let type: linwarp_type
    private let first: Int
    private let strides: (channel: Int, row: Int, column: Int)

    init(_ shape: [Int], _ type: linwarp_type, _ layout: Layout = .planar) {
        (self.shape, self.type) = (shape, type)
        let size = [1, 2, 4, 8][Int(type.rawValue)]
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        switch layout {
        case .planar: (first, strides) = (0, (height * width * size, width * size, size))
        case .interleaved: (first, strides) = (0, (size, width * channels * size, channels * size))
        case .upsideDown: (first, strides) = ((height - 1) * width * size, (height * width * size, -width * size, size))
        case .padded: (first, strides) = (24, (2 * height * (width + 3) * size, 2 * (width + 3) * size, size))
        }
        let last = first + (channels - 1) * strides.channel + max(0, (height - 1) * strides.row) + (width - 1) * strides.column
        bytes = [UInt8](repeating: 0xA5, count: last + size)
    }

    /// The largest whole number; 1 for floats.
    private var largest: Float { type == LINWARP_UINT8 ? 255 : type == LINWARP_UINT16 ? 65535 : 1 }

    private func offset(_ i: Int) -> Int {
        let (height, width) = (shape[1], shape[2])
        return first + i / (height * width) * strides.channel + i / width % height * strides.row + i % width * strides.column
    }

    /// The numbers by channel, row and column, whole ones as 0 to 1.
    var values: [Float] {
        get {
            bytes.withUnsafeBytes { bytes in
                (0..<shape.reduce(1, *)).map { i in
                    switch type {
                    case LINWARP_UINT8: Float(bytes[offset(i)]) / largest
                    case LINWARP_UINT16: Float(bytes.loadUnaligned(fromByteOffset: offset(i), as: UInt16.self)) / largest
                    case LINWARP_FLOAT32: bytes.loadUnaligned(fromByteOffset: offset(i), as: Float.self)
                    default: Float(bytes.loadUnaligned(fromByteOffset: offset(i), as: Double.self))
                    }
                }
            }
        }
        set {
            let places = newValue.indices.map(offset)
            let (type, largest) = (type, largest)
            bytes.withUnsafeMutableBytes { bytes in
                for (i, value) in newValue.enumerated() {
                    switch type {
                    case LINWARP_UINT8: bytes[places[i]] = UInt8((min(max(value, 0), 1) * largest).rounded())
                    case LINWARP_UINT16:
                        bytes.storeBytes(of: UInt16((min(max(value, 0), 1) * largest).rounded()), toByteOffset: places[i], as: UInt16.self)
                    case LINWARP_FLOAT32: bytes.storeBytes(of: value, toByteOffset: places[i], as: Float.self)
                    default: bytes.storeBytes(of: Double(value), toByteOffset: places[i], as: Double.self)
                    }
                }
            }
        }
    }

    mutating func withImage<Result>(_ body: (inout linwarp_image) throws -> Result) rethrows -> Result {
        let (first, strides, shape, type) = (first, strides, shape, type)
        return try bytes.withUnsafeMutableBytes { bytes in
            var image = linwarp_image(
                data: bytes.baseAddress! + first, type: type, channels: Int64(shape[0]), height: Int64(shape[1]), width: Int64(shape[2]),
                channel_stride: Int64(strides.channel), row_stride: Int64(strides.row), column_stride: Int64(strides.column))
            return try body(&image)
        }
    }
}

extension CImage {
    init(_ tensor: Tensor<Float>, _ type: linwarp_type = LINWARP_FLOAT32, _ layout: Layout = .planar) {
        self.init(tensor.shape, type, layout)
        values = tensor.scalars
    }
}

/// An array of a tensor's numbers as C has it.
final class CArray<Scalar: FloatingScalar> {
    var numbers: [Scalar]
    private let shape: [Int]

    init(_ tensor: Tensor<Scalar>) { (numbers, shape) = (tensor.scalars, tensor.shape) }

    convenience init(_ shape: [Int]) { self.init(Tensor(repeating: .nan, shape: shape)) }

    func withArray<Result>(_ body: (inout linwarp_array) throws -> Result) rethrows -> Result {
        try numbers.withUnsafeMutableBytes { bytes in
            var array = linwarp_array()
            array.data = bytes.baseAddress
            array.type = Scalar.self == Float.self ? LINWARP_FLOAT32 : LINWARP_FLOAT64
            array.rank = Int64(shape.count)
            var stride = MemoryLayout<Scalar>.stride
            withUnsafeMutableBytes(of: &array.shape) { lengths in
                withUnsafeMutableBytes(of: &array.strides) { strides in
                    for axis in shape.indices.reversed() {
                        lengths.storeBytes(of: Int64(shape[axis]), toByteOffset: 8 * axis, as: Int64.self)
                        strides.storeBytes(of: Int64(stride), toByteOffset: 8 * axis, as: Int64.self)
                        stride *= shape[axis]
                    }
                }
            }
            return try body(&array)
        }
    }
}

extension XCTestCase {
    /// Options for a call; `body` gets their handle.
    func withOptions<Result>(
        _ texts: [String: String] = [:], numbers: [String: [Double]] = [:], _ body: (OpaquePointer) throws -> Result
    ) rethrows -> Result {
        let options = linwarp_options_create()!
        defer { linwarp_options_destroy(options) }
        for (name, text) in texts { XCTAssertEqual(linwarp_options_set_text(options, name, text), LINWARP_OK) }
        for (name, values) in numbers {
            XCTAssertEqual(linwarp_options_set_numbers(options, name, values, Int64(values.count)), LINWARP_OK)
        }
        return try body(options)
    }

    func assertOK(_ status: linwarp_status, file: StaticString = #filePath, line: UInt = #line) {
        XCTAssertEqual(status, LINWARP_OK, String(cString: linwarp_last_error()), file: file, line: line)
    }

    /// One line that holds all of `names`.
    func assertFails(
        _ status: linwarp_status, _ expected: linwarp_status = LINWARP_INVALID_ARGUMENT, naming names: String...,
        file: StaticString = #filePath,
        line: UInt = #line
    ) {
        let text = String(cString: linwarp_last_error())
        XCTAssertEqual(status, expected, text, file: file, line: line)
        XCTAssertFalse(text.contains(where: \.isNewline), file: file, line: line)
        for name in names { XCTAssert(text.contains(name), "\(name): \(text)", file: file, line: line) }
    }
}
