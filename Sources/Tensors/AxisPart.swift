/// What a subscript takes of one axis: an index, a range, or one of `AxisPart`'s own. As in NumPy, negative numbers count from the end.
///
/// `t[0..., 1..<3]`, `t[-1, .ellipsis]`, `t[.ellipsis, .every(2)]`.
public protocol TensorIndex: Sendable {
    /// The same as an `AxisPart`.
    var axisPart: AxisPart { get }
}

/// A part of an axis, before the axis' length is known.
public struct AxisPart: TensorIndex {
    enum Form: Sendable {
        /// One place; the axis goes.
        case index(Int)
        /// Places `step` apart. Negative bounds count from the end; nil is the end that `step` leads from or to.
        case span(from: Int?, to: Int?, step: Int)
        case ellipsis
        case newAxis
    }

    let form: Form

    public var axisPart: AxisPart { self }

    /// The places of `length` that it names: where the first one is, how many, and how far apart.
    func places(ofAxis axis: Int, length: Int, _ operation: String) -> (start: Int, count: Int, step: Int) {
        func resolved(_ bound: Int) -> Int { bound < 0 ? bound + length : bound }
        switch form {
        case .index(let index):
            let place = resolved(index)
            precondition(
                place >= 0 && place < length, "\(operation): found the index \(index) for the axis \(axis) of \(length) elements")
            return (place, 1, 1)
        case .span(let from, let to, let step):
            precondition(step != 0, "\(operation): found a step of 0 for the axis \(axis), expected another")
            let start = from.map(resolved) ?? (step > 0 ? 0 : length - 1)
            let end = to.map(resolved) ?? (step > 0 ? length : -1)
            let bounds = step > 0 ? (start, end) : (end + 1, start + 1)
            precondition(
                bounds.0 >= 0 && bounds.0 <= bounds.1 && bounds.1 <= length,
                "\(operation): found \(start) up to, not including, \(end) by \(step) for the axis \(axis) of \(length) elements")
            return (start, (bounds.1 - bounds.0 + abs(step) - 1) / abs(step), step)
        case .ellipsis, .newAxis: preconditionFailure("\(operation): found no part of an axis")
        }
    }
}

extension TensorIndex where Self == AxisPart {
    /// All of as many axes as the other parts leave; at most once in a subscript. Without one it stands at the end.
    public static var ellipsis: AxisPart { AxisPart(form: .ellipsis) }

    /// An axis of length 1 that was not there.
    public static var newAxis: AxisPart { AxisPart(form: .newAxis) }

    /// Each `step`-th place from `from` on, up to, not including, `to`; nil is the end of the axis. A negative step goes backwards, from the
    /// last place where `from` is nil: `.every(-1)` is the axis reversed.
    public static func every(_ step: Int, from: Int? = nil, to: Int? = nil) -> AxisPart {
        AxisPart(form: .span(from: from, to: to, step: step))
    }
}

extension AxisPart {
    /// From one place to another; what follows the last one is the end.
    fileprivate init(from first: Int?, through last: Int) {
        self.init(form: .span(from: first, to: last == -1 ? nil : last + 1, step: 1))
    }
}

extension Int: TensorIndex {
    /// One place; the axis goes.
    public var axisPart: AxisPart { AxisPart(form: .index(self)) }
}

extension Range<Int>: TensorIndex {
    /// From the lower bound up to, not including, the upper one.
    public var axisPart: AxisPart {
        // -3 ..< 0 would end at the first element.
        AxisPart(form: .span(from: lowerBound, to: lowerBound < 0 && upperBound == 0 ? nil : upperBound, step: 1))
    }
}

extension ClosedRange<Int>: TensorIndex {
    /// From the lower bound to the upper one.
    public var axisPart: AxisPart {
        AxisPart(from: lowerBound, through: upperBound)
    }
}

extension PartialRangeFrom<Int>: TensorIndex {
    /// From the bound to the end.
    public var axisPart: AxisPart { AxisPart(form: .span(from: lowerBound, to: nil, step: 1)) }
}

extension PartialRangeUpTo<Int>: TensorIndex {
    /// From the beginning up to, not including, the bound.
    public var axisPart: AxisPart { AxisPart(form: .span(from: nil, to: upperBound, step: 1)) }
}

extension PartialRangeThrough<Int>: TensorIndex {
    /// From the beginning to the bound.
    public var axisPart: AxisPart { AxisPart(from: nil, through: upperBound) }
}
