import LinearAlgebra
import Tensors

/// How a kernel lies over an image.
public struct ConvolutionGeometry: Sendable, Equatable {
    /// Pixels between neighbouring outputs.
    public var stride: Int
    /// Zeros around the image.
    public var padding: Int
    /// Pixels between neighbouring taps of the kernel.
    public var dilation: Int
    /// Groups of channels that are convolved apart.
    public var groups: Int

    public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1) {
        precondition(
            stride >= 1 && padding >= 0 && dilation >= 1 && groups >= 1,
            "ConvolutionGeometry: found stride \(stride), padding \(padding), dilation \(dilation), groups \(groups), expected at least 1, 0, 1, 1"
        )
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
    }
}

/// The cross-correlation of images [N, C, H, W] with kernels [O, C / groups, kh, kw], as in PyTorch's `conv2d`: [N, O, h, w].
/// Differentiable by both.
public func convolution<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ geometry: ConvolutionGeometry = ConvolutionGeometry()
) -> Tensor<Scalar> {
    let pass = ConvolutionPass(x.shape, weight.shape, geometry)
    let (image, kernel) = (x.stopGradient(), weight.stopGradient())
    return pass.forward(image, kernel).recorded(from: [x, weight]) { cotangent, isNeeded in
        [
            isNeeded[0] ? pass.imageGradient(cotangent, kernel) : nil,
            isNeeded[1] ? pass.kernelGradient(cotangent, image) : nil,
        ]
    }
}

/// A convolution of given shapes through matrix products: the patches under the kernel become the columns of a matrix, a tile of them at a
/// time that stays in the cache.
struct ConvolutionPass: Sendable {
    let batch, channels, height, width, outputs, kernelHeight, kernelWidth: Int
    let outHeight, outWidth: Int
    let geometry: ConvolutionGeometry

    init(_ x: [Int], _ weight: [Int], _ geometry: ConvolutionGeometry) {
        func length(_ size: Int, _ kernel: Int) -> Int {
            let room = size + 2 * geometry.padding - geometry.dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / geometry.stride + 1
        }
        precondition(
            x.count == 4 && weight.count == 4 && weight[2] > 0 && weight[3] > 0 && weight[1] > 0 && x[1] == weight[1] * geometry.groups
                && weight[0] % geometry.groups == 0 && length(x[2], weight[2]) > 0 && length(x[3], weight[3]) > 0,
            "convolution: found \(x) with kernels \(weight) and \(geometry), expected [N, C, H, W] with [O, C / groups, kh, kw] that fit")
        (batch, channels, height, width) = (x[0], x[1], x[2], x[3])
        (outputs, kernelHeight, kernelWidth) = (weight[0], weight[2], weight[3])
        (outHeight, outWidth) = (length(x[2], weight[2]), length(x[3], weight[3]))
        self.geometry = geometry
    }

    var outPixels: Int { outHeight * outWidth }
    /// Of one group: the channels in and out, and the taps, which are the rows of the matrix of patches.
    var groupChannels: Int { channels / geometry.groups }
    var groupOutputs: Int { outputs / geometry.groups }
    var taps: Int { groupChannels * kernelHeight * kernelWidth }
    /// Output pixels a tile: about a quarter of a megabyte of Float patches.
    private var tile: Int { min(outPixels, max(16, 65536 / taps)) }

