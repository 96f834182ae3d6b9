import LinearAlgebra
import Sampling
import Tensors

/// Keeps at each pixel the frame that has most detail around it: the squared Laplacian of its colors, blurred (the sum-modified Laplacian of
/// Nayar and Nakagawa, 1994, squared).
struct SharpestCombiner: FrameCombiner {
    private let window: StackWindow
    private(set) var hasAlpha = false
    /// What was kept, then opacity, then how sharp it is.
    private var best: Tensor<Float>?

    init(_ window: StackWindow) { self.window = window }

    mutating func add(_ frame: AlignedFrame) {
        let (width, plane, colors) = (window.width, window.width * window.height, frame.colors)
        hasAlpha = frame.hasAlpha
        var best = self.best ?? .zeros([colors + 2, window.height, width])
        self.best = nil
        let detail = gaussianBlur(squaredLaplacian(frame.pixels[0..<colors]), sigma: neighbourhood)
        detail.withScalars { detail in
            let detail = detail.baseAddress!
            best.withMutableScalars { best in
                let best = best.baseAddress!
                frame.forEachRow { y, columns, pixels, opacity in
                    let row = best + y * width
                    let (kept, sharpness) = (row + colors * plane, row + (colors + 1) * plane)
                    for x in columns {
                        // A pixel that none has shown so far is taken as it is.
                        let isSharper = detail[y * width + x] > sharpness[x] || kept[x] == 0
                        let opacity = opacity?[x] ?? 1
                        guard isSharper, opacity > 0 else { continue }
                        for color in 0..<colors { row[color * plane + x] = pixels[color * plane + x] }
                        (kept[x], sharpness[x]) = (opacity, detail[y * width + x])
                    }
                }
            }
        }
        self.best = best
    }

    mutating func result() -> Tensor<Float> { best![0..<best!.shape[0] - 1] }
}

/// How far around a pixel detail counts, in pixels: less follows the noise, more takes what is behind an edge with what is before it.
private let neighbourhood = 3.0

/// Of each pixel, summed over the channels of [C, H, W]: [1, H, W]. At the borders the outermost pixels go on.
private func squaredLaplacian(_ image: Tensor<Float>) -> Tensor<Float> {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    return Tensor(shape: [1, height, width]) { out in
        image.withScalars { image in
            let (image, out) = (image.baseAddress!, out.baseAddress!)
            Threads.forEachPiece(of: height, size: max(1, 16384 / width)) { rows in
                for y in rows {
                    let result = out + y * width
                    result.initialize(repeating: 0, count: width)
                    for channel in 0..<channels {
                        let row = image + (channel * height + y) * width
                        let (above, below) = (y > 0 ? row - width : row, y < height - 1 ? row + width : row)
                        for x in 0..<width {
                            let sides = row[max(x - 1, 0)] + row[min(x + 1, width - 1)]
                            let laplacian = sides + above[x] + below[x] - 4 * row[x]
                            result[x] += laplacian * laplacian
                        }
                    }
                }
            }
        }
    }
}
