import CWarpKernels
import LinearAlgebra

private struct FiniteOrZero: UnaryFunction {
    func value<Scalar: FloatingScalar>(_ x: Scalar) -> Scalar { x.isFinite ? x : 0 }
}

extension Tensor {
    /// exp(x) / sum of exp(x) along `axis`, which has at least one element; without overflow.
    public func softmax(axis: Int) -> Tensor {
        let axis = resolvedAxis(axis, rank: rank, "softmax")
        precondition(
            count > 0 || shape.enumerated().contains { $0 != axis && $1 == 0 },
            "softmax: found the shape \(shape) without elements along the axis \(axis), expected at least one")
        guard axis < rank - 1 else { return softmaxOfRows() }
        // Its own inverse.
        var order = Array(shape.indices)
        order.swapAt(axis, rank - 1)
        return permuted(order).softmaxOfRows().permuted(order)
    }

    /// Along the last axis, a row at a time: what is between its steps stays in the cache.
    private func softmaxOfRows() -> Tensor {
        let value = Tensor(uninitialized: shape)
        let (x, y, softmax) = (base, value.base, Scalar.kernels.softmax!)
        forEachRun(ofRows: shape) { rows, columns, start in softmax(rows, columns, x + start, y + start) }
        withExtendedLifetime(self) {}
        return value.recorded(from: self) { cotangent in
            let result = Tensor(uninitialized: value.shape)
            let (y, g, out, gradient) = (value.base, cotangent.base, result.base, Scalar.kernels.softmax_gradient!)
            forEachRun(ofRows: value.shape) { rows, columns, start in gradient(rows, columns, y + start, g + start, out + start) }
            withExtendedLifetime((value, cotangent)) {}
            return result
        }
    }

    /// log(sum of exp(x)) along `axis`, which has at least one element; without overflow.
    public func logSumExp(axis: Int, keepingAxes: Bool = false) -> Tensor {
        let shift = shift(axis: axis)
        let result = (self - shift).exp().sum(axes: [axis], keepingAxes: true).log() + shift
        return keepingAxes ? result : result.squeezed(axis: axis)
    }

    /// The maxima along `axis`. The results do not depend on what is subtracted, so it is a constant for gradients; infinite maxima
    /// would only turn them into NaN.
    private func shift(axis: Int) -> Tensor {
        mapped(stopGradient().max(axes: [axis], keepingAxes: true), FiniteOrZero())
    }
}

/// Calls `body` for runs of whole rows along the last axis, from several threads at once: how many, their length, where the first one starts.
private func forEachRun(ofRows shape: [Int], _ body: (_ rows: Int, _ columns: Int, _ start: Int) -> Void) {
    let columns = shape.last!
    Threads.forEachPiece(of: shape.dropLast().reduce(1, *), size: max(1, pieceSize / max(1, columns))) { piece in
        body(piece.count, columns, piece.lowerBound * columns)
    }
}
