import LinearAlgebra

/// Elements of a tensor that lie at even distances along some axes: what a subscript names, or a diagonal. Each is another element.
struct Window {
    /// Of the result.
    let shape: [Int]
    /// Of the first element, within the tensor.
    private let start: Int
    /// Without axes of length 1, and with neighbours merged that advance as one.
    private var lengths: [Int] = []
    private var strides: [Int] = []

    init(shape: [Int], start: Int, lengths: [Int], strides: [Int]) {
        (self.shape, self.start) = (shape, start)
        for (length, stride) in zip(lengths, strides) where length != 1 {
            if let outer = self.strides.last, outer == length * stride {
                self.lengths[self.lengths.count - 1] *= length
                self.strides[self.strides.count - 1] = stride
            } else {
                self.lengths.append(length)
                self.strides.append(stride)
            }
        }
        if self.lengths.isEmpty { (self.lengths, self.strides) = ([1], [1]) }
    }

    /// Of a tensor of the shape `shape`.
    init(_ parts: [any TensorIndex], of shape: [Int], _ operation: String = "subscript") {
        var parts = parts.map(\.axisPart)
        func takesAxis(_ part: AxisPart) -> Bool { if case .newAxis = part.form { false } else { true } }
        func isEllipsis(_ part: AxisPart) -> Bool { if case .ellipsis = part.form { true } else { false } }
        let named = parts.filter { takesAxis($0) && !isEllipsis($0) }.count
        precondition(
            named <= shape.count && parts.filter(isEllipsis).count <= 1,
            "\(operation): found parts of \(named) axes for the shape \(shape), expected at most one of each and one ellipsis")
        let place = parts.firstIndex(where: isEllipsis) ?? parts.endIndex
        let rest = [AxisPart](repeating: (0...).axisPart, count: shape.count - named)
        parts.replaceSubrange(place..<min(place + 1, parts.endIndex), with: rest)
        var (result, lengths, strides, start) = ([Int](), [Int](), [Int](), 0)
        var (axis, stride) = (0, shape.reduce(1, *))
        for part in parts {
            guard takesAxis(part) else {
                result.append(1)
                continue
            }
            stride /= max(1, shape[axis])
            let places = part.places(ofAxis: axis, length: shape[axis], operation)
            start += places.start * stride
            lengths.append(places.count)
            strides.append(places.step * stride)
            if case .index = part.form {} else { result.append(places.count) }
            axis += 1
        }
        self.init(shape: result, start: start, lengths: lengths, strides: strides)
    }

    /// Where its memory begins, where it is one run that can be shared; else nil.
    var run: Int? { shape.product == 0 ? 0 : lengths.count == 1 && (strides[0] == 1 || lengths[0] == 1) ? start : nil }

    /// Calls `body` for each row of the last axis that is left, from several threads: where it is in the result and in the tensor, how many
    /// elements, and how far apart in the tensor.
    fileprivate func forEachRow(_ body: (_ result: Int, _ place: Int, _ count: Int, _ stride: Int) -> Void) {
        guard shape.product > 0 else { return }
        let inner = lengths.count - 1
        let length = lengths[inner]
        // A single long row is cut as well.
        let part = min(length, pieceSize)
        let partsOfRow = (length + part - 1) / part
        Threads.forEachPiece(of: shape.product / length * partsOfRow, size: max(1, pieceSize / part)) { pieces in
            for piece in pieces {
                let (row, first) = (piece / partsOfRow, piece % partsOfRow * part)
                var (rest, place) = (row, start + first * strides[inner])
                for axis in (0..<inner).reversed() {
                    place += rest % lengths[axis] * strides[axis]
                    rest /= lengths[axis]
                }
                body(row * length + first, place, min(part, length - first), strides[inner])
            }
        }
    }
}

/// The elements of a window, in order.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func read<Scalar: FloatingScalar>(_ window: Window, of x: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Scalar>) {
    window.forEachRow { position, place, count, stride in
        if stride == 1 {
            (out + position).initialize(from: x + place, count: count)
        } else {
            for i in 0..<count { out[position + i] = x[place + i * stride] }
        }
    }
}

/// Puts elements, in order, where a window is.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func write<Scalar: FloatingScalar>(_ x: UnsafePointer<Scalar>, to window: Window, of out: UnsafeMutablePointer<Scalar>) {
    window.forEachRow { position, place, count, stride in
        if stride == 1 {
            (out + place).initialize(from: x + position, count: count)
        } else {
            for i in 0..<count { out[place + i * stride] = x[position + i] }
        }
    }
}

extension Tensor {
    /// The elements that a window names: without a copy where they follow each other.
    func elements(in window: Window) -> Tensor {
        let original = shape
        let result: Tensor
        if let run = window.run {
            result = Tensor(shape: window.shape, storage: storage, offset: offset + run)
        } else {
            result = Tensor(uninitialized: window.shape)
            read(window, of: base, into: result.base)
            withExtendedLifetime(self) {}
        }
        return result.recorded(from: self) { $0.placed(in: window, of: original) }
    }

    /// These elements where a window is, and 0 elsewhere.
    fileprivate func placed(in window: Window, of shape: [Int]) -> Tensor {
        let result = Tensor.zeros(shape)
        write(base, to: window, of: result.base)
        withExtendedLifetime(self) {}
        return result.recorded(from: self) { $0.elements(in: window) }
    }

    /// The parts of the axes that are named, from the first axis on: an index takes its axis away, a range does not, and axes that are not named
    /// are taken whole. Shares memory where the elements follow each other, as those of a part of the first axis do.
    ///
    /// Setting broadcasts what it is given to the part's shape. Both are recorded for gradients.
    // Of indices alone the element is meant, unless only a tensor fits.
    @_disfavoredOverload
    public subscript(parts: any TensorIndex...) -> Tensor {
        get { elements(in: Window(parts, of: shape)) }
        set { replace(Window(parts, of: shape), with: newValue) }
    }

    /// Puts `new`, broadcast, where a window is.
    mutating func replace(_ window: Window, with new: Tensor) {
        let value = new.broadcast(to: window.shape)
        // Another reference to this memory would make it be copied: where no gradient is asked for, any constant will do in its place.
        let old = requiresGradient ? self : value.stopGradient()
        withMutableScalars { out in
            guard let out = out.baseAddress else { return }
            value.withScalars { write($0.baseAddress!, to: window, of: out) }
        }
        guard old.requiresGradient || value.requiresGradient else { return }
        self = recorded(
            from: old, value,
            gradients: { cotangent in
                var rest = cotangent
                rest.replace(window, with: Tensor(0))
                return rest
            }, { $0.elements(in: window) })
    }
}
