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

/// Pixels that a pass reads, in whatever order its kernel takes.
protocol PixelMemory: Sendable {
    /// [N, C, H, W].
    var planarShape: [Int] { get }
    var elementBytes: Int { get }
    func withPixels(_ body: (UnsafeRawPointer) -> Void)
}

extension Tensor: PixelMemory {
    var planarShape: [Int] { shape }
    var elementBytes: Int { MemoryLayout<Scalar>.stride }
    func withPixels(_ body: (UnsafeRawPointer) -> Void) { withScalars { body($0.baseAddress!) } }
}

/// One pass over all target pixels of a batch: cuts them into runs and spreads the runs over threads. A run's work is a kernel of
/// `CWarpKernels`.
struct SamplingPass<Scalar: FloatingScalar> {
    private let source: any PixelMemory
    let grid: SamplingGrid<Scalar>
    let padding: Padding
    let alignCorners: Bool
    let batch, channels, height, width: Int
    /// The place of the image that each target samples.
    private let images: [Int]
    /// How long the kernel takes a target pixel and channel, in the time of one bilinear sample.
    let cost: Int

    init(
        _ operation: String, _ source: any PixelMemory, _ grid: SamplingGrid<Scalar>, _ padding: Padding, alignCorners: Bool, cost: Int = 1
    ) {
        let shape = source.planarShape
        precondition(
            shape.count == 4 && shape[2] > 0 && shape[3] > 0 && shape[2] < Int(Int32.max) / shape[3],
            "\(operation): found an image of the shape \(shape), expected [N, C, H, W] with at least one pixel and fewer than 2^31")
        if let images = grid.images {
            precondition(
                images.allSatisfy { $0 >= 0 && $0 < shape[0] },
                "\(operation): found an image of the shape \(shape) and a target of an image that is not among them, expected 0..<\(shape[0])"
            )
        } else {
            precondition(
                shape[0] == grid.batch || shape[0] == 1 || grid.batch == 1,
                "\(operation): found an image of the shape \(shape) and a grid of \(grid.batch) targets, expected the same batch or 1")
        }
        self.source = source
        self.grid = grid
        self.padding = padding
        self.alignCorners = alignCorners
        self.cost = cost
        // 1 serves all, also none.
        batch = shape[0] == 1 || grid.images != nil ? grid.batch : shape[0]
        images = grid.images ?? (0..<batch).map { shape[0] == 1 ? 0 : $0 }
        (channels, height, width) = (shape[1], shape[2], shape[3])
    }

    var pixels: Int { grid.height * grid.width }
    private var resultShape: [Int] { [batch, channels, grid.height, grid.width] }

    /// The kernels' views of the images at `pixels`, and of the grid's targets, whose matrices or points are at `variable`.
    private func operands(_ pixels: UnsafeRawPointer, _ variable: UnsafePointer<Scalar>) -> Operands {
        let bytes = MemoryLayout<Scalar>.stride
        let isPoints = if case .points = grid.form { true } else { false }
        return Operands(
            image: warp_image(
                pixels: pixels, channels: Int32(channels), height: Int32(height), width: Int32(width), padding: padding.raw,
                align_corners: alignCorners),
            imageBytes: channels * height * width * source.elementBytes,
            grid: warp_grid(
                matrix: isPoints ? nil : variable, points: isPoints ? variable : nil, height: Int32(grid.height),
                width: Int32(grid.width), align_corners: grid.alignCorners),
            gridBytes: grid.batch == 1 ? 0 : (isPoints ? 2 * self.pixels : 9) * bytes)
    }
}

/// The first image and the first target, as the kernels see them, and how far it is to the next. Without the scalar's type: in generic code each
/// look at it costs as much as sampling some pixels.
private struct Operands {
    var image: warp_image
    let imageBytes: Int
    var grid: warp_grid
    let gridBytes: Int

    func image(_ index: Int) -> warp_image {
        var result = image
        result.pixels += index * imageBytes
        return result
    }

