import CWarpKernels
import LinearAlgebra
import Tensors

/// Images whose channels are interleaved, [N, H, W, C], as cameras, decoders and OpenCV have them.
///
/// ``BilinearSampler/sample(_:at:)`` reads them where they are, without a copy; there is no gradient by them. Their elements are floats, which
/// are taken as they are, or bytes, which stand for 0 to 1: they are divided by 255, as image files are.
public struct InterleavedImages: Sendable {
    /// [N, H, W, C].
    public let shape: [Int]
    private let pixels: Pixels

    private enum Pixels: Sendable {
        case floats(Tensor<Float>)
        case bytes([UInt8])
        case shared(SharedBytes)
    }

    /// Floats [N, H, W, C]. `Tensor(sharing:shape:release:)` makes a tensor of memory of the caller's.
    public init(_ images: Tensor<Float>) { self.init(images.shape, images.count, .floats(images.stopGradient())) }

    /// Bytes in the order of the shape, [N, H, W, C].
    public init(_ bytes: [UInt8], shape: [Int]) { self.init(shape, bytes.count, .bytes(bytes)) }

    /// Bytes in memory of the caller's.
    ///
    /// - Parameters:
    ///   - bytes: In the order of the shape. They must not change until `release` is called.
    ///   - shape: [N, H, W, C].
    ///   - release: Called once, on any thread, when nobody reads the memory any more.
    public init(sharing bytes: UnsafeBufferPointer<UInt8>, shape: [Int], release: @escaping @Sendable () -> Void) {
        self.init(shape, bytes.count, .shared(SharedBytes(bytes, release: release)))
    }

    private init(_ shape: [Int], _ count: Int, _ pixels: Pixels) {
        precondition(
            shape.count == 4 && shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == count,
            "InterleavedImages: found \(count) elements of the shape \(shape), expected [N, H, W, C] and as many")
        self.shape = shape
        self.pixels = pixels
    }

    var elements: warp_elements {
        if case .floats = pixels { warp_elements_floats } else { warp_elements_bytes }
    }
}

extension InterleavedImages: PixelMemory {
    var planarShape: [Int] { [shape[0], shape[3], shape[1], shape[2]] }

    var elementBytes: Int { elements == warp_elements_floats ? MemoryLayout<Float>.stride : 1 }

    func withPixels(_ body: (UnsafeRawPointer) -> Void) {
        switch pixels {
        case .floats(let tensor): tensor.withPixels(body)
        case .bytes(let bytes): bytes.withUnsafeBytes { body($0.address) }
        case .shared(let shared): body(UnsafeRawBufferPointer(shared.bytes).address)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where there are no bytes, there may be no address; one is as good as another.
    fileprivate var address: UnsafeRawPointer { baseAddress ?? UnsafeRawPointer(bitPattern: 1)! }
}

/// Memory of a caller's, until nobody reads it.
private final class SharedBytes: @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>
    private let release: @Sendable () -> Void

    init(_ bytes: UnsafeBufferPointer<UInt8>, release: @escaping @Sendable () -> Void) {
        self.bytes = bytes
        self.release = release
    }

    deinit { release() }
}
