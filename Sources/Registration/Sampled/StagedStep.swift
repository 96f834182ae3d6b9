import Sampling

/// How a transformation may change in one step: freely within its family, or, early in a search, only as a smaller family's would.
///
/// To blurred images a turn looks much like a shear, and what a step spoils in that way, later steps must mend. So affine maps and
/// homographies first move as similarities do, then as affine maps. Such a step is composed: M becomes M · S with S in the smaller family.
struct StagedStep {
    private let alignment: Alignment
    private let stage: TransformationFamily
    /// Of the normalized matrix, by each number that the step may change.
    let derivatives: [Matrix3]

    init(_ alignment: Alignment, _ stage: TransformationFamily) {
        self.alignment = alignment
        self.stage = stage
        let (family, frame) = (alignment.family, alignment.frame)
        if stage == family {
            derivatives = family.matrixDerivatives(alignment.parameters).map { frame.normalized($0) }
        } else {
            let matrix = family.matrix(alignment.parameters)
            let unchanged = [Double](repeating: 0, count: stage.parameterCount)
            derivatives = stage.matrixDerivatives(unchanged).map { frame.normalized(matrix * $0) }
        }
    }

    /// The family's parameters after a change; nil where there are none.
    func parameters(after change: [Double]) -> [Double]? {
        guard stage != alignment.family else { return zip(alignment.parameters, change).map(+) }
        return alignment.family.parameters(nearestTo: alignment.family.matrix(alignment.parameters) * stage.matrix(change))
    }
}

extension TransformationFamily {
    /// As which family a transformation of `family` moves at a point of the search's progress, 0...1.
    static func stage(_ progress: Double, of family: TransformationFamily) -> TransformationFamily {
        guard family.closure == family else { return family }
        let stage: TransformationFamily = progress < similarityUntil ? .similarity : progress < affineUntil ? .affine : .homography
        return stage.parameterCount < family.parameterCount ? stage : family
    }
}

private let similarityUntil = 0.25
private let affineUntil = 0.4
