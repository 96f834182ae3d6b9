import LinWarp

/// An operation on matrices of Float, without a gradient.
public struct TensorCase: BenchmarkCase {
    /// What is timed; reductions and softmax along an axis.
    public enum Operation: String {
        case add, exp, log, tanh, sigmoid, gelu, sin, softmax, maximum, transpose
        case sumOfRows = "sum-1"
        case sumOfColumns = "sum-0"
    }

    private let operation: Operation
    private let x, y: Tensor<Float>
    private let times: Int

    /// - Parameters:
    ///   - operation: What is timed.
    ///   - rows: Of a matrix.
    ///   - columns: Of a matrix.
    ///   - times: How often a repetition does it.
    public init(_ operation: Operation, rows: Int, columns: Int, times: Int) {
        self.operation = operation
        self.times = times
        x = uniform([rows, columns], operation == .log ? 0.1..<4 : -4..<4)
        y = uniform([rows, columns], seed: 2)
    }

    public func prepared() -> () -> Void {
        { for _ in 0..<times { _ = result } }
    }

    private var result: Tensor<Float> {
        switch operation {
        case .add: x + y
        case .exp: x.exp()
        case .log: x.log()
        case .tanh: x.tanh()
        case .sigmoid: x.sigmoid()
        case .gelu: x.gelu()
        case .sin: x.sin()
        case .softmax: x.softmax(axis: 1)
        case .maximum: x.max(axes: [1])
        case .transpose: x.transposed()
        case .sumOfRows: x.sum(axes: [1])
        case .sumOfColumns: x.sum(axes: [0])
        }
    }
}
