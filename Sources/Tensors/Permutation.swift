import CWarpKernels
import LinearAlgebra

extension Tensor {
    /// The axes in another order: axis i of the result is axis `axes[i]` of this tensor. Copies, unless no axis longer than 1 moves.
    public func permuted(_ axes: [Int]) -> Tensor {
        let axes = axes.map { resolvedAxis($0, rank: rank, "permuted") }
        precondition(
            axes.count == rank && Set(axes).count == rank, "permuted: found the axes \(axes) for the shape \(shape), expected each once")
        let permutedShape = axes.map { shape[$0] }
        let moved = axes.filter { shape[$0] != 1 }
        if moved == moved.sorted() { return reshaped(permutedShape) }
        let result = Tensor(uninitialized: permutedShape)
        copyPermuted(base, Permutation(shape, axes), into: result.base)
        withExtendedLifetime(self) {}
        var inverse = axes
        for (i, axis) in axes.enumerated() { inverse[axis] = i }
        return result.recorded(from: self) { [inverse] in $0.permuted(inverse) }
    }

    /// The last two axes exchanged. A product needs no such copy: `matmul` takes transposes as options.
    public func transposed() -> Tensor {
        precondition(rank >= 2, "transposed: found the shape \(shape), expected at least two axes")
        return permuted(Array(0..<rank - 2) + [rank - 1, rank - 2])
    }
}

/// A permutation as a set of planes, in each of which one axis is contiguous in the result and one in the source.
private struct Permutation {
    /// The axis along which the source is contiguous, the one along which the result is, and their steps in the other's memory.
    /// The same axis where innermost elements stay together: `rows` is then 1.
    var rows = 1
    var columns = 1
    var rowStride = 0
    var columnStride = 1
    /// The other axes: length, stride in the result, stride in the source.
    var outer: [(length: Int, result: Int, source: Int)] = []
    var planes: Int { outer.reduce(1) { $0 * $1.length } }

    init(_ shape: [Int], _ axes: [Int]) {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        // Axes that stay neighbours are merged, from the innermost one of the result outwards.
        var resultStride = 1
        for axis in axes.reversed() where shape[axis] != 1 {
            if let last = outer.last, last.source * last.length == strides[axis] {
                outer[outer.count - 1].length *= shape[axis]
            } else {
                outer.append((shape[axis], resultStride, strides[axis]))
            }
            resultStride *= shape[axis]
        }
        let innermost = outer.removeFirst()
        (columns, columnStride) = (innermost.length, innermost.source)
        if columnStride != 1, let contiguous = outer.firstIndex(where: { $0.source == 1 }) {
            let axis = outer.remove(at: contiguous)
            (rows, rowStride) = (axis.length, axis.result)
        }
    }

    /// Where plane number `index` starts.
    func start(ofPlane index: Int) -> (result: Int, source: Int) {
        var index = index
        var start = (result: 0, source: 0)
        for axis in outer {
            start.result += index % axis.length * axis.result
            start.source += index % axis.length * axis.source
            index /= axis.length
        }
        return start
    }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func copyPermuted<Scalar: FloatingScalar>(
    _ x: UnsafePointer<Scalar>, _ permutation: Permutation, into out: UnsafeMutablePointer<Scalar>
) {
    // The result's rows are written whole, as many of them beside each other as fill a few of the source's cache lines; very long ones in parts.
    let (tile, part) = (64, 4096)
    let transpose = Scalar.kernels.transpose!
    let (rows, columns, rowStride, columnStride) = (
        permutation.rows, permutation.columns, permutation.rowStride, permutation.columnStride
    )
    let bands = (rows + tile - 1) / tile
    let size = max(1, pieceSize / max(1, min(tile, rows) * columns))
    Threads.forEachPiece(of: permutation.planes * bands, size: size) { piece in
        for item in piece {
            let start = permutation.start(ofPlane: item / bands)
            let (out, x) = (out + start.result, x + start.source)
            if columnStride == 1 {
                out.initialize(from: x, count: columns)
                continue
            }
            let row = item % bands * tile
            for column in stride(from: 0, to: columns, by: part) {
                transpose(
                    Int32(min(part, columns - column)), Int32(min(tile, rows - row)), x + row + column * columnStride, columnStride, nil,
                    out + row * rowStride + column, rowStride)
            }
        }
    }
}
