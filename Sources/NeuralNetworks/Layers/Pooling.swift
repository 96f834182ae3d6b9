import CWarpKernels
import LinearAlgebra
import Tensors

/// The largest element of each window of `size` x `size`, `stride` apart, of images [N, C, H, W]: [N, C, h, w]. Windows that do not fit are
/// left out. The gradient goes to the first of several that are equally large.
public func maxPooled<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, size: Int, stride: Int) -> Tensor<Scalar> {
    precondition(
        x.rank == 4 && size >= 1 && stride >= 1 && x.shape[2] >= size && x.shape[3] >= size,
        "maxPooled: found \(x.shape) with windows of \(size) and stride \(stride), expected [N, C, H, W] at least as large as a window")
    let shape = x.shape
    let (height, width) = ((shape[2] - size) / stride + 1, (shape[3] - size) / stride + 1)
    // Where in its plane each window has its largest element.
    let places = PooledArray<Int32>(count: shape[0] * shape[1] * height * width)
    let value = Tensor<Scalar>(shape: [shape[0], shape[1], height, width]) { out in
        x.withScalars { x in
            let (x, out, places) = (x.baseAddress!, out.baseAddress!, places.elements.baseAddress!)
            let kernels = Scalar.kernels
            Threads.forEachPiece(of: shape[0] * shape[1], size: max(1, 16384 / (shape[2] * shape[3]))) { piece in
                for plane in piece {
                    kernels.max_pool(
                        x + plane * shape[2] * shape[3], Int32(shape[3]), Int32(size), Int32(stride), Int32(height), Int32(width),
                        out + plane * height * width, places + plane * height * width)
                }
            }
        }
    }
    return value.recorded(from: [x]) { cotangent, _ in
        var gradient = Tensor<Scalar>.zeros(shape)
        let (plane, outPlane) = (shape[2] * shape[3], height * width)
        gradient.withMutableScalars { gradient in
            cotangent.withScalars { cotangent in spread(cotangent, places.elements, plane, outPlane, into: gradient) }
        }
        return [gradient]
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func spread<Scalar: FloatingScalar>(
    _ cotangent: UnsafeBufferPointer<Scalar>, _ places: UnsafeMutableBufferPointer<Int32>, _ plane: Int, _ outPlane: Int,
    into gradient: UnsafeMutableBufferPointer<Scalar>
) {
    let count = cotangent.count / max(1, outPlane)
    let (cotangent, places, gradient) = (cotangent.baseAddress!, places.baseAddress!, gradient.baseAddress!)
    Threads.forEachPiece(of: count, size: max(1, 16384 / plane)) { piece in
        for i in piece {
            for j in i * outPlane..<(i + 1) * outPlane { gradient[i * plane + Int(places[j])] += cotangent[j] }
        }
    }
}

/// The mean of each window of `size` x `size`, `stride` apart, of images [N, C, H, W]: [N, C, h, w]. Windows that do not fit are left out.
public func averagePooled<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, size: Int, stride: Int) -> Tensor<Scalar> {
    precondition(
        x.rank == 4 && size >= 1 && stride >= 1 && x.shape[2] >= size && x.shape[3] >= size,
        "averagePooled: found \(x.shape) with windows of \(size) and stride \(stride), expected [N, C, H, W] at least as large as a window")
    func means(_ length: Int) -> AxisMap<Scalar> {
        let weights = [Scalar](repeating: 1 / Scalar(size), count: size)
        return AxisMap(inputs: length, (0...(length - size) / stride).map { ($0 * stride, weights) })
    }
    return linearlyMapped(x, rows: means(x.shape[2]), columns: means(x.shape[3]))
}

/// Max-pooling with windows next to each other.
public struct MaxPoolingLayer: Module {
    /// The side of a window, in pixels, and the distance to the next.
    public let size: Int

    /// Windows of `size` x `size`, which do not overlap.
    public init(size: Int = 2) { self.size = size }

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        maxPooled(x, size: size, stride: size)
    }
}

/// The largest element of each channel: [N, C, H, W] to [N, C].
public struct GlobalMaxPoolingLayer: Module {
    /// It has no parameters, and takes images of any size of at least one pixel.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(x.rank == 4, "GlobalMaxPoolingLayer: found \(x.shape), expected [N, C, H, W]")
        return x.max(axes: [2, 3])
    }
}

/// Average pooling with windows next to each other.
public struct AveragePoolingLayer: Module {
    /// The side of a window, in pixels; windows lie next to each other.
    public let size: Int

    /// Windows of `size` x `size`, which do not overlap.
    public init(size: Int = 2) { self.size = size }

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        averagePooled(x, size: size, stride: size)
    }
}

/// The mean of each channel: [N, C, H, W] to [N, C].
public struct GlobalAveragePoolingLayer: Module {
    /// It has no parameters; images may be of any size.
    public init() {}

    public var specifications: [ParameterSpecification] { [] }

    public func callAsFunction<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ context: inout Context<Scalar>) -> Tensor<Scalar> {
        precondition(x.rank == 4, "GlobalAveragePoolingLayer: found \(x.shape), expected [N, C, H, W]")
        return x.mean(axes: [2, 3])
    }
}
