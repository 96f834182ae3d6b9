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

/// One pass over all target pixels of a batch: cuts them into runs and spreads the runs over threads. A run's work is a kernel of
/// `CWarpKernels`.
struct SamplingPass<Scalar: FloatingScalar> {
    let image: Tensor<Scalar>
    let grid: SamplingGrid<Scalar>
    let padding: Padding
    let alignCorners: Bool
    let batch, channels, height, width: Int
    /// How long the kernel takes a target pixel and channel, in the time of one bilinear sample.
    let cost: Int

    init(
        _ operation: String, _ image: Tensor<Scalar>, _ grid: SamplingGrid<Scalar>, _ padding: Padding, alignCorners: Bool, cost: Int = 1
    ) {
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
        self.cost = cost
        batch = max(shape[0], grid.batch)
        (channels, height, width) = (shape[1], shape[2], shape[3])
    }

    var pixels: Int { grid.height * grid.width }
    private var resultShape: [Int] { [batch, channels, grid.height, grid.width] }

    /// Which image serves target `n`.
    private func imageIndex(_ n: Int) -> Int { image.shape[0] == 1 ? 0 : n }

    /// The kernels' view of image `index` of those at `pixels`.
    private func source(_ index: Int, _ pixels: UnsafePointer<Scalar>) -> warp_image {
        warp_image(
            pixels: pixels + index * channels * height * width, channels: Int32(channels), height: Int32(height), width: Int32(width),
            padding: padding.raw, align_corners: alignCorners)
    }

    /// The kernels' view of target `n` of a grid whose matrices or points are at `variable`.
    private func target(_ n: Int, _ variable: UnsafePointer<Scalar>) -> warp_grid {
        let place = grid.batch == 1 ? 0 : n
        var (matrix, points): (UnsafePointer<Scalar>?, UnsafePointer<Scalar>?)
        switch grid.form {
        case .matrices: matrix = variable + 9 * place
        case .points: points = variable + 2 * pixels * place
        }
        return warp_grid(
            matrix: matrix, points: points, height: Int32(grid.height), width: Int32(grid.width), align_corners: grid.alignCorners)
    }
}

/// Consecutive pixels of one target.
struct Run {
    var target, first, count: Int
    /// Its place among all runs of the pass.
    var index: Int
}

extension SamplingPass {
    /// So many pixels of a target are one thread's at a time: a matter of some ten microseconds. Whole tiles of the kernels.
    private var runLength: Int { max(1, 16384 / (cost * (channels + 1) * warp_tile)) * warp_tile }
    private var runsPerTarget: Int { (pixels + runLength - 1) / runLength }

    /// Calls `body` for every run, from several threads.
    private func forEachRun(
        _ body: (_ run: Run, _ source: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>) -> Void
    ) {
        image.withScalars { image in
            grid.variable.withScalars { variable in
                // A piece is a run, or several small targets.
                Threads.forEachPiece(of: batch * runsPerTarget, size: max(1, runLength / pixels)) { piece in
                    for index in piece {
                        let (n, first) = (index / runsPerTarget, index % runsPerTarget * runLength)
                        var (source, target) = (self.source(imageIndex(n), image.baseAddress!), self.target(n, variable.baseAddress!))
                        body(Run(target: n, first: first, count: min(runLength, pixels - first), index: index), &source, &target)
                    }
                }
            }
        }
    }

    /// Values and, where asked for, slopes: `kernel` fills one run of them.
    func run(
        slopes: Bool,
        _ kernel: (
            _ run: Run, _ source: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ results: UnsafePointer<warp_run>
        ) -> Void
    ) -> Linearization<Scalar> {
        var slopeU: Tensor<Scalar>?
        var slopeV: Tensor<Scalar>?
        let values = Tensor<Scalar>(shape: resultShape) { values in
            func fill(_ u: UnsafeMutablePointer<Scalar>?, _ v: UnsafeMutablePointer<Scalar>?) {
                forEachRun { run, source, grid in
                    let place = run.target * channels * pixels + run.first
                    var results = warp_run(
                        values: values.baseAddress! + place, slope_u: u.map { $0 + place }, slope_v: v.map { $0 + place }, stride: pixels)
                    kernel(run, source, grid, &results)
                }
            }
            guard slopes else { return fill(nil, nil) }
            slopeU = Tensor(shape: resultShape) { u in
                slopeV = Tensor(shape: resultShape) { v in fill(u.baseAddress!, v.baseAddress!) }
            }
        }
        return Linearization(values: values, slopeU: slopeU, slopeV: slopeV)
    }

