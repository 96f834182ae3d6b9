import ArgumentParser
import LinWarp

// What options accept, and how it is read. A function here throws `ValidationError`, whose message says what was found and expected;
// the argument parser puts the option's name before it.

/// Six or nine comma-separated numbers, row by row.
func matrixArgument(_ text: String) throws -> Matrix3 {
    var numbers = try numbersArgument(text, counts: [6, 9])
    if numbers.count == 6 { numbers += [0, 0, 1] }
    let matrix = Matrix3(numbers)
    guard matrix.inverse != nil else { throw ValidationError("found a singular matrix, expected one that can be inverted") }
    return matrix
}

/// Comma-separated finite numbers, as many as one of `counts`.
func numbersArgument(_ text: String, counts: [Int]) throws -> [Double] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let expected = counts.map(String.init).joined(separator: " or ")
    guard counts.contains(parts.count) else { throw ValidationError("found \(parts.count) numbers, expected \(expected)") }
    return try parts.map { part in
        guard let number = Double(part.filter { $0 != " " }), number.isFinite else {
            throw ValidationError("found “\(part)”, expected \(expected) finite numbers")
        }
        return number
    }
}

/// One finite number.
func numberArgument(_ text: String) throws -> Double { try numbersArgument(text, counts: [1])[0] }

/// A size in pixels, such as 640x480.
struct PixelSize {
    var width, height: Int

    static let limit = 1 << 28

    init(argument text: String) throws {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1] else {
            throw ValidationError("found “\(text)”, expected a width and a height, such as 640x480")
        }
        guard width >= 1, height >= 1, width <= Self.limit / height else {
            throw ValidationError("found \(text), expected at least 1x1 and at most \(Self.limit) pixels in all")
        }
        (self.width, self.height) = (width, height)
    }
}

/// The samplers by name.
enum SamplerName: String, CaseIterable, ExpressibleByArgument {
    case bilinear
    case multiScale = "multi-scale"
    case linearized

    /// For alignment; the linearized one is regularized by one squared source pixel, as `AlignmentSettings` has it.
    func forAlignment(seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: BilinearSampler(propagatesToImage: false)
        case .multiScale: MultiScaleSampler(propagatesToImage: false)
        case .linearized: LinearizedSampler(regularization: 1, noise: .seed(seed))
        }
    }

    func forWarping(padding: Padding, seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: BilinearSampler(padding: padding)
        case .multiScale: MultiScaleSampler(padding: padding)
        case .linearized: LinearizedSampler(noise: .seed(seed), padding: padding)
        }
    }
}

extension TransformationFamily: ExpressibleByArgument {}
extension Padding: ExpressibleByArgument {}
