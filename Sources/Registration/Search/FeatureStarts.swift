import Glibc
import LinearAlgebra
import Sampling
import Tensors

/// What is known of an image's keypoints: found once, compared in several ways.
struct Features: Sendable {
    let space: ScaleSpace
    let keypoints: [Keypoint]
    /// The size of the level in which they were found.
    let width, height: Int

    /// - Parameter pyramid: Of which the largest level of at most `mostPixels` is taken.
    init(_ pyramid: ComparedPyramid) {
        let level = pyramid.levels.first { $0.width * $0.height <= mostPixels } ?? pyramid.levels.last!
        let grey = level.planes.mean(axes: [0])
        (width, height) = (level.width, level.height)
        // To a range of 1, by which the least contrast of a keypoint is meant.
        let scale = 1 / max(1e-12, Float(pyramid.values.range))
        space = ScaleSpace(Plane(width: width, height: height, pixels: grey.scalars.map { $0 * scale }))
        let (w, h) = (width, height)
        keypoints = space.extrema(limit: mostKeypoints) { x, y in
            guard let counts = level.counts else { return true }
            return counts[min(h - 1, max(0, Int(y + 0.5))) * w + min(w - 1, max(0, Int(x + 0.5)))] != 0
        }
    }

    func descriptors(unsigned: Bool) -> Descriptors {
        Descriptors(space, space.directed(keypoints, unsigned: unsigned), unsigned: unsigned)
    }

    /// From pixels of that level to normalized coordinates.
    var normalized: Matrix3 {
        Matrix3([2 / Double(width), 0, 1 / Double(width) - 1, 0, 2 / Double(height), 1 / Double(height) - 1, 0, 0, 1])
    }
}

private let mostPixels = 500_000
private let mostKeypoints = 1500

/// Transformations that many keypoints of the two images agree on, as normalized matrices, best first.
func featureStarts(
    source: Features, target: Features, family: TransformationFamily, unsigned: Bool, limit: Int
) -> [Matrix3] {
    let (sources, targets) = (source.descriptors(unsigned: unsigned), target.descriptors(unsigned: unsigned))
    var found = matches(targets, sources, limit: mostMatches)
    found += matches(targets, sources.inverted, limit: mostMatches)
    guard let back = target.normalized.inverse else { return [] }
    return consensuses(found, family: family, size: Double(max(source.width, source.height)), limit: limit).map {
        source.normalized * $0.matrix * back
    }
}

private let mostMatches = 600
