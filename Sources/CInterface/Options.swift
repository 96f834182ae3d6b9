import CLinWarp
import Sampling
import Synchronization
import Tensors

/// Options by name.
final class Options: Sendable {
    enum Value: Sendable {
        case text(String)
        case numbers([Double])
        /// [H, W].
        case image(Tensor<Float>)

        fileprivate var kind: String {
            switch self {
            case .text: "a text"
            case .numbers(let values): values.count == 1 ? "a number" : "\(values.count) numbers"
            case .image: "an image"
            }
        }
    }

    private let values = Mutex<[String: Value]>([:])

    func set(_ name: UnsafePointer<CChar>?, _ value: Value) throws {
        guard let name else { throw Failure.invalid("name", found: "null", expected: "an option's name") }
        let key = String(cString: name)
        values.withLock { $0[key] = value }
    }

    fileprivate var all: [String: Value] { values.withLock { $0 } }
}

/// The options of one call: each is taken once, and none may be left.
struct TakenOptions {
    private var values: [String: Options.Value]
    private var known: [String] = []

    /// - Parameter handle: Null for none.
    init(_ handle: OpaquePointer?) throws {
        values = try handle == nil ? [:] : options(handle).all
    }

    private mutating func take(_ name: String) -> Options.Value? {
        known.append(name)
        return values.removeValue(forKey: name)
    }

    mutating func text(_ name: String) throws -> String? {
        guard let value = take(name) else { return nil }
        guard case .text(let text) = value else { throw Failure.invalid("option \(name)", found: value.kind, expected: "a text") }
        return text
    }

    /// One of a few texts.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ standard: Choice) throws -> Choice
    where Choice.RawValue == String {
        guard let text = try text(name) else { return standard }
        return try oneOf("option \(name)", text)
    }

    mutating func isOn(_ name: String, _ standard: Bool) throws -> Bool {
        switch try text(name) {
        case nil: return standard
        case "yes": return true
        case "no": return false
        case let other?: throw Failure.invalid("option \(name)", found: "\"\(other)\"", expected: "yes or no")
        }
    }

    /// Finite numbers.
    mutating func numbers(_ name: String) throws -> [Double]? {
        guard let value = take(name) else { return nil }
        guard case .numbers(let numbers) = value else { throw Failure.invalid("option \(name)", found: value.kind, expected: "numbers") }
        if let other = numbers.first(where: { !$0.isFinite }) {
            throw Failure.invalid("option \(name)", found: "\(other)", expected: "finite numbers")
        }
        return numbers
    }

    mutating func number(_ name: String, _ standard: Double, in range: ClosedRange<Double>) throws -> Double {
        guard let numbers = try numbers(name) else { return standard }
        guard numbers.count == 1, range.contains(numbers[0]) else {
            let found = numbers.count == 1 ? "\(numbers[0])" : "\(numbers.count) numbers"
            throw Failure.invalid("option \(name)", found: found, expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return numbers[0]
    }

    mutating func whole(_ name: String, _ standard: Int, in range: ClosedRange<Int>) throws -> Int {
        let number = try number(name, Double(standard), in: Double(range.lowerBound)...Double(range.upperBound))
        guard let whole = Int(exactly: number) else {
            throw Failure.invalid("option \(name)", found: "\(number)", expected: "a whole number")
        }
        return whole
    }

    mutating func image(_ name: String) throws -> Tensor<Float>? {
        guard let value = take(name) else { return nil }
        guard case .image(let image) = value else { throw Failure.invalid("option \(name)", found: value.kind, expected: "an image") }
        return image
    }

    /// Throws where an option is left that the function does not know.
    func finish() throws {
        guard let other = values.keys.sorted().first else { return }
        throw Failure.invalid("option \(other)", found: "an unknown option", expected: "one of \(known.joined(separator: ", "))")
    }
}

/// The case that a text stands for.
func oneOf<Choice: RawRepresentable & CaseIterable>(_ what: String, _ text: String) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: text) else {
        throw Failure.invalid(what, found: "\"\(text)\"", expected: "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
}

private func options(_ handle: OpaquePointer?) throws -> Options {
    try object(handle, as: Options.self, "options", from: "linwarp_options_create")
}

@c @implementation public func linwarp_options_create() -> OpaquePointer! { handle(Options()) }

@c @implementation public func linwarp_options_destroy(_ options: OpaquePointer!) { release(options, Options.self) }

@c @implementation public func linwarp_options_set_text(
    _ handle: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: UnsafePointer<CChar>!
) -> linwarp_status {
    status {
        let options = try options(handle)
        guard let value else { throw Failure.invalid("value", found: "null", expected: "a text") }
        try options.set(name, .text(String(cString: value)))
    }
}

@c @implementation public func linwarp_options_set_number(
    _ handle: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: Double
) -> linwarp_status {
    status { try options(handle).set(name, .numbers([value])) }
}

@c @implementation public func linwarp_options_set_numbers(
    _ handle: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ values: UnsafePointer<Double>!, _ count: Int64
) -> linwarp_status {
    status {
        let options = try options(handle)
        guard let values, (1...1000).contains(count) else {
            throw Failure.invalid(
                values == nil ? "values" : "count", found: values == nil ? "null" : "\(count)", expected: "1 to 1000 numbers")
        }
        try options.set(name, .numbers(Array(UnsafeBufferPointer(start: values, count: Int(count)))))
    }
}

@c @implementation public func linwarp_options_set_image(
    _ handle: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ image: UnsafePointer<linwarp_image>!
) -> linwarp_status {
    status {
        let options = try options(handle)
        let view = try View(image, "image")
        guard view.shape[0] == 1 else { throw Failure.invalid("image", found: "\(view.shape[0]) channels", expected: "one") }
        try options.set(name, .image(try view.tensor(as: Float.self, copies: true).reshaped(Array(view.shape[1...]))))
    }
}
