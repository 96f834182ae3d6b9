import LinearAlgebra
import Tensors

/// A linear map along an axis, whose outputs are weighted sums of neighbouring inputs: of windows that only move forward from one output to
/// the next. So the outputs that an input is part of are neighbours too, and the adjoint is such a map as well.
struct AxisMap<Scalar: FloatingScalar>: Sendable {
    let inputs: Int
    var outputs: Int { firsts.count }
    /// The first input of each output.
    private var firsts: [Int] = []
    /// Where each output's weights begin, and where the last one's end.
    private var starts = [0]
    private var weights: [Scalar] = []

    /// - Parameters:
    ///   - inputs: How many there are.
    ///   - windows: For each output the first input and the weights from there on. Neither beginnings nor ends go back.
    init(inputs: Int, _ windows: some Sequence<(first: Int, weights: [Scalar])>) {
        self.inputs = inputs
        for window in windows {
            firsts.append(window.first)
            weights += window.weights
            starts.append(weights.count)
        }
    }

    var adjoint: AxisMap {
        var windows = [(first: Int, weights: [Scalar])](repeating: (0, []), count: inputs)
        for output in 0..<outputs {
            for place in starts[output]..<starts[output + 1] {
                let input = firsts[output] + place - starts[output]
                if windows[input].weights.isEmpty { windows[input].first = output }
                windows[input].weights.append(weights[place])
            }
        }
        return AxisMap(inputs: outputs, windows)
    }

    /// Calls `body` with the windows while their memory is known to stay.
    fileprivate func withWindows(_ body: (Windows<Scalar>) -> Void) {
        firsts.withUnsafeBufferPointer { firsts in
            starts.withUnsafeBufferPointer { starts in
                weights.withUnsafeBufferPointer { body(Windows(firsts: firsts, starts: starts, weights: $0)) }
            }
        }
    }
}

private struct Windows<Scalar> {
    let firsts, starts: UnsafeBufferPointer<Int>
    let weights: UnsafeBufferPointer<Scalar>

    func places(_ output: Int) -> Range<Int> { starts[output]..<starts[output + 1] }
}

/// Images [N, C, H, W] with a map applied along each of the last two axes: [N, C, rows.outputs, columns.outputs].
func linearlyMapped<Scalar: FloatingScalar>(_ x: Tensor<Scalar>, rows: AxisMap<Scalar>, columns: AxisMap<Scalar>) -> Tensor<Scalar> {
    let shape = x.shape
    return Tensor(shape: [shape[0], shape[1], rows.outputs, columns.outputs]) { out in
        x.withScalars { x in
            rows.withWindows { rows in
                columns.withWindows { columns in
                    apply(
                        rows, columns, to: x.baseAddress!, planes: shape[0] * shape[1], height: shape[2], width: shape[3], out.baseAddress!)
                }
            }
        }
    }.recorded(from: [x]) { cotangent, _ in [linearlyMapped(cotangent, rows: rows.adjoint, columns: columns.adjoint)] }
}

/// A row of the result at a time: the weighted sum of the images' rows, and then of its elements.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func apply<Scalar: FloatingScalar>(
    _ rows: Windows<Scalar>, _ columns: Windows<Scalar>, to images: UnsafePointer<Scalar>, planes: Int, height: Int, width: Int,
    _ out: UnsafeMutablePointer<Scalar>
) {
    let (outHeight, outWidth) = (rows.firsts.count, columns.firsts.count)
    Threads.forEachPiece(of: planes * outHeight, size: max(1, 16384 / (width + outWidth))) { piece in
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: width) { sums in
            let sums = sums.baseAddress!
            for item in piece {
                let (plane, y) = item.quotientAndRemainder(dividingBy: outHeight)
                sums.update(repeating: 0, count: width)
                var row = images + (plane * height + rows.firsts[y]) * width
                for place in rows.places(y) {
                    let weight = rows.weights[place]
                    for x in 0..<width { sums[x] += weight * row[x] }
                    row += width
                }
                let target = out + item * outWidth
                for x in 0..<outWidth {
                    let places = columns.places(x)
                    let source = sums + columns.firsts[x]
                    var sum: Scalar = 0
                    for place in places { sum += columns.weights[place] * source[place - places.lowerBound] }
                    target[x] = sum
                }
            }
        }
    }
}
