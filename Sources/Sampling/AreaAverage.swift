import LinearAlgebra
import Tensors

/// Every plane of an image [..., H, W] at another size, no larger: each new pixel is the average over the area that it covers. For whole
/// factors that is the mean of a box of pixels. Differentiable by the image, which has at least one pixel.
public func areaAveraged<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, height: Int, width: Int) -> Tensor<Scalar> {
    precondition(
        image.rank >= 2 && height >= 1 && height <= image.shape[image.rank - 2] && width >= 1 && width <= image.shape[image.rank - 1],
        "areaAveraged: found the shape \(image.shape) and a new size of \(height)x\(width), expected [..., H, W] no smaller than that")
    let (outer, h, w) = (Array(image.shape.dropLast(2)), image.shape[image.rank - 2], image.shape[image.rank - 1])
    let (rows, columns) = (AreaWeight.list(from: h, to: height), AreaWeight.list(from: w, to: width))
    let planes = outer.reduce(1, *)
    let halfway = weighted(image, rows, outer: planes, inner: w, from: h, to: height)
    let value = weighted(halfway, columns, outer: planes * height, inner: 1, from: w, to: width).reshaped(outer + [height, width])
    let shape = image.shape
    return value.recorded(from: [image]) { cotangent, _ in
        let halfway = weighted(cotangent, columns.map(\.transposed), outer: planes * height, inner: 1, from: width, to: w)
        return [weighted(halfway, rows.map(\.transposed), outer: planes, inner: w, from: height, to: h).reshaped(shape)]
    }
}

/// The share of one old pixel in one new one.
private struct AreaWeight {
    var old, new: Int
    var weight: Double

    var transposed: AreaWeight { AreaWeight(old: new, new: old, weight: weight) }

    static func list(from length: Int, to newLength: Int) -> [AreaWeight] {
        let size = Double(length) / Double(newLength)
        return (0..<newLength).flatMap { new in
            let (low, high) = (Double(new) * size, Double(new + 1) * size)
            return (Int(low)..<min(length, Int(high.rounded(.up)))).compactMap { old in
                let share = min(high, Double(old + 1)) - max(low, Double(old))
                return share > 0 ? AreaWeight(old: old, new: new, weight: share / size) : nil
            }
        }
    }
}

/// The middle axis of outer x length x inner elements, weighted into another length.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func weighted<Scalar: FloatingScalar>(
    _ x: Tensor<Scalar>, _ weights: [AreaWeight], outer: Int, inner: Int, from length: Int, to newLength: Int
) -> Tensor<Scalar> {
    var result = Tensor<Scalar>.zeros([outer, newLength, inner])
    result.withMutableScalars { out in
        x.withScalars { x in
            let (x, out) = (x.baseAddress!, out.baseAddress!)
            Threads.forEachPiece(of: outer, size: max(1, 65536 / (length * inner))) { piece in
                for o in piece {
                    for w in weights {
                        let (source, target) = (x + (o * length + w.old) * inner, out + (o * newLength + w.new) * inner)
                        let weight = Scalar(w.weight)
                        for i in 0..<inner { target[i] += weight * source[i] }
                    }
                }
            }
        }
    }
    return result
}