    func forward<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
        Tensor(shape: [batch, outputs, outHeight, outWidth]) { out in
            let out = out.baseAddress!
            forEachTile(of: x) { image, group, pixels, patches in
                weight.withScalars { weight in
                    gemmOnOneThread(
                        weight.baseAddress! + group * groupOutputs * taps, MatrixLayout(groupOutputs, taps),
                        patches, MatrixLayout(taps, pixels.count),
                        into: out + (image * outputs + group * groupOutputs) * outPixels + pixels.lowerBound,
                        MatrixLayout(groupOutputs, pixels.count, stride: outPixels))
                }
            }
        }
    }

    /// Each tile's gradient by its patches is added back to where they were taken; one thread does all tiles of an image.
    func imageGradient<Scalar: FloatingScalar>(_ cotangent: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
        var gradient = Tensor<Scalar>.zeros([batch, channels, height, width])
        gradient.withMutableScalars { gradient in
            let gradient = gradient.baseAddress!
            cotangent.withScalars { cotangent in
                weight.withScalars { weight in
                    Threads.forEachPiece(of: batch * geometry.groups, size: 1) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: taps * tile) { patches in
                            let patches = patches.baseAddress!
                            for item in piece {
                                let (image, group) = (item / geometry.groups, item % geometry.groups)
                                forEachTile { pixels in
                                    gemmOnOneThread(
                                        transposeA: true, weight.baseAddress! + group * groupOutputs * taps,
                                        MatrixLayout(groupOutputs, taps),
                                        cotangent.baseAddress! + (image * outputs + group * groupOutputs) * outPixels + pixels.lowerBound,
                                        MatrixLayout(groupOutputs, pixels.count, stride: outPixels), into: patches,
                                        MatrixLayout(taps, pixels.count))
                                    addPatches(
                                        patches, pixels, to: gradient + (image * channels + group * groupChannels) * height * width)
                                }
                            }
                        }
                    }
                }
            }
        }
        return gradient
    }

    /// The images are cut into a fixed number of shares, each summed by one thread, and the shares are added in order: so the number of
    /// threads changes nothing.
    func kernelGradient<Scalar: FloatingScalar>(_ cotangent: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
        let count = outputs * taps
        let shares = min(batch, 4)
        var sums = Tensor<Scalar>.zeros([shares, outputs, groupChannels, kernelHeight, kernelWidth])
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            cotangent.withScalars { cotangent in
                x.withScalars { x in
                    Threads.forEachPiece(of: shares, size: 1) { piece in
                        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: taps * tile) { patches in
                            let patches = patches.baseAddress!
                            for share in piece {
                                for image in share * batch / shares..<(share + 1) * batch / shares {
                                    for group in 0..<geometry.groups {
                                        forEachTile { pixels in
                                            copyPatches(
                                                x.baseAddress! + (image * channels + group * groupChannels) * height * width, pixels,
                                                to: patches)
                                            gemmOnOneThread(
                                                transposeB: true,
                                                cotangent.baseAddress! + (image * outputs + group * groupOutputs) * outPixels
                                                    + pixels.lowerBound, MatrixLayout(groupOutputs, pixels.count, stride: outPixels),
                                                patches, MatrixLayout(taps, pixels.count), beta: 1,
                                                into: sums + share * count + group * groupOutputs * taps, MatrixLayout(groupOutputs, taps))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return sums.sum(axes: [0])
    }

    private func forEachTile(_ body: (Range<Int>) -> Void) {
        for first in stride(from: 0, to: outPixels, by: tile) { body(first..<min(outPixels, first + tile)) }
    }

    /// Calls `body` from several threads with each tile's patches.
    private func forEachTile<Scalar: FloatingScalar>(
        of x: Tensor<Scalar>,
        _ body: (_ image: Int, _ group: Int, _ pixels: Range<Int>, _ patches: UnsafePointer<Scalar>) -> Void
    ) {
        let tiles = (outPixels + tile - 1) / tile
        x.withScalars { x in
            Threads.forEachPiece(of: batch * geometry.groups * tiles, size: max(1, tiles)) { piece in
                withUnsafeTemporaryAllocation(of: Scalar.self, capacity: taps * tile) { patches in
                    let patches = patches.baseAddress!
                    for item in piece {
                        let (plane, first) = (item / tiles, item % tiles * tile)
                        let (image, group) = (plane / geometry.groups, plane % geometry.groups)
                        let pixels = first..<min(outPixels, first + tile)
                        copyPatches(
                            x.baseAddress! + (image * channels + group * groupChannels) * height * width, pixels, to: patches)
                        body(image, group, pixels, patches)
                    }
                }
            }
        }
    }
}
