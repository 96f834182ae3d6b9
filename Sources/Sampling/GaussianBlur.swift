import Glibc
import LinearAlgebra
import Tensors

/// Every plane of an image [..., H, W] blurred by a Gaussian of `sigma` pixels, cut at 4 sigma. At the borders the weights that fall
/// inside are scaled up to a sum of 1, so that the border is not darkened. Differentiable by the image.
public func gaussianBlur<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, sigma: Double) -> Tensor<Scalar> {
    precondition(
        image.rank >= 2 && image.shape.suffix(2).allSatisfy { $0 > 0 },
        "gaussianBlur: found the shape \(image.shape), expected [..., H, W] with at least one pixel")
    precondition(sigma > 0 && sigma.isFinite, "gaussianBlur: found a sigma of \(sigma), expected a positive one")
    return blurred(image, sigma, transposed: false)
        .recorded(from: [image]) { cotangent, _ in [blurred(cotangent, sigma, transposed: true)] }
}

/// The blur divides by the weights inside after summing; its transpose, before.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func blurred<Scalar: FloatingScalar>(_ image: Tensor<Scalar>, _ sigma: Double, transposed: Bool) -> Tensor<Scalar> {
    let (height, width) = (image.shape[image.rank - 2], image.shape[image.rank - 1])
    let plane = height * width
    guard image.count > 0 else { return image.stopGradient() }
    // No weight farther than the image is long is ever used.
    let radius = Int(min((4 * sigma).rounded(.up), Double(max(height, width))))
    let weights = (0...radius).map { Scalar(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
    /// 1 / the sum of the weights that fall inside, for each place along an axis.
    func norms(_ length: Int) -> [Scalar] {
        (0..<length).map { place in
            var sum = Scalar(0)
            for j in max(-radius, -place)...min(radius, length - 1 - place) { sum += weights[abs(j)] }
            return 1 / sum
        }
    }
    let (rowNorms, columnNorms) = (norms(height), norms(width))
    return Tensor(shape: image.shape) { out in
        image.withScalars { source in
            let (source, out) = (source.baseAddress!, out.baseAddress!)
            Threads.forEachPiece(of: image.count / plane, size: 1) { piece in
                for n in piece {
                    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: plane) { middle in
                        let middle = middle.baseAddress!
                        // Along columns: whole rows are added up.
                        for y in 0..<height {
                            let row = middle + y * width
                            row.initialize(repeating: 0, count: width)
                            for j in max(-radius, -y)...min(radius, height - 1 - y) {
                                let weight = weights[abs(j)] * rowNorms[transposed ? y + j : y]
                                let other = source + n * plane + (y + j) * width
                                for x in 0..<width { row[x] += weight * other[x] }
                            }
                        }
                        // Along rows.
                        for y in 0..<height {
                            let (row, result) = (middle + y * width, out + n * plane + y * width)
                            if transposed { for x in 0..<width { row[x] *= columnNorms[x] } }
                            result.initialize(repeating: 0, count: width)
                            for j in -min(radius, width - 1)...min(radius, width - 1) {
                                let weight = weights[abs(j)]
                                for x in max(0, -j)..<min(width, width - j) { result[x] += weight * row[x + j] }
                            }
                            if !transposed { for x in 0..<width { result[x] *= columnNorms[x] } }
                        }
                    }
                }
            }
        }
    }
}
