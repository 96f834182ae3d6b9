import LinearAlgebra
import Tensors

// Passes over whole images that a pyramid is made of.

/// Every plane smoothed by the binomial 1 4 6 4 1 along both axes: a Gaussian of one pixel. Border pixels go on outside; where pixels do not
/// count, the others' weights are scaled up.
func smoothed(_ planes: Tensor<Float>, _ counts: [UInt8]?) -> Tensor<Float> {
    let sum = binomial(planes)
    guard let counts else { return sum }
    let share = binomial(Tensor(counts.map { Float($0) }, shape: [1] + planes.shape[1...]))
    return sum / maximum(share, Tensor(1e-6))
}

private func binomial(_ planes: Tensor<Float>) -> Tensor<Float> {
    let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
    return Tensor(shape: planes.shape) { out in
        planes.withScalars { source in
            let (source, out) = (source.baseAddress!, out.baseAddress!)
            Threads.forEachPiece(of: channels * height, size: max(1, 16384 / width)) { piece in
                // A row of vertical sums, with two more pixels at each end.
                withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 4) { middle in
                    let middle = middle.baseAddress!
                    for item in piece {
                        let (plane, y) = (source + item / height * height * width, item % height)
                        func row(_ offset: Int) -> UnsafePointer<Float> {
                            UnsafePointer(plane + min(max(y + offset, 0), height - 1) * width)
                        }
                        let (a, b, c, d, e) = (row(-2), row(-1), row(0), row(1), row(2))
                        for x in 0..<width { middle[x + 2] = (a[x] + e[x] + 4 * (b[x] + d[x]) + 6 * c[x]) * (1 / 16) }
                        (middle[0], middle[1]) = (middle[2], middle[2])
                        (middle[width + 2], middle[width + 3]) = (middle[width + 1], middle[width + 1])
                        let target = out + item * width
                        for x in 0..<width {
                            target[x] = (middle[x] + middle[x + 4] + 4 * (middle[x + 1] + middle[x + 3]) + 6 * middle[x + 2]) * (1 / 16)
                        }
                    }
                }
            }
        }
    }
}

/// The pixels all of whose neighbours within two pixels count: those that smoothing and cubic interpolation see.
func eroded(_ counts: [UInt8], _ height: Int, _ width: Int) -> [UInt8] {
    let reach = 2
    var rows = counts
    var result = counts
    for y in 0..<height {
        for x in 0..<width {
            var least: UInt8 = 1
            for i in max(0, x - reach)...min(width - 1, x + reach) { least = min(least, counts[y * width + i]) }
            rows[y * width + x] = least
        }
    }
    for y in 0..<height {
        for x in 0..<width {
            var least: UInt8 = 1
            for j in max(0, y - reach)...min(height - 1, y + reach) { least = min(least, rows[j * width + x]) }
            result[y * width + x] = least
        }
    }
    return result
}
