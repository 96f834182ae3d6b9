import LinearAlgebra

extension Tensor: CustomStringConvertible {
    /// The shape, and the elements as they lie: rows of a matrix below each other, matrices apart by a blank line. Of long axes the first and
    /// the last three.
    public var description: String {
        let scalars = scalars
        guard rank > 0 else { return "Tensor<\(Scalar.self)>[] \(scalars[0])" }
        let edge = count > 1000 ? 3 : Int.max
        func places(_ length: Int) -> [Int?] {
            length / 2 <= edge ? Array(0..<length) : Array(0..<edge) + [nil] + Array(length - edge..<length)
        }
        // Columns stand below each other, so that all numbers take as much room as the longest.
        var width = 0
        func visit(_ axis: Int, _ first: Int, _ number: (Scalar) -> Void) {
            guard axis < rank else { return number(scalars[first]) }
            let inner = shape[(axis + 1)...].reduce(1, *)
            for case let place? in places(shape[axis]) { visit(axis + 1, first + place * inner, number) }
        }
        visit(0, 0) { width = Swift.max(width, "\($0)".count) }
        func text(_ axis: Int, _ first: Int) -> String {
            guard axis < rank else {
                let number = "\(scalars[first])"
                return String(repeating: " ", count: width - number.count) + number
            }
            let inner = shape[(axis + 1)...].reduce(1, *)
            let parts = places(shape[axis]).map { $0.map { text(axis + 1, first + $0 * inner) } ?? "..." }
            let depth = rank - axis
            let separator = depth == 1 ? ", " : "," + String(repeating: "\n", count: depth - 1) + String(repeating: " ", count: axis + 1)
            return "[" + parts.joined(separator: separator) + "]"
        }
        return "Tensor<\(Scalar.self)>\(shape)\(rank == 1 ? " " : "\n")" + text(0, 0)
    }
}
