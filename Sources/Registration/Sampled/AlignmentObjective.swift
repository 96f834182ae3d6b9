import LinearAlgebra
import Sampling
import Tensors

/// What target pixels count for whose centre falls outside of the source.
package enum OutsidePixels: String, CaseIterable, Sendable {
    /// Nothing: there the source says nothing.
    case leftOut = "left out"
    /// What the sampler's padding gives.
    case counted
}

/// The mean squared difference between a warped source and a target, and its Gauss-Newton approximation in the parameters.
package struct AlignmentObjective<Scalar: FloatingScalar> {
    /// [1, C, H, W], as the sampler prepares it.
    let source: Tensor<Scalar>
    /// [1, C, h, w].
    let target: Tensor<Scalar>
    let outside: OutsidePixels

    package init(source: Tensor<Scalar>, target: Tensor<Scalar>, outside: OutsidePixels = .leftOut) {
        self.source = source
        self.target = target
        self.outside = outside
    }

    /// The loss at one place and what Gauss-Newton needs there.
    package struct Evaluation {
        /// Mean squared difference over the pixels and channels that count.
        package var loss: Double
        /// The share of target pixels that count.
        package var overlap: Double
        /// Half the gradient of the loss by the parameters.
        package var gradient: [Double]
        /// JᵀJ / n, the whole symmetric matrix, row-major.
        package var curvature: [Double]
    }

    /// At a normalized matrix, which moves by `derivatives` (normalized too) with each parameter.
    package func evaluate(_ matrix: Matrix3, _ derivatives: [Matrix3], sampler: any Sampler, call: Int) -> Evaluation {
        let grid = SamplingGrid<Scalar>(matrix, height: target.shape[2], width: target.shape[3])
        let samples = sampler.linearization(ofPrepared: source, at: grid, call: call, slopes: !derivatives.isEmpty)
        return summed(samples, matrix, derivatives)
    }

    /// Adds up all pixels: each row on its own, then the rows in order, so that the number of threads changes nothing.
    private func summed(_ samples: Linearization<Scalar>, _ matrix: Matrix3, _ derivatives: [Matrix3]) -> Evaluation {
        let (channels, height, width) = (target.shape[1], target.shape[2], target.shape[3])
        let count = derivatives.count
        // Of each row: the squared differences, the pixels that count, the gradient, the upper triangle of JᵀJ.
        let size = 2 + count + count * (count + 1) / 2
        var total = [Double](repeating: 0, count: size)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: height * size) { rows in
            rows.initialize(repeating: 0)
            Threads.forEachPiece(of: height, size: max(1, 4096 / width)) { piece in
                for row in piece {
                    addRow(
                        row, samples, target, outside, matrix.elements, derivatives.flatMap(\.elements), rows.baseAddress! + row * size)
                }
            }
            for row in 0..<height { for j in 0..<size { total[j] += rows[row * size + j] } }
        }
        let pixels = total[1]
        guard pixels > 0 else {
            return Evaluation(
                loss: .infinity, overlap: 0, gradient: [Double](repeating: 0, count: count),
                curvature: [Double](repeating: 0, count: count * count))
        }
        let scale = 1 / (pixels * Double(channels))
        var curvature = [Double](repeating: 0, count: count * count)
        var next = 2 + count
        for j in 0..<count {
            for k in j..<count {
                curvature[j * count + k] = total[next] * scale
                curvature[k * count + j] = total[next] * scale
                next += 1
            }
        }
        return Evaluation(
            loss: total[0] * scale, overlap: pixels / Double(height * width), gradient: total[2..<(2 + count)].map { $0 * scale },
            curvature: curvature)
    }
}

/// One row of the target. The Jacobian of a pixel is its slopes times the derivatives of its warped position: the channels are summed
/// into a 2x2 matrix first, which the derivatives then spread over the parameters.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addRow<Scalar: FloatingScalar>(
    _ row: Int, _ samples: Linearization<Scalar>, _ target: Tensor<Scalar>, _ outside: OutsidePixels, _ m: [Double],
    _ derivatives: [Double], _ sums: UnsafeMutablePointer<Double>
) {
    // Also where all pixels count, those at infinity or nowhere can't.
    let farthest = outside == .leftOut ? 1 : Double.greatestFiniteMagnitude
    let (channels, height, width) = (target.shape[1], target.shape[2], target.shape[3])
    let plane = height * width
    let count = derivatives.count / 9
    let slopes = count > 0 ? (samples.slopeU, samples.slopeV) : (nil, nil)
    samples.values.withScalars { values in
        target.withScalars { target in
            withScalars(of: slopes.0, slopes.1) { slopeU, slopeV in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * max(1, count)) { moves in
                    for column in 0..<width {
                        let (x, y) = (Double(2 * column + 1) / Double(width) - 1, Double(2 * row + 1) / Double(height) - 1)
                        let d = 1 / (m[6] * x + m[7] * y + m[8])
                        let (u, v) = ((m[0] * x + m[1] * y + m[2]) * d, (m[3] * x + m[4] * y + m[5]) * d)
                        guard abs(u) <= farthest && abs(v) <= farthest else { continue }
                        var (uu, uv, vv, ur, vr) = (0.0, 0.0, 0.0, 0.0, 0.0)
                        for c in 0..<channels {
                            let i = c * plane + row * width + column
                            let r = Double(values[i]) - Double(target[i])
                            sums[0] += r * r
                            guard let slopeU, let slopeV else { continue }
                            let (su, sv) = (Double(slopeU[i]), Double(slopeV[i]))
                            uu += su * su
                            uv += su * sv
                            vv += sv * sv
                            ur += su * r
                            vr += sv * r
                        }
                        sums[1] += 1
                        for j in 0..<count {
                            let e = 9 * j
                            let perspective = derivatives[e + 6] * x + derivatives[e + 7] * y + derivatives[e + 8]
                            moves[2 * j] = (derivatives[e] * x + derivatives[e + 1] * y + derivatives[e + 2] - u * perspective) * d
                            moves[2 * j + 1] = (derivatives[e + 3] * x + derivatives[e + 4] * y + derivatives[e + 5] - v * perspective) * d
                        }
                        var next = 2 + count
                        for j in 0..<count {
                            let (du, dv) = (moves[2 * j], moves[2 * j + 1])
                            sums[2 + j] += du * ur + dv * vr
                            let (a, b) = (du * uu + dv * uv, du * uv + dv * vv)
                            for k in j..<count {
                                sums[next] += a * moves[2 * k] + b * moves[2 * k + 1]
                                next += 1
                            }
                        }
                    }
                }
            }
        }
    }
}

private func withScalars<Scalar: FloatingScalar>(
    of first: Tensor<Scalar>?, _ second: Tensor<Scalar>?, _ body: (UnsafeBufferPointer<Scalar>?, UnsafeBufferPointer<Scalar>?) -> Void
) {
    guard let first, let second else { return body(nil, nil) }
    first.withScalars { a in second.withScalars { b in body(a, b) } }
}
