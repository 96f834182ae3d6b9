import CWarpKernels
import LinearAlgebra
import Tensors

/// What lies outside of an image.
public enum Padding: String, CaseIterable, Sendable, Codable {
    /// Black: the image fades to 0 over one pixel.
    case zeros
    /// The nearest border pixel.
    case border
    /// The image mirrored at its border, again and again.
    case reflection

    var raw: warp_padding {
        switch self {
        case .zeros: warp_padding_zeros
        case .border: warp_padding_border
        case .reflection: warp_padding_reflection
        }
    }
}

/// One pass over all target pixels of a batch: cuts them into tiles, spreads the tiles over threads, and computes where each tile's
/// pixels sample the source. The tile's work is a kernel of `CWarpKernels`.
struct SamplingPass<Scalar: FloatingScalar> {
    let image: Tensor<Scalar>
    let grid: SamplingGrid<Scalar>
    let padding: Padding
    let alignCorners: Bool
    let batch, channels, height, width: Int
    /// From target to source pixels, where the grid is one of matrices.
    private var pixelMatrices: [Matrix3] = []

    init(_ operation: String, _ image: Tensor<Scalar>, _ grid: SamplingGrid<Scalar>, _ padding: Padding, alignCorners: Bool) {
        let shape = image.shape
        precondition(
            shape.count == 4 && shape[2] > 0 && shape[3] > 0 && shape[2] < Int(Int32.max) / shape[3],
            "\(operation): found an image of the shape \(shape), expected [N, C, H, W] with at least one pixel and fewer than 2^31")
        precondition(
            shape[0] == grid.batch || shape[0] == 1 || grid.batch == 1,
            "\(operation): found an image of the shape \(shape) and a grid of \(grid.batch) targets, expected the same batch or 1")
        self.image = image
        self.grid = grid
        self.padding = padding
        self.alignCorners = alignCorners
        batch = max(shape[0], grid.batch)
        (channels, height, width) = (shape[1], shape[2], shape[3])
        if case .matrices = grid.form {
            let ((x, y), (tx, ty)) = (sourceAxes, grid.targetAxes)
            let (x0, y0) = (tx.normalized(0), ty.normalized(0))
            let fromTarget = Matrix3([tx.normalized(1) - x0, 0, x0, 0, ty.normalized(1) - y0, y0, 0, 0, 1])
            let toSource = Matrix3([x.scale, 0, x.shift, 0, y.scale, y.shift, 0, 0, 1])
            pixelMatrices = (0..<grid.batch).map { toSource * grid.matrix($0)! * fromTarget }
        }
    }

    var pixels: Int { grid.height * grid.width }
    var resultShape: [Int] { [batch, channels, grid.height, grid.width] }
    /// Slopes by source pixel times these are slopes by normalized coordinates.
    var slopeScales: (u: Double, v: Double) { (sourceAxes.x.scale, sourceAxes.y.scale) }

    private var sourceAxes: (x: PixelAxis, y: PixelAxis) {
        (PixelAxis(length: width, alignCorners: alignCorners), PixelAxis(length: height, alignCorners: alignCorners))
    }

    /// Which image serves target `n`.
    func imageIndex(_ n: Int) -> Int { image.shape[0] == 1 ? 0 : n }

    /// The kernels' view of image `index`; valid while `pixels` are.
    func source(_ index: Int, _ pixels: UnsafePointer<Scalar>) -> warp_image {
        warp_image(
            pixels: pixels + index * channels * height * width, channels: Int32(channels), height: Int32(height), width: Int32(width),
            padding: padding.raw, align_corners: alignCorners)
    }

    /// Calls `body` for every tile, from several threads: the target's index, the tile's first pixel, and its points.
    func forEachTile(_ body: (_ target: Int, _ first: Int, _ points: UnsafePointer<warp_points>) -> Void) {
        let tilesPerTarget = (pixels + tileSize - 1) / tileSize
        Threads.forEachPiece(of: batch * tilesPerTarget, size: 16) { piece in
            withUnsafeTemporaryAllocation(of: warp_points.self, capacity: 1) { points in
                let points = points.baseAddress!
                for tile in piece {
                    let (target, first) = (tile / tilesPerTarget, tile % tilesPerTarget * tileSize)
                    place(target, first, points)
                    body(target, first, points)
                }
            }
        }
    }

