import CLinWarp
import LinearAlgebra
import Sampling
import Tensors

@c @implementation public func linwarp_sample(
    _ options: OpaquePointer!, _ input: UnsafePointer<linwarp_array>!, _ grid: UnsafePointer<linwarp_array>!,
    _ values: UnsafePointer<linwarp_array>!, _ slopesX: UnsafePointer<linwarp_array>!, _ slopesY: UnsafePointer<linwarp_array>!
) -> linwarp_status {
    status {
        let values = try View(values, "values")
        let slopes = try [(slopesX, "slopes_x"), (slopesY, "slopes_y")].map { try $0 == nil ? nil : View($0, $1) }
        let outputs = [values] + slopes.compactMap { $0 }
        let call = try SamplingCall(options, input, grid, size: values)
        for output in outputs {
            try call.check(output)
            try output.checkWritable()
        }
        func sampled<Scalar: FloatingScalar>(_ type: Scalar.Type) throws {
            try Memory.require((outputs.count + 1) * call.count * MemoryLayout<Scalar>.stride)
            let (sampler, image, grid) = (call.sampler, try call.input.tensor(as: Scalar.self), try call.positions(type).grid)
            let result = sampler.linearization(
                ofPrepared: sampler.prepare(image), at: grid, call: call.number, slopes: outputs.count > 1)
            values.write(result.values)
            for (output, slope) in zip(slopes, [result.slopeU, result.slopeV]) { if let output, let slope { output.write(slope) } }
        }
        if values.isDouble { try sampled(Double.self) } else { try sampled(Float.self) }
    }
}

@c @implementation public func linwarp_sample_gradient(
    _ options: OpaquePointer!, _ input: UnsafePointer<linwarp_array>!, _ grid: UnsafePointer<linwarp_array>!,
    _ weights: UnsafePointer<linwarp_array>!, _ slopesX: UnsafePointer<linwarp_array>!, _ slopesY: UnsafePointer<linwarp_array>!,
    _ inputGradient: UnsafePointer<linwarp_array>!, _ gridGradient: UnsafePointer<linwarp_array>!
) -> linwarp_status {
    status {
        let weights = try View(weights, "weights")
        let call = try SamplingCall(options, input, grid, size: weights)
        try call.check(weights)
        guard (slopesX == nil) == (slopesY == nil) else {
            throw Failure.invalid(slopesX == nil ? "slopes_x" : "slopes_y", found: "null", expected: "both slopes or none")
        }
        let slopes = try [(slopesX, "slopes_x"), (slopesY, "slopes_y")].compactMap { try $0 == nil ? nil : View($0, $1) }
        for slope in slopes { try call.check(slope) }
        let byInput = try inputGradient.map { try View($0, "input_gradient") }
        let byGrid = try gridGradient.map { try View($0, "grid_gradient") }
        for (output, like) in [(byInput, call.input), (byGrid, call.grid)] {
            guard let output else { continue }
            try output.check(shape: like.shape, isDouble: weights.isDouble)
            try output.checkWritable()
        }
        func differentiated<Scalar: FloatingScalar>(_ type: Scalar.Type) throws {
            try Memory.require(4 * call.count * MemoryLayout<Scalar>.stride)
            let (sampler, image, positions) = (call.sampler, try call.input.tensor(as: Scalar.self), try call.positions(type))
            let (cotangent, known) = (try weights.tensor(as: Scalar.self), try slopes.map { try $0.tensor(as: Scalar.self) })
            let (prepared, propagate) = valueWithPullback(at: [image]) { sampler.prepare($0[0]) }
            let grid = positions.grid
            if let byGrid {
                func drawn() -> (u: Tensor<Scalar>, v: Tensor<Scalar>)? {
                    let result = sampler.linearization(ofPrepared: prepared, at: grid, call: call.number, slopes: true)
                    return result.slopeU.flatMap { u in result.slopeV.map { (u, $0) } }
                }
                let slopes = sampler.keepsSlopes ? known.isEmpty ? drawn() : (known[0], known[1]) : nil
                let gradient = sampler.gridGradient(cotangent, slopes: slopes, ofPrepared: prepared, at: grid)
                // Of matrices of two rows, whose third one is a constant.
                byGrid.write(positions.variable.rank == 3 ? gradient[0..., ..<positions.variable.shape[1]] : gradient)
            }
            if let byInput {
                let gradient =
                    sampler.propagatesToImage
                    ? propagate(sampler.preparedImageGradient(cotangent, ofPrepared: prepared, at: grid, call: call.number))[0]
                    : Tensor.zeros(image.shape)
                byInput.write(gradient)
            }
        }
        if weights.isDouble { try differentiated(Double.self) } else { try differentiated(Float.self) }
    }
}

/// What both functions take.
private struct SamplingCall {
    let sampler: any Sampler
    /// The call's, by which noise differs.
    let number: Int
    let input, grid: View
    /// Of the result.
    let shape: [Int]
    private let isDouble, alignCorners: Bool

    var count: Int { shape.reduce(1, *) }

