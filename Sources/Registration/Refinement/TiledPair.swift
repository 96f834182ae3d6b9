import CWarpKernels
import LinearAlgebra
import Sampling
import Tensors

/// A level of the source and one of the target, compared tile by tile of the target.
///
/// In each tile and channel the target is taken for gain · source + bias, whatever the two numbers: so light that changes slowly over the
/// image, another exposure and inverted brightness cost nothing but two unknowns of a few hundred pixels.
struct TiledPair: Sendable {
    /// A level of the source, or a view of it.
    let source: ComparedImage
    let target: ComparedImage
    /// From the source's normalized coordinates to those of the image `source` here; the identity for a level.
    let toSource: Matrix3
    let tiles: [warp_rectangle]
    /// Whether values of 0 and 1 stand for whatever lies beyond them.
    let clips: Bool
    /// The variance of the target's rounding and interpolation, below which nothing is known.
    let noiseFloor: Double

    init(source: ComparedImage, at toSource: Matrix3 = .identity, target: ComparedImage, clips: Bool, noiseFloor: Double) {
        (self.source, self.toSource, self.target) = (source, toSource, target)
        self.clips = clips
        self.noiseFloor = noiseFloor
        let side = min(32, max(12, target.shorterSide / 3))
        // The target's outermost pixels are smoothed with what goes on there by convention: they show what lies further inside, and would make
        // everything a little smaller. A view has the same edges.
        let margin = source.margin > 0 ? Int(target.margin) : 0
        func pieces(_ length: Int) -> [Range<Int>] {
            let inner = length - 2 * margin
            let count = max(1, (inner + side / 2) / side)
            return (0..<count).map { margin + inner * $0 / count..<margin + inner * ($0 + 1) / count }
        }
        let columns = pieces(target.width)
        tiles = pieces(target.height).flatMap { rows in
            columns.map {
                warp_rectangle(
                    left: Int32($0.lowerBound), top: Int32(rows.lowerBound), right: Int32($0.upperBound), bottom: Int32(rows.upperBound))
            }
        }
    }

    /// The moments of every tile and channel, one after the other.
    ///
    /// - Parameters:
    ///   - matrix: From normalized target to normalized source coordinates.
    ///   - photometry: Of every tile and channel, by which pixels are weighed; nil weighs all alike.
    func moments(_ matrix: Matrix3, _ photometry: [warp_photometry]?) -> [PairMoments] {
        let (channels, count) = (source.channels, Int(warp_pair_moments))
        var pair = warp_pair()
        pair.channels = Int32(channels)
        (pair.source_height, pair.source_width) = (Int32(source.height), Int32(source.width))
        (pair.target_height, pair.target_width) = (Int32(target.height), Int32(target.width))
        pair.margin = source.margin
        withUnsafeMutableBytes(of: &pair.matrix) { $0.copyBytes(from: (toSource * matrix).elements.withUnsafeBytes { Array($0) }) }
        let empty = [UInt8]()
        return source.planes.withScalars { sourcePlanes in
            target.planes.withScalars { targetPlanes in
                (source.counts ?? empty).withUnsafeBufferPointer { sourceCounts in
                    (target.counts ?? empty).withUnsafeBufferPointer { targetCounts in
                        pair.source = UnsafeRawPointer(sourcePlanes.baseAddress!)
                        pair.target = UnsafeRawPointer(targetPlanes.baseAddress!)
                        pair.source_counts = source.counts == nil ? nil : sourceCounts.baseAddress
                        pair.target_counts = target.counts == nil ? nil : targetCounts.baseAddress
                        let whole = pair
                        let items = tiles.count * channels
                        let sums = [Double](unsafeUninitializedCapacity: items * count) { sums, initialized in
                            let sums = sums.baseAddress!
                            Threads.forEachPiece(of: tiles.count, size: max(1, 4096 / (tilePixels * channels))) { piece in
                                var pair = whole
                                for index in piece {
                                    var tile = tiles[index]
                                    let out = sums + index * channels * count
                                    if let photometry {
                                        photometry.withUnsafeBufferPointer {
                                            Float.kernels.pair_moments(&pair, &tile, $0.baseAddress! + index * channels, out)
                                        }
                                    } else {
                                        Float.kernels.pair_moments(&pair, &tile, nil, out)
                                    }
                                }
                            }
                            initialized = items * count
                        }
                        return (0..<items).map { PairMoments(sums[$0 * count..<($0 + 1) * count], noiseFloor: noiseFloor) }
                    }
                }
            }
        }
    }

    /// The derivatives of the elements of the matrix in the moments, by each parameter.
    func derivatives(_ family: TransformationFamily, _ parameters: [Double], _ frame: Frame) -> [[Double]] {
        family.matrixDerivatives(parameters).map { (toSource * frame.normalized($0)).elements }
    }

    /// Where the target's corners lie, in pixels of the compared source.
    func corners(_ matrix: Matrix3) -> [(x: Double, y: Double)] {
        (toSource * matrix).corners.map { ($0.x * Double(source.width) / 2, $0.y * Double(source.height) / 2) }
    }

    private var tilePixels: Int { max(1, target.height * target.width / tiles.count) }
}