    /// Calls `body` for every tile of the targets that image `index` serves, in order, on this thread.
    func forEachTile(
        ofImage index: Int, _ body: (_ target: Int, _ first: Int, _ points: UnsafePointer<warp_points>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: warp_points.self, capacity: 1) { points in
            let points = points.baseAddress!
            for target in 0..<batch where imageIndex(target) == index {
                for first in stride(from: 0, to: pixels, by: tileSize) {
                    place(target, first, points)
                    body(target, first, points)
                }
            }
        }
    }

    private func place(_ target: Int, _ first: Int, _ points: UnsafeMutablePointer<warp_points>) {
        let count = Int32(min(tileSize, pixels - first))
        let place = grid.batch == 1 ? 0 : target
        switch grid.form {
        case .matrices:
            Scalar.kernels.points_of_matrix(pixelMatrices[place].elements, Int32(grid.width), Int32(first), count, points)
        case .points(let tensor):
            let (x, y) = sourceAxes
            tensor.withScalars {
                Scalar.kernels.points_of_grid(
                    $0.baseAddress! + place * pixels * 2, Int32(grid.height), Int32(grid.width), [x.scale, y.scale], [x.shift, y.shift],
                    Int32(first), count, points)
            }
        }
    }
}

private let tileSize = warp_tile

extension SamplingPass {
    /// Values and, where asked for, slopes: `kernel` fills one tile of them.
    func run(
        slopes: Bool,
        _ kernel: (
            _ source: UnsafePointer<warp_image>, _ target: Int, _ first: Int, _ points: UnsafePointer<warp_points>,
            _ run: UnsafePointer<warp_run>
        ) -> Void
    ) -> Linearization<Scalar> {
        var slopeU: Tensor<Scalar>?
        var slopeV: Tensor<Scalar>?
        let values = Tensor<Scalar>(shape: resultShape) { values in
            func fill(_ u: UnsafeMutablePointer<Scalar>?, _ v: UnsafeMutablePointer<Scalar>?) {
                image.withScalars { source in
                    forEachTile { target, first, points in
                        var image = self.source(imageIndex(target), source.baseAddress!)
                        let place = target * channels * pixels + first
                        var run = warp_run(
                            values: values.baseAddress! + place, slope_u: u.map { $0 + place }, slope_v: v.map { $0 + place },
                            stride: pixels, scale_u: slopeScales.u, scale_v: slopeScales.v)
                        kernel(&image, target, first, points, &run)
                    }
                }
            }
            guard slopes else { return fill(nil, nil) }
            slopeU = Tensor(shape: resultShape) { u in
                slopeV = Tensor(shape: resultShape) { v in fill(u.baseAddress!, v.baseAddress!) }
            }
        }
        return Linearization(values: values, slopeU: slopeU, slopeV: slopeV)
    }

    /// The gradient by the image from `cotangent`, [N, C, h, w]: `kernel` adds one tile's share. Each image's channels are spread over
    /// threads; one thread adds all that a channel receives, in order.
    func scatter(
        _ cotangent: Tensor<Scalar>,
        _ kernel: (
            _ shape: UnsafePointer<warp_image>, _ target: Int, _ first: Int, _ points: UnsafePointer<warp_points>,
            _ cotangent: UnsafePointer<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>
        ) -> Void
    ) -> Tensor<Scalar> {
        var gradient = Tensor<Scalar>.zeros(image.shape)
        let plane = height * width
        // Few channels a block: positions are computed anew for each.
        let block = min(channels, warp_channel_block)
        let blocks = (channels + block - 1) / max(1, block)
        gradient.withMutableScalars { gradient in
            cotangent.withScalars { cotangent in
                Threads.forEachPiece(of: image.shape[0] * blocks, size: 1) { piece in
                    for item in piece {
                        let (index, channel) = (item / blocks, item % blocks * block)
                        forEachTile(ofImage: index) { target, first, points in
                            var shape = self.source(index, UnsafePointer(gradient.baseAddress!))
                            shape.channels = Int32(min(block, channels - channel))
                            kernel(
                                &shape, target, first, points,
                                cotangent.baseAddress! + (target * channels + channel) * pixels + first,
                                gradient.baseAddress! + (index * channels + channel) * plane)
                        }
                    }
                }
            }
        }
        return gradient
    }
}