    func target(_ n: Int) -> warp_grid {
        var result = grid
        if grid.points == nil { result.matrix += n * gridBytes } else { result.points += n * gridBytes }
        return result
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
        let (pixels, runLength, runsPerTarget, images) = (pixels, runLength, runsPerTarget, images)
        source.withPixels { pixelMemory in
            grid.variable.withScalars { variable in
                let operands = operands(pixelMemory, variable.baseAddress!)
                // A piece is a run, or several small targets.
                Threads.forEachPiece(of: batch * runsPerTarget, size: max(1, runLength / max(1, pixels))) { piece in
                    for index in piece {
                        let (n, first) = (index / runsPerTarget, index % runsPerTarget * runLength)
                        var (source, target) = (operands.image(images[n]), operands.target(n))
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
            let values = UnsafeMutableRawPointer(values.baseAddress!)
            let (channels, pixels, bytes) = (channels, pixels, MemoryLayout<Scalar>.stride)
            func fill(_ u: UnsafeMutableRawPointer?, _ v: UnsafeMutableRawPointer?) {
                forEachRun { run, source, grid in
                    let place = (run.target * channels * pixels + run.first) * bytes
                    var results = warp_run(
                        values: values + place, slope_u: u.map { $0 + place }, slope_v: v.map { $0 + place }, stride: pixels)
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
            _ run: Run, _ source: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ cotangent: UnsafeRawPointer,
            _ gradient: UnsafePointer<warp_grid_gradient>
        ) -> Void
    ) -> Tensor<Scalar> {
        let (channels, pixels, bytes) = (channels, pixels, MemoryLayout<Scalar>.stride)
        return cotangent.withScalars { cotangent in
            let cotangent = UnsafeRawPointer(cotangent.baseAddress!)
            func share(_ run: Run) -> UnsafeRawPointer { cotangent + (run.target * channels * pixels + run.first) * bytes }
            switch grid.form {
            case .points:
                let all = Tensor<Scalar>(shape: [batch, grid.height, grid.width, 2]) { points in
                    let points = UnsafeMutableRawPointer(points.baseAddress!)
                    forEachRun { run, source, grid in
                        var gradient = warp_grid_gradient(matrix: nil, points: points + run.target * pixels * 2 * bytes)
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
                        let shares = sums.count / max(1, 9 * grid.batch)
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
            _ target: Int, _ shape: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ cotangent: UnsafeRawPointer,
            _ gradient: UnsafeMutableRawPointer
        ) -> Void
    ) -> Tensor<Scalar> {
        var gradient = Tensor<Scalar>.zeros(source.planarShape)
        let (batch, channels, pixels, bytes, images) = (batch, channels, pixels, MemoryLayout<Scalar>.stride, images)
        let plane = height * width
        // Few channels a block: positions are computed anew for each.
        let block = max(1, min(channels, 16))
        let blocks = (channels + block - 1) / block
        gradient.withMutableScalars { gradient in
            cotangent.withScalars { cotangent in
                grid.variable.withScalars { variable in
                    let operands = operands(UnsafeRawPointer(gradient.baseAddress!), variable.baseAddress!)
                    let (cotangent, gradient) = (UnsafeRawPointer(cotangent.baseAddress!), UnsafeMutableRawPointer(gradient.baseAddress!))
                    Threads.forEachPiece(of: source.planarShape[0] * blocks, size: max(1, runLength / max(1, pixels))) { piece in
                        for item in piece {
                            let (index, channel) = (item / blocks, item % blocks * block)
                            var shape = operands.image(index)
                            shape.channels = Int32(min(block, channels - channel))
                            for n in 0..<batch where images[n] == index {
                                var grid = operands.target(n)
                                kernel(
                                    n, &shape, &grid, cotangent + (n * channels + channel) * pixels * bytes,
                                    gradient + (index * channels + channel) * plane * bytes)
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
