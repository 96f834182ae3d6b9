import Glibc
import LinearAlgebra
import Tensors
import XCTest

/// One operation at inputs of which some axis has no elements: a target's tests hold a list of them, for each of its operations.
public struct EmptySample: Sendable {
    /// The operation's name in the sources.
    public var name: String
    /// Which of its cases this is.
    public var detail: String
    private var shapes: [[Int]]
    private var result: [Int]
    private var value: Double?
    private var function: GradientSample.Function

    /// - Parameters:
    ///   - name: The operation's name in the sources.
    ///   - shapes: Of the inputs.
    ///   - result: The shape that comes out.
    ///   - value: Every element that comes out; nil where it is not said.
    public init(
        _ name: String, _ shapes: [[Int]], gives result: [Int], of value: Double? = 0, case detail: String = "",
        _ function: @escaping GradientSample.Function
    ) {
        (self.name, self.detail, self.shapes, self.result, self.value, self.function) = (name, detail, shapes, result, value, function)
    }

    /// Compares shapes, what comes out, and gradients: these are zero where nothing comes out that could depend on an input.
    public func check() {
        let message = "\(name) \(detail) \(shapes)"
        let inputs: [Tensor<Double>] = shapes.enumerated().map { randomTensor($1, in: 0.5..<1, seed: UInt64($0) + 5) }
        let (found, pullback) = valueWithPullback(at: inputs, of: function)
        XCTAssertEqual(found.shape, result, message)
        if let value { assertClose(found, Tensor(repeating: value, shape: result), tolerance: 0, message) }
        let gradients = pullback(.ones(found.shape))
        XCTAssertEqual(gradients.map(\.shape), shapes, "\(message): gradients")
        for gradient in gradients where result.contains(0) {
            assertClose(gradient, .zeros(gradient.shape), tolerance: 0, "\(message): gradient")
        }
    }
}

/// A shape with 0 in place of each of its lengths in turn, and of all.
public func emptied(_ shape: [Int]) -> [[Int]] {
    shape.indices.map { axis in
        var empty = shape
        empty[axis] = 0
        return empty
    } + (shape.count > 1 ? [[Int](repeating: 0, count: shape.count)] : [])
}

/// Fails unless `body` ends the process by a trap, as a precondition does: it runs in a copy of the process.
public func assertTraps(_ message: String, file: StaticString = #filePath, line: UInt = #line, _ body: () -> Void) {
    // Swift's interface has no `fork`: the copy has this thread alone. A precondition is met before work is spread over others.
    let copyProcess = unsafeBitCast(dlsym(nil, "fork"), to: (@convention(c) () -> pid_t).self)
    let child = copyProcess()
    if child == 0 {
        // Neither a backtrace nor a core: only the end counts.
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV] { signal(number, SIG_DFL) }
        close(STDERR_FILENO)
        alarm(30)
        body()
        _exit(0)
    }
    var status: CInt = 0
    XCTAssertEqual(waitpid(child, &status, 0), child, message, file: file, line: line)
    XCTAssert([SIGILL, SIGTRAP].contains(status & 0x7F), "\(message): found the status \(status), expected a trap", file: file, line: line)
}
