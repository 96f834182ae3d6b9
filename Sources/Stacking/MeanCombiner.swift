import Tensors

/// Sums what frames show, and counts how many show it.
struct MeanCombiner: FrameCombiner {
    private let window: StackWindow
    private(set) var hasAlpha = false
    /// Colors times opacity, then opacity, then how many frames show a pixel.
    private var sums: Tensor<Float>?

    init(_ window: StackWindow) { self.window = window }

    mutating func add(_ frame: AlignedFrame) {
        let (width, plane, colors) = (window.width, window.width * window.height, frame.colors)
        hasAlpha = frame.hasAlpha
        var sums = self.sums ?? .zeros([colors + 2, window.height, width])
        self.sums = nil
        sums.withMutableScalars { sums in
            let sums = sums.baseAddress!
            frame.forEachRow { y, columns, pixels, opacity in
                let row = sums + y * width
                for color in 0..<colors {
                    let (sum, values) = (row + color * plane, pixels + color * plane)
                    if let opacity {
                        for x in columns { sum[x] += values[x] * opacity[x] }
                    } else {
                        for x in columns { sum[x] += values[x] }
                    }
                }
                let (weights, counts) = (row + colors * plane, row + (colors + 1) * plane)
                for x in columns {
                    weights[x] += opacity?[x] ?? 1
                    counts[x] += 1
                }
            }
        }
        self.sums = sums
    }

    mutating func result() -> Tensor<Float> {
        let sums = self.sums!
        let channels = sums.shape[0] - 1
        let weights = sums[channels - 1..<channels]
        let colors = sums[0..<channels - 1] / maximum(weights, Tensor(1e-6))
        return concatenate([colors, weights / maximum(sums[channels..<channels + 1], Tensor(1))], axis: 0)
    }
}
