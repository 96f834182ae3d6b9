import LinearAlgebra
import Sampling
import TestSupport
import Tensors

/// One kind of grid, as a function of all that it is differentiable by: two targets of 3x4 pixels (boxes: 3) for two images of 6x5.
struct GridKind: Sendable {
    var name: String
    /// Of what it is differentiable by: numbers in -1..<1.
    var shapes: [[Int]]
    var make: @Sendable (_ inputs: ArraySlice<Tensor<Double>>) -> SamplingGrid<Double>

    static let source = (height: 6, width: 5)

    static let all: [GridKind] = [false, true].flatMap { alignCorners -> [GridKind] in
        func kind(
            _ name: String, _ shapes: [[Int]], _ make: @escaping @Sendable (ArraySlice<Tensor<Double>>) -> SamplingGrid<Double>
        ) -> GridKind {
            GridKind(name: alignCorners ? "\(name), corners aligned" : name, shapes: shapes, make: make)
        }
        let spline = try! ThinPlateSpline<Double>(
            controlPoints: randomTensor([5, 2], seed: 7), height: 3, width: 4, regularization: 0.1, targetAspect: 1.5,
            alignCorners: alignCorners)
        let boxes = Tensor<Double>([0, 0, 5, 6, 1, 2, 4, 3, 3.5, 5, 1, -1], shape: [3, 4])
        return [
            kind("flow", [[2, 3, 4, 2]]) { SamplingGrid(flow: $0.first!, alignCorners: alignCorners) },
            kind("displaced", [[2, 3, 3], [1, 3, 4, 2]]) {
                SamplingGrid(matrices: nearIdentity($0.first!), height: 3, width: 4, alignCorners: alignCorners)
                    .displaced(by: $0.last!, source: source)
            },
            kind("spline", [[2, 5, 2]]) { spline.grid(to: $0.first!) },
            kind("polar", [[2, 2], [1, 2]]) {
                .polar(
                    centre: $0.first!, radii: $0.last! + Tensor([1, 3]), angles: -1...4, height: 3, width: 4, source: source,
                    alignCorners: alignCorners)
            },
            kind("logPolar", [[1, 2], [2, 2]]) {
                .logPolar(
                    centre: $0.first!, radii: $0.last! + Tensor([1.5, 4]), height: 3, width: 4, source: source, alignCorners: alignCorners)
            },
            kind("boxes", [[3, 4]]) {
                SamplingGrid(
                    boxes: $0.first! + boxes, images: [1, 0, 1], height: 3, width: 4, source: source, alignCorners: alignCorners)
            },
        ]
    }
}

/// Matrices with a little perspective from numbers in -1..<1.
func nearIdentity(_ offsets: Tensor<Double>) -> Tensor<Double> { offsets * 0.3 + Tensor(Matrix3.identity.elements, shape: [3, 3]) }
