import Commands
import LinWarp

/// A matrix, numbers and a size as the command line reads them, and what `warp` and `align` do with a matrix.
@Sendable func fuzzMatrix(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? positiveNumberArgument(text)
    _ = try? numbersArgument(text, counts: [2])
    if let size = try? PixelSize(argument: text) { precondition(size.width * size.height <= 1 << 28) }
    guard let matrix = try? matrixArgument(text) else { return }
    precondition(matrix.inverse != nil)
    let frame = Frame(sourceAspect: 8.0 / 7, targetAspect: 5.0 / 4)
    for family in TransformationFamily.allCases {
        guard let parameters = family.parameters(nearestTo: frame.denormalized(matrix)) else { continue }
        warp(frame.normalized(family.matrix(parameters)))
    }
    warp(matrix)
}

private let scene = ProceduralScene().image(height: 7, width: 8).reshaped([1, 3, 7, 8])

private func warp(_ matrix: Matrix3) {
    let grid = SamplingGrid<Float>(matrix, height: 4, width: 5)
    for padding in Padding.allCases {
        let samplers: [any Sampler] = [
            BilinearSampler(padding: padding), MultiScaleSampler(padding: padding),
            LinearizedSampler(noise: .seed(1), padding: padding), LinearizedSampler(bias: .excluded, noise: .seed(1), padding: padding),
        ]
        for sampler in samplers {
            let image = sampler.sample(scene, at: grid)
            precondition(image.shape == [1, 3, 4, 5])
        }
    }
}