    /// - Parameter size: Of the target, where the grid does not say it.
    init(
        _ options: OpaquePointer?, _ input: UnsafePointer<linwarp_array>?, _ grid: UnsafePointer<linwarp_array>?, size: View
    ) throws {
        (self.input, self.grid) = (try View(input, "input"), try View(grid, "grid"))
        guard self.input.shape.count == 4, self.input.shape[2] > 0, self.input.shape[3] > 0 else {
            throw Failure.invalid("input", found: "\(self.input.shape)", expected: "[N, C, H, W] with at least one pixel")
        }
        guard size.shape.count == 4 else { throw Failure.invalid(size.name, found: "\(size.shape)", expected: "[N, C, h, w]") }
        let positions = self.grid.shape
        switch positions.count {
        case 4 where positions[3] == 2: shape = [max(self.input.shape[0], positions[0]), self.input.shape[1], positions[1], positions[2]]
        case 3 where positions[2] == 3 && (positions[1] == 3 || positions[1] == 2):
            shape = [max(self.input.shape[0], positions[0]), self.input.shape[1], size.shape[2], size.shape[3]]
        default: throw Failure.invalid("grid", found: "\(positions)", expected: "[N, h, w, 2], [N, 3, 3] or [N, 2, 3]")
        }
        guard self.input.shape[0] > 0, positions[0] > 0, self.input.shape[0] == positions[0] || min(self.input.shape[0], positions[0]) == 1
        else {
            throw Failure.invalid("grid", found: "a batch of \(positions[0])", expected: "1 or \(self.input.shape[0]), as the input")
        }
        guard shape.reduce(1, { $0.multipliedReportingOverflow(by: max(1, $1)).overflow ? .max : $0 * max(1, $1) }) <= Int(Int32.max) else {
            throw Failure.invalid("grid", found: "\(shape) results", expected: "fewer than 2^31")
        }
        isDouble = self.input.isDouble
        guard self.grid.isDouble == isDouble else { throw Failure.invalid("grid.type", found: "another", expected: "that of the input") }
        var taken = try TakenOptions(options)
        (sampler, alignCorners) = try taken.sampler()
        number = try taken.whole("call", 0, in: 0...Int(Int32.max))
        try taken.finish()
    }

    func check(_ output: View) throws { try output.check(shape: shape, isDouble: isDouble) }

    /// The grid, as points or matrices.
    func positions<Scalar: FloatingScalar>(_ type: Scalar.Type) throws -> Positions<Scalar> {
        let given = try grid.tensor(as: type)
        if grid.shape.count == 4 { return Positions(variable: given, size: nil, alignCorners: alignCorners) }
        guard given.withScalars({ $0.allSatisfy(\.isFinite) }) else {
            throw Failure.invalid("grid", found: "a matrix with numbers that are not finite", expected: "finite ones")
        }
        return Positions(variable: given, size: (shape[2], shape[3]), alignCorners: alignCorners)
    }
}

extension View {
    /// Throws where it is not what a result goes to, or comes from.
    fileprivate func check(shape expected: [Int], isDouble expectsDouble: Bool) throws {
        guard shape == expected else { throw Failure.invalid(name, found: "\(shape)", expected: "\(expected)") }
        guard isDouble == expectsDouble else { throw Failure.invalid("\(name).type", found: "another", expected: "that of the input") }
    }
}

/// Where is sampled, in the form in which it was given.
private struct Positions<Scalar: FloatingScalar> {
    /// Points [N, h, w, 2], or matrices of two or three rows.
    let variable: Tensor<Scalar>
    /// Of the target; nil for points.
    let size: (height: Int, width: Int)?
    let alignCorners: Bool

    var grid: SamplingGrid<Scalar> {
        guard let size else { return SamplingGrid(points: variable, alignCorners: alignCorners) }
        let count = variable.shape[0]
        let row = Tensor<Scalar>((0..<count).flatMap { _ in [Scalar(0), 0, 1] }, shape: [count, 1, 3])
        let matrices = variable.shape[1] == 3 ? variable : concatenate([variable, row], axis: 1)
        return SamplingGrid(matrices: matrices, height: size.height, width: size.width, alignCorners: alignCorners)
    }
}

extension TakenOptions {
    fileprivate enum Kind: String, CaseIterable { case linearized, bilinear, multiScale = "multi-scale" }

    /// The sampler, and whether its corners are aligned.
    fileprivate mutating func sampler() throws -> (any Sampler, alignCorners: Bool) {
        let kind = try choice("sampler", Kind.linearized)
        let padding = try choice("padding", Padding.zeros)
        let alignCorners = try isOn("align-corners", false)
        switch kind {
        case .bilinear: return (BilinearSampler(padding: padding, alignCorners: alignCorners), alignCorners)
        case .multiScale:
            let sigmas = try numbers("sigmas") ?? [1, 5, 10]
            guard sigmas.allSatisfy({ $0 > 0 && $0 <= 1000 }) else {
                throw Failure.invalid("option sigmas", found: "\(sigmas)", expected: "pixels, more than 0 and at most 1000")
            }
            return (MultiScaleSampler(sigmas: sigmas, padding: padding, alignCorners: alignCorners), alignCorners)
        case .linearized:
            let sampler = LinearizedSampler(
                sampleCount: try whole("samples", 8, in: 2...64), sigma: try number("sigma", 1, in: 0...1e6),
                noiseFrame: try choice("noise-frame", .target), regularization: try number("regularization", 1e-3, in: 0...1e12),
                preventsCollapse: try isOn("prevents-collapse", true), bias: try choice("bias", .included),
                outside: try choice("outside", .leftOut), imageGradient: try choice("image-gradient", .none),
                noise: .seed(UInt64(try whole("seed", 0, in: 0...(1 << 53)))), draws: try choice("draws", .independent),
                solver: try choice("solver", .fused), padding: padding, alignCorners: alignCorners)
            return (sampler, alignCorners)
        }
    }
}
