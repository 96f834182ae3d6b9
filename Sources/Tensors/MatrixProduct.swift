import LinearAlgebra

/// The product of matrices, which the last two axes hold; the axes before them are a batch, and are broadcast.
///
/// - Parameters:
///   - a: ... x m x k; ... x k x m where `transposeA` is set.
///   - b: ... x k x n; ... x n x k where `transposeB` is set.
///   - transposeA: Whether the matrices of `a` are meant transposed.
///   - transposeB: Whether the matrices of `b` are meant transposed.
/// - Returns: ... x m x n. The transposes are never formed, neither here nor for the gradients.
public func matmul<Scalar: FloatingScalar>(
    _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, transposeA: Bool = false, transposeB: Bool = false
) -> Tensor<Scalar> {
    precondition(
        a.rank >= 2 && b.rank >= 2 && a.shape[a.rank - (transposeA ? 2 : 1)] == b.shape[b.rank - (transposeB ? 1 : 2)],
        "matmul: found the shapes \(a.shape)\(transposeA ? ", transposed," : "") and \(b.shape)\(transposeB ? ", transposed" : ""), "
            + "expected matrices that can be multiplied")
    if a.rank > 2, b.rank == 2, !transposeA {
        // One matrix for the whole batch: a single, taller product, also for the gradients.
        let k = a.shape[a.rank - 1]
        let rows = a.shape.dropLast()
        return matmul(a.reshaped([rows.reduce(1, *), k]), b, transposeB: transposeB).reshaped(rows + [b.shape[transposeB ? 0 : 1]])
    }
    let (x, y) = (a.stopGradient(), b.stopGradient())
    let result = product(x, y, transposeA, transposeB)
    return result.recorded(
        from: a, b,
        products: { isNeeded in
            let products = result.count * a.shape[a.rank - (transposeA ? 2 : 1)]
            return OperationProducts(forward: products, backward: isNeeded.count(where: { $0 }) * products)
        },
        gradients: { cotangent in
            (transposeA
                ? product(y, cotangent, transposeB, true)
                : product(cotangent, y, false, !transposeB)).summed(to: x.shape)
        },
        { cotangent in
            (transposeB
                ? product(cotangent, x, true, transposeA)
                : product(x, cotangent, !transposeA, false)).summed(to: y.shape)
        })
}

private func product<Scalar: FloatingScalar>(
    _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ transposeA: Bool, _ transposeB: Bool
) -> Tensor<Scalar> {
    let batch = Broadcast("matmul", a.shape.dropLast(2), b.shape.dropLast(2))
    let aLayout = MatrixLayout(a.shape[a.rank - 2], a.shape[a.rank - 1])
    let bLayout = MatrixLayout(b.shape[b.rank - 2], b.shape[b.rank - 1])
    let cLayout = MatrixLayout(transposeA ? aLayout.columns : aLayout.rows, transposeB ? bLayout.rows : bLayout.columns)
    let (aSize, bSize, cSize) = (aLayout.rows * aLayout.columns, bLayout.rows * bLayout.columns, cLayout.rows * cLayout.columns)
    let result = Tensor<Scalar>(uninitialized: batch.shape + [cLayout.rows, cLayout.columns])
    batch.forEachRun(in: 0..<batch.shape.product) { position, aStart, bStart, count in
        batchedGemm(
            count: count, transposeA: transposeA, transposeB: transposeB, a.base + aStart * aSize, aLayout, stride: batch.aStep * aSize,
            b.base + bStart * bSize, bLayout, stride: batch.bStep * bSize, into: result.base + position * cSize, cLayout, stride: cSize)
    }
    withExtendedLifetime((a, b)) {}
    return result
}
