import CWarpKernels
import LinearAlgebra
import RealModule
import Tensors
import XCTest

/// The kernels' functions at every level, against libm in a wider type.
final class FunctionKernelTests: XCTestCase {
    /// Every 20,011th number there is.
    func testFloat() {
        let numbers = stride(from: UInt64(0), through: UInt64(UInt32.max), by: 20_011).map { Float(bitPattern: UInt32($0)) }
        for function in functions { check(function, numbers + borders()) { function.value($0 as Double) } }
    }

    #if arch(x86_64)
        /// Numbers of any size, and those where the functions are neither 0 nor 1 nor infinite.
        func testDouble() {
            var random = RandomSource(seed: 1)
            let anywhere = (0..<20_000).map { _ in Double(bitPattern: .random(in: 0...UInt64.max, using: &random)) }
            let nearby = [1, 10, 40, 760].flatMap { (size: Double) in
                (0..<10_000).map { _ in Double.random(in: -size...size, using: &random) }
            }
            for function in functions {
                check(function, anywhere + nearby + borders()) { function.value($0 as Float80) }
            }
        }
    #endif

    func testSpecialNumbers() {
        func check<Scalar: KernelScalar>(_ type: Scalar.Type) {
            let least = Scalar.leastNonzeroMagnitude
            let expected: [(warp_function, [(Scalar, Scalar)])] = [
                (warp_exp, [(0, 1), (-0.0, 1), (least, 1), (.infinity, .infinity), (-.infinity, 0)]),
                (warp_log, [(1, 0), (0, -.infinity), (-0.0, -.infinity), (.infinity, .infinity), (-least, .nan), (-.infinity, .nan)]),
                (warp_tanh, [(0, 0), (-0.0, -0.0), (least, least), (-least, -least), (.infinity, 1), (-.infinity, -1)]),
                (warp_sigmoid, [(0, 0.5), (-0.0, 0.5), (.infinity, 1), (-.infinity, 0)]),
                (warp_gelu, [(0, 0), (.infinity, .infinity), (-.infinity, 0)]),
                (warp_gelu_slope, [(0, 0.5), (.infinity, 1), (-.infinity, 0)]),
                (warp_sin, [(0, 0), (-0.0, -0.0), (least, least), (.infinity, .nan), (-.infinity, .nan)]),
                (warp_cos, [(0, 1), (.infinity, .nan), (-.infinity, .nan)]),
            ]
            for level in allLevels {
                guard let kernels = Scalar.kernels(at: level) else { continue }
                for (function, pairs) in expected {
                    for (x, y) in pairs + [(.nan, .nan)] {
                        let value = applied(function, [x], kernels)[0]
                        let isRight =
                            y.isNaN
                            ? value.isNaN : value == y && (value.sign == y.sign || y != 0 || ![warp_tanh, warp_sin].contains(function))
                        XCTAssert(isRight, "function \(function.rawValue) of \(x): found \(value), expected \(y)")
                    }
                }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    private func applied<Scalar: FloatingScalar>(_ function: warp_function, _ x: [Scalar], _ kernels: warp_kernels) -> [Scalar] {
        var values = x
        kernels.apply(function, x.count, x, &values)
        return values
    }

    private func check<Scalar: KernelScalar, Wide: Real & BinaryFloatingPoint>(
        _ function: Function, _ x: [Scalar], _ expected: (Wide) -> Wide
    ) {
        for level in allLevels {
            guard let kernels = Scalar.kernels(at: level) else { continue }
            let values = applied(function.kernel, x, kernels)
            var (worst, place) = (0.0, 0)
            for i in x.indices where !x[i].isInfinite {
                let y = expected(Wide(x[i]))
                let rounded = Scalar(y)
                if rounded.isNaN || rounded.isInfinite || values[i].isNaN || values[i].isInfinite {
                    let isRight = rounded.isNaN ? values[i].isNaN : values[i] == rounded
                    XCTAssert(isRight, "\(function.name) of \(x[i]): found \(values[i]), expected \(y)")
                    continue
                }
                let unit = function.crossesZero ? Scalar.ulpOfOne / 2 : Swift.max(rounded.ulp, .leastNonzeroMagnitude)
                let error = Double(abs(Wide(values[i]) - y) / Wide(unit))
                if error > worst { (worst, place) = (error, i) }
            }
            XCTAssertLessThan(worst, function.bound, "\(function.name), \(Scalar.self), level \(level.rawValue): worst at \(x[place])")
        }
    }

    /// Where results overflow, become subnormal or vanish, and the least and largest numbers.
    private func borders<Scalar: FloatingScalar>() -> [Scalar] {
        let logarithms = [Scalar.greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude].map { Scalar.log($0) }
        let sizes = logarithms + [.greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude, 1, 20, 0, .nan]
        return sizes.flatMap { [$0, -$0, $0.nextUp, $0.nextDown, -$0.nextUp, -$0.nextDown] }
    }
}

/// What a kernel computes, for one number, and by how many units in the last place it may miss.
private struct Function {
    let name: String
    let kernel: warp_function
    let bound: Double
    /// Errors are then counted in units of the numbers below 1.
    var crossesZero: Bool { kernel == warp_gelu_slope }

    func value<Wide: Real & BinaryFloatingPoint>(_ x: Wide) -> Wide {
        func below(_ x: Wide) -> Wide { .erfc(-x / .sqrt(2)) / 2 }
        return switch kernel {
        case warp_exp: .exp(x)
        case warp_log: .log(x)
        case warp_tanh: .tanh(x)
        case warp_sigmoid: x < 0 ? .exp(x) / (1 + .exp(x)) : 1 / (1 + .exp(-x))
        case warp_gelu: x * below(x)
        case warp_sin: .sin(x)
        case warp_cos: .cos(x)
        default: below(x) + (x.magnitude > 1000 ? 0 : x * .exp(-x * x / 2) / .sqrt(2 * .pi))
        }
    }
}

private let functions = [
    Function(name: "exp", kernel: warp_exp, bound: 1),
    Function(name: "log", kernel: warp_log, bound: 1),
    Function(name: "tanh", kernel: warp_tanh, bound: 2.5),
    Function(name: "sigmoid", kernel: warp_sigmoid, bound: 2.5),
    Function(name: "gelu", kernel: warp_gelu, bound: 6),
    Function(name: "slope of gelu", kernel: warp_gelu_slope, bound: 3),
    Function(name: "sin", kernel: warp_sin, bound: 1),
    Function(name: "cos", kernel: warp_cos, bound: 1),
]
