import CWarpKernels
import LinearAlgebra

/// One run of pixels by the solver `.blas`: A = (XᵀX + εE)⁻¹XᵀY (Eq. 7) for each, as it stands.
///
/// In Double for both scalar types: where few samples are in bounds XᵀX + εE has a condition of squared offsets over ε, which Float does not
/// hold. Where not even Double does, `.fused`, which does not form XᵀX there, takes the run.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func linearizedByBLAS<Scalar: FloatingScalar>(
    _ run: Run, _ source: UnsafePointer<warp_image>, _ grid: UnsafePointer<warp_grid>, _ options: UnsafePointer<warp_linearization>,
    _ noise: UnsafePointer<warp_noise>, _ results: UnsafePointer<warp_run>, as scalar: Scalar.Type
) {
    let (image, stride) = (source.pointee, results.pointee.stride)
    let (count, samples, channels) = (run.count, Int(options.pointee.samples) - 1, Int(image.channels))
    let values = results.pointee.values.assumingMemoryBound(to: Scalar.self)
    let slopeU = results.pointee.slope_u?.assumingMemoryBound(to: Scalar.self)
    let slopeV = results.pointee.slope_v?.assumingMemoryBound(to: Scalar.self)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count * (3 * samples + samples * channels + 9 + 3 * channels)) { memory in
        let x = memory.baseAddress!
        let y = x + count * 3 * samples
        let products = y + count * samples * channels
        let a = products + count * 9
        Scalar.kernels.linearized_rows(source, grid, options, noise, Int32(run.first), Int32(count), x, y, values, stride)
        let (xLayout, yLayout) = (MatrixLayout(samples, 3), MatrixLayout(samples, channels))
        batchedGemm(
            count: count, transposeA: true, x, xLayout, stride: 3 * samples, x, xLayout, stride: 3 * samples,
            into: products, MatrixLayout(3, 3), stride: 9)
        batchedGemm(
            count: count, transposeA: true, x, xLayout, stride: 3 * samples, y, yLayout, stride: samples * channels,
            into: a, MatrixLayout(3, channels), stride: 3 * channels)
        for i in 0..<count {
            for row in 0..<3 { products[9 * i + 4 * row] += options.pointee.epsilon }
        }
        do {
            try solvePositiveDefinite(count: count, n: 3, rightHandSides: channels, products, a)
        } catch {
            return Scalar.kernels.linearized(source, grid, options, noise, Int32(run.first), Int32(count), results)
        }
        let scaleU = PixelAxis(length: Int(image.width), alignCorners: image.align_corners).scale
        let scaleV = PixelAxis(length: Int(image.height), alignCorners: image.align_corners).scale
        for c in 0..<channels {
            for i in 0..<count {
                let (place, plane) = (c * stride + i, a + 3 * channels * i + c)
                slopeU?[place] = Scalar(scaleU * plane[0])
                slopeV?[place] = Scalar(scaleV * plane[channels])
                switch options.pointee.bias {
                case warp_bias_height: values[place] += Scalar(plane[2 * channels])
                case warp_bias_mean:
                    values[place] += Scalar(meanDifference(x + 3 * samples * i, y + samples * channels * i + c, samples, channels))
                default: break
                }
            }
        }
    }
}

/// The mean of one channel's differences from the centre over all samples that count: that of the centre, which is 0, among them.
private func meanDifference(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ samples: Int, _ channels: Int
) -> Double {
    var (sum, count) = (0.0, 1.0)
    for k in 0..<samples {
        sum += y[k * channels]
        count += x[3 * k + 2]
    }
    return sum / count
}
