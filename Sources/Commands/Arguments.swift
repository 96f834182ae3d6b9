import ArgumentParser
import Figures
import Foundation
import LinWarp

// What options accept, and how it is read. A function here throws `ValidationError`, whose message says what was expected; the argument
// parser puts the option's name and the value found before it.

/// Six or nine comma-separated numbers, row by row.
package func matrixArgument(_ text: String) throws -> Matrix3 {
    var numbers = try numbersArgument(text, counts: [6, 9])
    if numbers.count == 6 { numbers += [0, 0, 1] }
    let matrix = Matrix3(numbers)
    guard matrix.inverse != nil else { throw ValidationError("found a singular matrix, expected one that can be inverted") }
    return matrix
}

/// Comma-separated finite numbers, as many as one of `counts`.
package func numbersArgument(_ text: String, counts: [Int]) throws -> [Double] {
    let expected = "expected \(counts.map(String.init).joined(separator: " or ")) comma-separated finite numbers"
    let numbers = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let number = finiteNumber(part) else { throw ValidationError("found “\(part)”, \(expected)") }
        return number
    }
    guard counts.contains(numbers.count) else { throw ValidationError("found \(numbers.count), \(expected)") }
    return numbers
}

/// One finite number.
func numberArgument(_ text: String) throws -> Double {
    guard let number = finiteNumber(text) else { throw ValidationError("expected a finite number") }
    return number
}

/// One finite number above zero.
package func positiveNumberArgument(_ text: String) throws -> Double {
    guard let number = finiteNumber(text), number > 0 else { throw ValidationError("expected a positive finite number") }
    return number
}

private func finiteNumber(_ text: some StringProtocol) -> Double? {
    Double(text.trimmingCharacters(in: .whitespaces)).flatMap { $0.isFinite ? $0 : nil }
}

/// A whole number within a range.
func wholeNumberArgument<Number: FixedWidthInteger>(_ text: String, in range: ClosedRange<Number>) throws -> Number {
    guard let number = Number(text), range.contains(number) else {
        throw ValidationError("expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
}

/// Any seed.
func seedArgument(_ text: String) throws -> UInt64 { try wholeNumberArgument(text, in: 0 ... .max) }

/// One of the names of a type's cases.
func choiceArgument<Choice: Choosable>(_ text: String) throws -> Choice {
    guard let choice = Choice(rawValue: text) else { throw ValidationError("expected one of \(Choice.choices)") }
    return choice
}

/// What an option can be chosen from by name.
protocol Choosable: CaseIterable, RawRepresentable<String> {}

extension Choosable {
    /// The names, for a line of text.
    static var choices: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// The path of a file or directory.
func pathArgument(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("expected a path") }
    return text
}

/// A size in pixels, such as 640x480.
package struct PixelSize: Codable {
    package var width, height: Int

    var sides: (height: Int, width: Int) { (height, width) }

    static let limit = 1 << 28

    init(of image: Tensor<Float>) { (height, width) = (image.shape[1], image.shape[2]) }

    package init(argument text: String) throws {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1] else {
            throw ValidationError("expected a width and a height, such as 640x480")
        }
        guard width >= 1, height >= 1, width <= Self.limit / height else {
            throw ValidationError("expected at least 1x1 and at most \(Self.limit) pixels in all")
        }
        (self.width, self.height) = (width, height)
    }
}

extension SamplerName: Choosable {
    /// For warping.
    func forWarping(padding: Padding, seed: UInt64) -> any Sampler {
        switch self {
        case .bilinear: BilinearSampler(padding: padding)
        case .multiScale: MultiScaleSampler(padding: padding)
        case .linearized: LinearizedSampler(noise: .seed(seed), padding: padding)
        }
    }
}

/// The optimizers by name.
enum OptimizerName: String, Choosable, CustomStringConvertible {
    case levenbergMarquardt = "levenberg-marquardt"
    case adam

    var description: String { rawValue }
}

extension TransformationFamily: Choosable {}
extension Padding: Choosable {}