    /// The gradient by the grid's variable from `cotangent`, [N, C, h, w]: `kernel` gives one run's share. Runs are summed apart from each
    /// other and added in order: the same bits on any number of threads.
    func gridGradient(
        _ cotangent: Tensor<Scalar>,
        _ kernel: (
            _ run: Run, _ source: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ cotangent: UnsafePointer<Scalar>,
            _ gradient: UnsafePointer<warp_grid_gradient>
        ) -> Void
    ) -> Tensor<Scalar> {
        cotangent.withScalars { cotangent in
            func share(_ run: Run) -> UnsafePointer<Scalar> { cotangent.baseAddress! + run.target * channels * pixels + run.first }
            switch grid.form {
            case .points:
                let all = Tensor<Scalar>(shape: [batch, grid.height, grid.width, 2]) { points in
                    forEachRun { run, source, grid in
                        var gradient = warp_grid_gradient(matrix: nil, points: points.baseAddress! + run.target * pixels * 2)
                        kernel(run, source, grid, share(run), &gradient)
                    }
                }
                return all.summed(overBatchTo: grid.batch)
            case .matrices:
                return withUnsafeTemporaryAllocation(of: Double.self, capacity: 9 * batch * runsPerTarget) { sums in
                    sums.initialize(repeating: 0)
                    forEachRun { run, source, grid in
                        var gradient = warp_grid_gradient(matrix: sums.baseAddress! + 9 * run.index, points: nil)
                        kernel(run, source, grid, share(run), &gradient)
                    }
                    return Tensor(shape: [grid.batch, 3, 3]) { out in
                        let shares = sums.count / (9 * grid.batch)
                        for i in out.indices {
                            let (n, j) = (i / 9, i % 9)
                            let sum = (0..<shares).reduce(0.0) { $0 + sums[9 * (n * shares + $1) + j] }
                            out.initializeElement(at: i, to: Scalar(sum))
                        }
                    }
                }
            }
        }
    }

    /// The gradient by the image from `cotangent`, [N, C, h, w]: `kernel` adds one target's share. Each image's channels are spread over
    /// threads; one thread adds all that a channel receives, in order.
    func scatter(
        _ cotangent: Tensor<Scalar>,
        _ kernel: (
            _ target: Int, _ shape: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ cotangent: UnsafePointer<Scalar>,
            _ gradient: UnsafeMutablePointer<Scalar>
        ) -> Void
    ) -> Tensor<Scalar> {
        var gradient = Tensor<Scalar>.zeros(image.shape)
        let plane = height * width
        // Few channels a block: positions are computed anew for each.
        let block = max(1, min(channels, 16))
        let blocks = (channels + block - 1) / block
        gradient.withMutableScalars { gradient in
            cotangent.withScalars { cotangent in
                grid.variable.withScalars { variable in
                    Threads.forEachPiece(of: image.shape[0] * blocks, size: max(1, runLength / pixels)) { piece in
                        for item in piece {
                            let (index, channel) = (item / blocks, item % blocks * block)
                            var shape = source(index, UnsafePointer(gradient.baseAddress!))
                            shape.channels = Int32(min(block, channels - channel))
                            for n in 0..<batch where imageIndex(n) == index {
                                var grid = target(n, variable.baseAddress!)
                                kernel(
                                    n, &shape, &grid, cotangent.baseAddress! + (n * channels + channel) * pixels,
                                    gradient.baseAddress! + (index * channels + channel) * plane)
                            }
                        }
                    }
                }
            }
        }
        return gradient
    }
}

extension Tensor {
    /// The sum over the first axis where `batch` is 1 and that axis is longer; else the tensor itself.
    fileprivate func summed(overBatchTo batch: Int) -> Tensor {
        shape[0] == batch ? self : sum(axes: [0], keepingAxes: true)
    }
}
